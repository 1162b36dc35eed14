{#- CTEs that take out of two arms' estimates what their units did before exposure (CUPED: Deng, Xu, Kohavi and Walker, WSDM
    2013). Metric and covariate are linearised about the ratio of both arms together, and so is theta; each arm's error is
    that of its own residuals. Without a covariate that varies nothing changes.

    relation  what has the measures of both arms
    result    the name of the last CTE, which has control_level, level, control_variance, variance besides -#}
{% macro experiment_covariate_ctes(relation, result) -%}
    {%- set arms = ['control_', ''] -%}
centred as (
    select
        {{ relation }}.*,
        (control_denominator + denominator) / nullif(control_units + units, 0e0) as both_mean_x,
        (control_earlier_denominator + earlier_denominator) / nullif(control_units + units, 0e0) as both_mean_earlier_x,
        {%- for arm in arms %}
        {{ arm }}denominator / nullif({{ arm }}units, 0e0) as {{ arm }}mean_x,
        {{ arm }}earlier_denominator / nullif({{ arm }}units, 0e0) as {{ arm }}mean_earlier_x,
        {{ arm }}numerator / nullif({{ arm }}denominator, 0e0)
        - (control_numerator + numerator) / nullif(control_denominator + denominator, 0e0) as {{ arm }}shift,
        {{ arm }}earlier_numerator / nullif({{ arm }}earlier_denominator, 0e0)
        - (control_earlier_numerator + earlier_numerator)
        / nullif(control_earlier_denominator + earlier_denominator, 0e0) as {{ arm }}earlier_shift{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ relation }}
),

products as (
    select
        centred.*,
        control_units * units / nullif(control_units + units, 0e0)
        * (control_shift * control_mean_x - shift * mean_x)
        * (control_earlier_shift * control_mean_earlier_x - earlier_shift * mean_earlier_x)
        {%- for arm in arms %}
        + ({{ arm }}units - 1e0) * (
            {{ arm }}ec + {{ arm }}shift * {{ arm }}dc + {{ arm }}earlier_shift * {{ arm }}eg
            + {{ arm }}shift * {{ arm }}earlier_shift * {{ arm }}dg
        )
        {%- endfor %} as co_product,
        control_units * units / nullif(control_units + units, 0e0)
        * (control_earlier_shift * control_mean_earlier_x - earlier_shift * mean_earlier_x)
        * (control_earlier_shift * control_mean_earlier_x - earlier_shift * mean_earlier_x)
        {%- for arm in arms %}
        + ({{ arm }}units - 1e0) * (
            {{ arm }}cc + 2e0 * {{ arm }}earlier_shift * {{ arm }}cg
            + {{ arm }}earlier_shift * {{ arm }}earlier_shift * {{ arm }}gg
        )
        {%- endfor %} as covariate_product
    from centred
),

with_theta as (
    select
        products.*,
        case
            when covariate_product > 0e0 and both_mean_x <> 0e0
                then coalesce(co_product / covariate_product * both_mean_earlier_x / both_mean_x, 0e0)
            else 0e0
        end as theta
    from products
),

levels as (
    select
        with_theta.*,
        {%- for arm in arms %}
        {{ arm }}estimate - case when theta = 0e0 then 0e0 else theta * {{ arm }}earlier_shift end as {{ arm }}level,
        {{ arm }}error * {{ arm }}error + case
            when theta = 0e0 then 0e0
            else (
                theta * theta * {{ arm }}cc / ({{ arm }}mean_earlier_x * {{ arm }}mean_earlier_x)
                - 2e0 * theta * {{ arm }}ec / ({{ arm }}mean_x * {{ arm }}mean_earlier_x)
            ) / {{ arm }}units
        end as {{ arm }}variance{{ ',' if not loop.last }}
        {%- endfor %}
    from with_theta
),

{{ result }} as (
    select
        levels.*,
        case
            when control_error * control_error + error * error > 0e0
                then 1e0 - (control_variance + variance) / (control_error * control_error + error * error)
            else 0e0
        end as variance_reduction
    from levels
),
{%- endmacro %}
