{#- Aggregate: the median of a double, between the two middle values where their number is even; nulls do not count. -#}
{% macro median(expression) -%}
    percentile_cont(0.5) within group (order by {{ expression }})
{%- endmacro %}
