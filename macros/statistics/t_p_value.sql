{#- CTEs that give every row of a relation its two-sided p-value of Student's t, for real degrees of freedom. The last one is
    named by the prefix and has the relation's columns, the result and working columns named by the prefix.

    relation            a relation or CTE
    statistic           its column: t, a double
    degrees_of_freedom  its column: a double
    result              the p-value's column: null unless the degrees of freedom are between 1 and 10^12 and |t| < 10^150
    prefix              names the CTEs -#}
{% macro t_p_value_ctes(relation, statistic, degrees_of_freedom, result, prefix) -%}
    {%- set is_known = agent_goals.t_degrees_are_known(degrees_of_freedom) -%}
    {{ prefix }}_given as {{ agent_goals.materialized() }} (
        select
            {{ relation }}.*,
            case when {{ is_known }} then 5e-1 * {{ degrees_of_freedom }} end as {{ prefix }}_half,
            case
                when {{ is_known }} and abs({{ statistic }}) < 1e-100 then 0e0
                when {{ is_known }} and abs({{ statistic }}) < 1e150
                    then {{ statistic }} / {{ degrees_of_freedom }} * {{ statistic }}
            end as {{ prefix }}_square
        from {{ relation }}
    ),

    {{ prefix }}_logs as {{ agent_goals.materialized() }} (
        select
            {{ prefix }}_given.*,
            {{ agent_goals.log_of_one_plus(prefix ~ '_square') }} as {{ prefix }}_log
        from {{ prefix }}_given
    ),

    {{ agent_goals.t_tail_ctes(
        prefix ~ '_logs', prefix ~ '_half', prefix ~ '_square', prefix ~ '_log', result, prefix
    ) }}
{%- endmacro %}

{#- Rounding may leave Welch's degrees of freedom a little below 1. -#}
{% macro t_degrees_are_known(degrees_of_freedom) -%}
    {{ degrees_of_freedom }} between 9.99e-1 and 1e12
{%- endmacro %}
