{#- Degrees of freedom of a difference of two means whose variances differ (Welch 1947); null where neither varies. In shares
    of the variance, so that no fourth power of a small number is taken.

    first_variance, second_variance  columns: the squares of the means' standard errors
    first_units, second_units        columns: how many units the means are of, at least 2 -#}
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
