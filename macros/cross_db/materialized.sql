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

{#- The same place: has it worked out anew by each CTE that reads it. DuckDB keeps all rows and columns of a CTE that is read
    twice, which takes longer than reading a large table again where one of the two needs few of them. -#}
{% macro not_materialized() -%}
    {{ adapter.dispatch('not_materialized', 'agent_goals')() }}
{%- endmacro %}

{% macro default__not_materialized() -%}
{%- endmacro %}

{% macro duckdb__not_materialized() -%}
    not materialized
{%- endmacro %}
