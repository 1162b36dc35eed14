{#- To follow a condition on several columns of a row, the last of which tells most: says of that one what they say together.
    DuckDB skips rows while it scans where it looks for the values of one column, and reads them all for those of several.

    column  the row's column
    values  a relation or CTE
    name    that one's column -#}
{% macro and_in(column, values, name) -%}
    {{ adapter.dispatch('and_in', 'agent_goals')(column, values, name) }}
{%- endmacro %}

{% macro default__and_in(column, values, name) -%}
{%- endmacro %}

{% macro duckdb__and_in(column, values, name) %}
    and {{ column }} in (select {{ name }} from {{ values }})
{%- endmacro %}

{#- The condition that a relation or CTE has a row. DuckDB reads all that `exists` was asked for, and stops at once where a
    value is looked for among none. -#}
{% macro has_rows(relation) -%}
    {{ adapter.dispatch('has_rows', 'agent_goals')(relation) }}
{%- endmacro %}

{% macro default__has_rows(relation) -%}
    exists (select 1 from {{ relation }})
{%- endmacro %}

{% macro duckdb__has_rows(relation) -%}
    1 in (select 1 from {{ relation }})
{%- endmacro %}
