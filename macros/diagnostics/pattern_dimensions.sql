{#- What failures are looked through for: the names of the dimensions, with their columns in int_agent_goals__attempts. -#}
{% macro pattern_dimensions() -%}
    {%- set dimensions = {} -%}
    {%- for name in [
        'agent', 'customer_segment', 'channel', 'model', 'hour_of_day', 'weekday', 'load_decile', 'tries', 'turns', 'variant',
    ] -%}
        {%- do dimensions.update({name: name}) -%}
    {%- endfor -%}
    {%- for key in agent_goals.setting('segment_keys') -%}
        {%- do dimensions.update({'metadata.' ~ key: 'metadata_' ~ loop.index}) -%}
    {%- endfor -%}
    {{ return(dimensions) }}
{%- endmacro %}

{#- A whole number as the text of the range that it is in; null where it is null.

    number  a column
    ends    the last number of each range but the last, ascending -#}
{% macro range_text(number, ends) -%}
    {%- set ranges = namespace(first=none) -%}
    case
        {%- for end in ends %}
        when {{ number }} <= {{ end }} then '{{ end if ranges.first in [none, end] else ranges.first ~ ' to ' ~ end }}'
        {%- set ranges.first = end + 1 %}
        {%- endfor %}
        when {{ number }} > {{ ends[-1] }} then '{{ ranges.first }} or more'
    end
{%- endmacro %}

{#- A dimension's value: what nobody said is unknown. -#}
{% macro dimension_text(expression) -%}
    {{ agent_goals.landed_text("coalesce(" ~ expression ~ ", 'unknown')") }}
{%- endmacro %}
