{#- A polynomial by Horner's rule, one step a line.

    coefficients  SQL, that of the highest power first
    x             what it is of, which stands in it as often as the degree says: best a column -#}
{% macro polynomial(coefficients, x) -%}
    {{ '(' * (coefficients | length - 1) }}{{ coefficients[0] }}
    {%- for coefficient in coefficients[1:] %}
    * {{ x }} + {{ coefficient }})
    {%- endfor %}
{%- endmacro %}
