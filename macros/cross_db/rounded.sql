{#- A decimal of any width and places, rounded (half away from zero) to the marts' decimal. -#}
{% macro rounded(amount) -%}
    {{ adapter.dispatch('rounded', 'agent_goals')(amount) }}
{%- endmacro %}

{% macro default__rounded(amount) -%}
    {{ agent_goals.as_type(amount, 'decimal') }}
{%- endmacro %}

{#- DuckDB takes places off a wide decimal by a division of 128 bits that takes ten times as long as all else done to the
    row. A double is rounded at once, and what comes of it is right wherever it is less than half a unit away. -#}
{% macro duckdb__rounded(amount) -%}
    {%- set nearest = 'try_cast(cast(' ~ amount ~ ' as double) as decimal(18, 10))' -%}
    case
        when abs({{ amount }} - {{ nearest }}) < 0.00000000005
            then {{ agent_goals.as_type(nearest, 'decimal') }}
        else {{ agent_goals.as_type(amount, 'decimal') }}
    end
{%- endmacro %}
