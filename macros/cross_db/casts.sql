{% macro as_type(expression, kind) -%}
    cast({{ expression }} as {{ agent_goals.data_type(kind) }})
{%- endmacro %}

{#- A column of a seed that may have landed as text, in which an empty cell means that there is no value. -#}
{% macro text_as(column, kind) -%}
    {%- set text = 'nullif(' ~ agent_goals.as_type(column, 'text') ~ ", '')" -%}
    {%- if kind == 'text' -%}
        {{ text }}
    {%- elif kind == 'timestamp' -%}
        {{ agent_goals.text_as_utc(text) }}
    {%- else -%}
        {{ agent_goals.as_type(text, kind) }}
    {%- endif -%}
{%- endmacro %}

{#- A raw column cast to its type, whether a loader landed it typed or a seed as text. -#}
{% macro raw_as(column, kind) -%}
    {%- if agent_goals.setting('use_seeds') -%}
        {{ agent_goals.text_as(column, kind) }}
    {%- else -%}
        {{ agent_goals.as_type(column, kind) }}
    {%- endif -%}
{%- endmacro %}

{% macro text_literal(value) -%}
    '{{ value | string | replace("'", "''") }}'
{%- endmacro %}

{% macro text_literals(values) -%}
    {%- for value in values -%}
        {{ agent_goals.text_literal(value) }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
