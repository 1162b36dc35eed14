{#- Halley's steps on ln(p) as a function of v = sqrt(ln(1 + t^2 / df)), in which it is concave, nearly a straight line at 0
    and nearly a parabola far out. They start from the square of the normal quantile (Winitzki 2008, who writes erf by one
    exponential function and so can turn it round) and Wallace's (1959) factor 1 + 2 / (8 df + 1) for v * sqrt(df), which has
    to fade as z grows: with 1 + z^2 / (10 df) below its 2 the start is off by 2.5% at most.

    A step's `slope` is that of -ln(p) in v, and its `bend` that of the logarithm of the slope. -#}
{% macro t_quantile_ctes(relation, alpha, degrees_of_freedom, result, prefix, steps=2) -%}
    {%- set half = prefix ~ '_half' -%}
    {%- set middle = '(4.3307467508e0 + 5e-1 * ' ~ prefix ~ '_log)' -%}
    {%- set df = '(2e0 * ' ~ half ~ ')' -%}
    {{ prefix }}_given as {{ agent_goals.materialized() }} (
        select
            {{ relation }}.*,
            case when {{ agent_goals.t_degrees_are_known(degrees_of_freedom) }} then 5e-1 * {{ degrees_of_freedom }} end
                as {{ half }},
            case when {{ alpha }} between 1e-30 and 9.999e-1 then ln({{ alpha }} * (2e0 - {{ alpha }})) end as {{ prefix }}_log
        from {{ relation }}
    ),

    {{ prefix }}_normal as {{ agent_goals.materialized() }} (
        select
            {{ prefix }}_given.*,
            -2e0 * {{ prefix }}_log / 1.47e-1
            / (sqrt({{ middle }} * {{ middle }} - {{ prefix }}_log / 1.47e-1) + {{ middle }}) as {{ prefix }}_square
        from {{ prefix }}_given
    ),

    {{ prefix }}_step_0 as {{ agent_goals.materialized() }} (
        select
            {{ prefix }}_normal.*,
            sqrt({{ prefix }}_square / {{ df }})
            * (1e0 + 2e0 / (8e0 * {{ df }} + 1e0) / (1e0 + 1e-1 * {{ prefix }}_square / {{ df }})) as {{ prefix }}_v_0
        from {{ prefix }}_normal
    ),
    {%- for step in range(steps) %}
    {%- set this = prefix ~ '_at_' ~ step %}
    {%- set v = prefix ~ '_v_' ~ step %}
    {%- set newton = 'ln(' ~ this ~ '_p / ' ~ alpha ~ ') / ' ~ this ~ '_slope' %}
    {%- set bend = '(1e0 / ' ~ v ~ ' - ' ~ v ~ ' / ' ~ this ~ '_square - ' ~ df ~ ' * ' ~ v ~ ' + ' ~ this ~ '_slope)' %}

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
            {{ df }} * {{ this }}_leading * {{ v }} * (1e0 + {{ this }}_square) / {{ this }}_square / {{ this }}_p
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
            sqrt({{ df }} * {{ agent_goals.exp_minus_one('(' ~ v ~ ' * ' ~ v ~ ')') }}) as {{ result }}
        from {{ prefix }}_step_{{ steps }}
    )
{%- endmacro %}
