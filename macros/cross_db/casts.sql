{% macro as_type(expression, kind) -%}
    cast({{ expression }} as {{ agent_goals.data_type(kind) }})
{%- endmacro %}

{#- A column of a seed that may have landed as text, in which an empty cell means that there is no value. -#}
{% macro text_as(column, kind) -%}
    {%- set text = 'nullif(' ~ agent_goals.landed_text(column) ~ ", '')" -%}
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
    {%- elif kind == 'text' -%}
        {{ agent_goals.landed_text(column) }}
    {#- The contract's numbers land as doubles; those that the marts show as decimals are none that is compared. -#}
    {%- elif kind == 'decimal' -%}
        {{ agent_goals.double_as_decimal(column) }}
    {%- else -%}
        {{ agent_goals.as_type(column, kind) }}
    {%- endif -%}
{%- endmacro %}

{#- A double as the decimal that it is written as: 9876543.21 and not 9876543.2100000009. -#}
{% macro double_as_decimal(expression) -%}
    {{ adapter.dispatch('double_as_decimal', 'agent_goals')(expression) }}
{%- endmacro %}

{% macro default__double_as_decimal(expression) -%}
    {{ agent_goals.as_type(expression, 'decimal') }}
{%- endmacro %}

{#- DuckDB multiplies by 10^10 in doubles, which may miss the last place; going through text costs a hundred times as much.
    A whole number, or a small one that is not near the middle between two decimals, cannot miss. -#}
{% macro duckdb__double_as_decimal(expression) -%}
    case
        when
            ({{ expression }} = trunc({{ expression }}) and abs({{ expression }}) < 900000000)
            or (abs({{ expression }}) < 10000 and abs(abs({{ expression }} * 1e10) % 1 - 0.5) > 0.02)
            then {{ agent_goals.as_type(expression, 'decimal') }}
        else {{ agent_goals.as_type(agent_goals.as_type(expression, 'text'), 'decimal') }}
    end
{%- endmacro %}

{% macro redshift__double_as_decimal(expression) -%}
    {{ agent_goals.as_type(expression, 'decimal') }}
{%- endmacro %}

{#- PostgreSQL's own cast keeps 15 digits. -#}
{% macro postgres__double_as_decimal(expression) -%}
    {{ agent_goals.as_type(agent_goals.as_type(expression, 'text'), 'decimal') }}
{%- endmacro %}

{% macro text_literal(value) -%}
    {{ adapter.dispatch('text_literal', 'agent_goals')(value) }}
{%- endmacro %}

{% macro default__text_literal(value) -%}
    '{{ value | string | replace("'", "''") }}'
{%- endmacro %}

{#- Where a backslash escapes, two quotation marks in a row end one literal and begin the next. -#}
{% macro spark__text_literal(value) -%}
    '{{ value | string | replace("\\", "\\\\") | replace("'", "\\'") }}'
{%- endmacro %}

{% macro bigquery__text_literal(value) -%}
    {{ agent_goals.spark__text_literal(value) }}
{%- endmacro %}

{% macro snowflake__text_literal(value) -%}
    {{ agent_goals.spark__text_literal(value) }}
{%- endmacro %}

{% macro text_literals(values) -%}
    {%- for value in values -%}
        {{ agent_goals.text_literal(value) }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
