{#- Aggregate: the last non-null value of `expression` in the order of `ordinal`, an integer that is unique in the group. -#}
{% macro latest_value(expression, ordinal) -%}
    {{ adapter.dispatch('latest_value', 'agent_goals')(expression, ordinal) }}
{%- endmacro %}

{% macro default__latest_value(expression, ordinal) -%}
    max_by({{ expression }}, case when {{ expression }} is not null then {{ ordinal }} end)
{%- endmacro %}

{% macro duckdb__latest_value(expression, ordinal) -%}
    max_by({{ expression }}, {{ ordinal }}) filter (where {{ expression }} is not null)
{%- endmacro %}

{% macro spark__latest_value(expression, ordinal) -%}
    max_by({{ expression }}, {{ ordinal }}) filter (where {{ expression }} is not null)
{%- endmacro %}

{% macro postgres__latest_value(expression, ordinal) -%}
    (array_agg({{ expression }} order by {{ ordinal }} desc) filter (where {{ expression }} is not null))[1]
{%- endmacro %}
