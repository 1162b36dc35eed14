{#- CTEs that give every row of a relation the critical value of Student's t, for real degrees of freedom: the t that a
    variable is further from 0 than with chance alpha. The last CTE is named by the prefix and has the relation's columns, the
    result and working columns named by the prefix.

    From Wallace's (1959) normal approximation, turned round, Halley's steps on ln(p) as a function of
    v = sqrt(ln(1 + t^2 / df)), in which it is concave, a straight line near 0 and a parabola far out.

    relation            a relation or CTE
    alpha               its column: a double
    degrees_of_freedom  its column: a double
    result              the critical value's column: null unless 10^-30 <= alpha < 1 and 1 <= df <= 10^12
    prefix              names the CTEs
    steps               how many of Halley's steps

    A step's `slope` is that of -ln(p) in v, and its `bend` that of the logarithm of the slope. -#}
{% macro t_quantile_ctes(relation, alpha, degrees_of_freedom, result, prefix, steps=2) -%}
    {%- set half = prefix ~ '_half' -%}
    {{ prefix }}_given as {{ agent_goals.materialized() }} (
        select
            {{ relation }}.*,
            case when {{ agent_goals.t_degrees_are_known(degrees_of_freedom) }} then 5e-1 * {{ degrees_of_freedom }} end
                as {{ half }},
            case when {{ alpha }} >= 1e-30 and {{ alpha }} < 1e0 then 5e-1 * {{ alpha }} end as {{ prefix }}_tail
        from {{ relation }}
    ),

    {{ prefix }}_step_0 as {{ agent_goals.materialized() }} (
        select
            {{ prefix }}_given.*,
            (1.6e1 * {{ half }} + 3e0) / (1.6e1 * {{ half }} + 1e0) / -sqrt(2e0 * {{ half }})
            * {{ agent_goals.normal_quantile(prefix ~ '_tail') }} as {{ prefix }}_v_0
        from {{ prefix }}_given
    ),
    {%- for step in range(steps) %}
    {%- set this = prefix ~ '_at_' ~ step %}
    {%- set v = prefix ~ '_v_' ~ step %}
    {%- set newton = 'ln(' ~ this ~ '_p / ' ~ alpha ~ ') / ' ~ this ~ '_slope' %}
    {%- set bend = '(1e0 / ' ~ v ~ ' - ' ~ v ~ ' / ' ~ this ~ '_square - 2e0 * ' ~ half ~ ' * ' ~ v ~ ' + ' ~ this ~ '_slope)' %}

    {{ this }}_given as {{ agent_goals.materialized() }} (
        select
            {{ prefix }}_step_{{ step }}.*,
            {{ v }} * {{ v }} as {{ this }}_log,
            {{ agent_goals.exp_minus_one('(' ~ v ~ ' * ' ~ v ~ ')') }} as {{ this }}_square
        from {{ prefix }}_step_{{ step }}
    ),

    {{ agent_goals.t_tail_ctes(
        this ~ '_given', half, this ~ '_square', this ~ '_log', this ~ '_p', this
    ) }},

    {{ this }}_slopes as {{ agent_goals.materialized() }} (
        select
            {{ this }}.*,
            2e0 * {{ half }} * {{ this }}_leading * {{ v }} * (1e0 + {{ this }}_square) / {{ this }}_square / {{ this }}_p
                as {{ this }}_slope
        from {{ this }}
    ),

    {{ prefix }}_step_{{ step + 1 }} as {{ agent_goals.materialized() }} (
        select
            {{ this }}_slopes.*,
            {{ v }} + {{ newton }} / (1e0 + 5e-1 * {{ newton }} * {{ bend }}) as {{ prefix }}_v_{{ step + 1 }}
        from {{ this }}_slopes
    ),
    {%- endfor %}
    {%- set v = prefix ~ '_v_' ~ steps %}

    {{ prefix }} as {{ agent_goals.materialized() }} (
        select
            {{ prefix }}_step_{{ steps }}.*,
            sqrt(2e0 * {{ half }} * {{ agent_goals.exp_minus_one('(' ~ v ~ ' * ' ~ v ~ ')') }}) as {{ result }}
        from {{ prefix }}_step_{{ steps }}
    )
{%- endmacro %}
