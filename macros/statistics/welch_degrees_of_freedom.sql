{#- In shares of the variance: a fourth power of a small number may be too small for a double. -#}
{% macro welch_degrees_of_freedom(first_variance, first_units, second_variance, second_units) -%}
    {%- set total = '(' ~ first_variance ~ ' + ' ~ second_variance ~ ')' -%}
    case
        when {{ total }} > 0e0 and {{ first_units }} > 1e0 and {{ second_units }} > 1e0
            then 1e0 / (
                {{ first_variance }} / {{ total }} * {{ first_variance }} / {{ total }} / ({{ first_units }} - 1e0)
                + {{ second_variance }} / {{ total }} * {{ second_variance }} / {{ total }} / ({{ second_units }} - 1e0)
            )
    end
{%- endmacro %}
