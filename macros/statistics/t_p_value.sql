{#- t^2 / df and the logarithm of 1 more are all that the tail needs to know of t. -#}
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
