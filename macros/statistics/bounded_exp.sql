{#- exp of an exponent that may be beyond what a double holds, which is an error on some warehouses: null above, 0 below. -#}
{% macro bounded_exp(exponent) -%}
    case when {{ exponent }} < -6e2 then 0e0 when {{ exponent }} < 6e2 then exp({{ exponent }}) end
{%- endmacro %}

{#- A square root of what is zero or more but for rounding. -#}
{% macro root(expression) -%}
    sqrt(case when {{ expression }} > 0e0 then {{ expression }} else 0e0 end)
{%- endmacro %}
