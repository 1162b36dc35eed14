{#- Between `as` and a CTE's bracket: has it worked out apart from what reads it, where that can be asked for. DuckDB plans a
    long chain of joins many times more slowly as one piece. -#}
{% macro materialized() -%}
    {{ adapter.dispatch('materialized', 'agent_goals')() }}
{%- endmacro %}

{% macro default__materialized() -%}
{%- endmacro %}

{% macro duckdb__materialized() -%}
    materialized
{%- endmacro %}

{% macro postgres__materialized() -%}
    materialized
{%- endmacro %}
