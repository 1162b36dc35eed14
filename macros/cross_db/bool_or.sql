{#- Aggregate: whether a condition holds in any row; false where it is never true. -#}
{% macro bool_or(condition) -%}
    (max(case when {{ condition }} then 1 else 0 end) = 1)
{%- endmacro %}
