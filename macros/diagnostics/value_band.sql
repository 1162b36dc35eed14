{#- The names of the bands of agent_goals__value_bands, from the lowest; what has no known value is in none of them. -#}
{% macro value_band_names() -%}
    {%- set bounds = agent_goals.setting('value_bands') -%}
    {%- set names = [] -%}
    {%- for bound in bounds -%}
        {%- do names.append('up to ' ~ bound if loop.first else 'over ' ~ loop.previtem ~ ' up to ' ~ bound) -%}
    {%- endfor -%}
    {%- do names.append('over ' ~ bounds[-1] if bounds else 'all') -%}
    {{ return(names) }}
{%- endmacro %}

{#- The number of the band that a value is in, from 1; 0 where it is not known. A band's upper bound belongs to it.

    value  a column of decimals -#}
{% macro value_band_number(value) -%}
    {%- set bounds = agent_goals.setting('value_bands') -%}
    case
        when {{ value }} is null then 0
        {%- for bound in bounds %}
        when {{ value }} <= {{ agent_goals.as_type(bound, 'decimal') }} then {{ loop.index }}
        {%- endfor %}
        else {{ bounds | length + 1 }}
    end
{%- endmacro %}

{#- The name of a band by its number. -#}
{% macro value_band_name(number) -%}
    case {{ number }}
        {%- for name in agent_goals.value_band_names() %}
        when {{ loop.index }} then {{ agent_goals.text_literal(name) }}
        {%- endfor %}
        else 'unknown'
    end
{%- endmacro %}
