{#- A query for the figures of each comparison: the difference and the lift with their intervals, p-values before any correction,
    the confidence sequence, the chance to win and what could have been found.

    tests  a relation like experiment_tests' result
    Sources: Wilson (1927) for a share, Newcombe's method 10 (1998) for a difference of shares and MOVER-R (Donner and Zou 2012)
    for their quotient; Fieller (1954) for a quotient of means. -#}
{% macro experiment_estimates(tests) -%}
    {%- set prior = agent_goals.setting('experiment_lift_prior') -%}
    {#- The variance of a normal prior of lifts about none. -#}
    {%- set lift_prior = (prior * prior) ~ 'e0' if prior is not none else none -%}
with

tests as (
    select * from {{ tests }}
),

{{ agent_goals.t_quantile_ctes(
    'tests', 'alpha', 'difference_degrees_of_freedom', 'difference_t_critical', 'bounded_difference'
) }},

quantiles as (
    select
        bounded_difference.*,
        5e-1 * alpha as half_alpha,
        -- Not a constant by itself: some planners work hard on functions of constants.
        {{ agent_goals.setting('experiment_power') }}e0 + 0e0 * alpha as power
    from bounded_difference
),

with_z as (
    select
        quantiles.*,
        -({{ agent_goals.normal_quantile('half_alpha') }}) as z,
        {{ agent_goals.normal_quantile('power') }} as z_power
    from quantiles
),

shares as (
    select
        with_z.*,
        {%- for arm in ['control_', ''] %}
        case
            when metric_kind = 'rate' and {{ arm }}units > 0e0
                then {{ agent_goals.wilson_low(arm ~ 'numerator', arm ~ 'units', 'z') }}
        end as {{ arm }}low,
        case
            when metric_kind = 'rate' and {{ arm }}units > 0e0
                then {{ agent_goals.wilson_high(arm ~ 'numerator', arm ~ 'units', 'z') }}
        end as {{ arm }}high,
        {%- endfor %}
        -- How surely the control's mean differs from zero: from 1 on nothing can be said of a quotient by it.
        case
            when metric_kind = 'mean' and status = 'ok' and control_level > 0e0
                then t_critical * t_critical * control_variance / (control_level * control_level)
        end as fieller_g
    from with_z
),

-- The terms of MOVER-R, and of Fieller's quadratic.
terms as (
    select
        shares.*,
        control_level * level as mover_b,
        control_high * (2e0 * control_level - control_high) as mover_a_low,
        low * (2e0 * level - low) as mover_c_low,
        control_low * (2e0 * control_level - control_low) as mover_a_high,
        high * (2e0 * level - high) as mover_c_high,
        case when control_level > 0e0 then level / control_level end as quotient,
        case
            when fieller_g < 1e0
                then level / control_level - fieller_g * covariance / nullif(control_variance, 0e0)
        end as fieller_centre,
        case
            when fieller_g < 1e0
                then
                    variance - 2e0 * level / control_level * covariance
                    + (level / control_level) * (level / control_level) * control_variance
                    - fieller_g * (variance - covariance * covariance / nullif(control_variance, 0e0))
        end as fieller_radicand
    from shares
),

figures as (
    select
        terms.*,
        case when control_units > 0e0 and units > 0e0 then level - control_level end as difference,
        case
            when metric_kind = 'rate' and control_units > 0e0 and units > 0e0
                then
                    level - control_level
                    - sqrt((level - low) * (level - low) + (control_high - control_level) * (control_high - control_level))
            when status = 'ok' and metric_kind = 'mean' then level - control_level - t_critical * effect_error
            when status = 'ok'
                then level - control_level - difference_t_critical * {{ agent_goals.error_of_difference() }}
        end as difference_low,
        case
            when metric_kind = 'rate' and control_units > 0e0 and units > 0e0
                then
                    level - control_level
                    + sqrt((high - level) * (high - level) + (control_level - control_low) * (control_level - control_low))
            when status = 'ok' and metric_kind = 'mean' then level - control_level + t_critical * effect_error
            when status = 'ok'
                then level - control_level + difference_t_critical * {{ agent_goals.error_of_difference() }}
        end as difference_high,
        case when status not in ('ratio_undefined', 'ratio_no_data') then quotient - 1e0 end as lift,
        case
            when metric_kind = 'rate' and control_level > 0e0 and units > 0e0 and low = 0e0 then -1e0
            when metric_kind = 'rate' and control_level > 0e0 and units > 0e0
                then mover_c_low / (mover_b + {{ agent_goals.root('mover_b * mover_b - mover_a_low * mover_c_low') }}) - 1e0
            when metric_kind = 'ratio' and status = 'ok'
                then {{ agent_goals.bounded_exp('effect - t_critical * effect_error') }} - 1e0
            when metric_kind = 'mean' and status = 'ok' and fieller_g < 1e0
                then
                    (fieller_centre - t_critical / control_level * {{ agent_goals.root('fieller_radicand') }})
                    / (1e0 - fieller_g) - 1e0
        end as lift_low,
        case
            when metric_kind = 'rate' and control_level > 0e0 and units > 0e0
                then (mover_b + {{ agent_goals.root('mover_b * mover_b - mover_a_high * mover_c_high') }}) / mover_a_high - 1e0
            when metric_kind = 'ratio' and status = 'ok'
                then {{ agent_goals.bounded_exp('effect + t_critical * effect_error') }} - 1e0
            when metric_kind = 'mean' and status = 'ok' and fieller_g < 1e0
                then
                    (fieller_centre + t_critical / control_level * {{ agent_goals.root('fieller_radicand') }})
                    / (1e0 - fieller_g) - 1e0
        end as lift_high,
        case
            when status = 'no_variation' then 1e0
            when status = 'ratio_undefined' then p_value_linearised
            when metric_kind = 'rate' then z_p_value
            else t_p_value
        end as p_value,
        case
            when status = 'no_variation' then 'no_variation'
            when status = 'ratio_undefined' and p_value_linearised is not null then 'linearised'
            when status <> 'ok' then null
            when design = 'paired' then 'paired_t'
            when metric_kind = 'rate' then 'pooled_z'
            when metric_kind = 'mean' then 'welch_t'
            else 'log_ratio_t'
        end as p_value_method,
        case
            when metric_kind <> 'ratio' then effect - sequential_margin
            else {{ agent_goals.bounded_exp('effect - sequential_margin') }} - 1e0
        end as sequential_low,
        case
            when metric_kind <> 'ratio' then effect + sequential_margin
            else {{ agent_goals.bounded_exp('effect + sequential_margin') }} - 1e0
        end as sequential_high,
        case
            when metric_kind = 'rate' and control_units > 0e0 and units > 0e0 {{ 'and false' if lift_prior is not none }}
                then better * (
                    (numerator + 1e0) / (units + 2e0) - (control_numerator + 1e0) / (control_units + 2e0)
                ) / sqrt(
                    {%- for arm in ['control_', ''] %}
                    ({{ arm }}numerator + 1e0) * ({{ arm }}units - {{ arm }}numerator + 1e0)
                    / (({{ arm }}units + 2e0) * ({{ arm }}units + 2e0) * ({{ arm }}units + 3e0))
                    {{- ' +' if not loop.last }}
                    {%- endfor %}
                )
            when status = 'ok'
                then better * statistic
                {%- if lift_prior is not none %} * case
                    when metric_kind = 'ratio'
                        then sqrt({{ lift_prior }} / ({{ lift_prior }} + effect_error * effect_error))
                    when control_level > 0e0
                        then sqrt({{ lift_prior }} / ({{ lift_prior }} + effect_error * effect_error / (control_level * control_level)))
                end
                {%- endif %}
        end as winning_z,
        case
            when status <> 'ok' or effect_error <= 0e0 then null
            when metric_kind = 'ratio' then {{ agent_goals.bounded_exp('(z + z_power) * effect_error') }} - 1e0
            when metric_kind <> 'ratio' and control_level > 0e0 then (z + z_power) * effect_error / control_level
        end as minimum_detectable_lift,
        case
            when status not in ('ok', 'no_variation') then null
            when metric_kind = 'ratio' and status = 'ok'
                then
                    2e0 * (z + z_power) * (z + z_power) * control_units * control_effect_variance
                    / (ln(1.1e0 + 0e0 * alpha) * ln(1.1e0 + 0e0 * alpha))
            when metric_kind = 'mean' and status = 'ok' and control_level > 0e0
                then
                    2e0 * (z + z_power) * (z + z_power) * control_units * control_effect_variance
                    / (1e-2 * control_level * control_level)
            when metric_kind = 'rate' and control_level > 0e0 and control_level * 1.1e0 < 1e0
                then power(
                    z * sqrt(2e0 * (control_level * 1.05e0) * (1e0 - control_level * 1.05e0))
                    + z_power * sqrt(
                        control_level * (1e0 - control_level)
                        + control_level * 1.1e0 * (1e0 - control_level * 1.1e0)
                    ),
                    2e0
                ) / (1e-2 * control_level * control_level)
        end as count_units_for_10_percent
    from terms
),

final as (
    select
        figures.*,
        case
            when status = 'no_variation' then 'ok'
            when metric_kind = 'mean' and status = 'ok' and fieller_g >= 1e0 then 'control_mean_not_distinct_from_zero'
            else status
        end as shown_status,
        case when winning_z is not null then {{ agent_goals.normal_cdf('winning_z') }} end as chance_to_win
    from figures
)

select * from final
{%- endmacro %}

{#- The standard error of the difference of two estimates. -#}
{% macro error_of_difference() -%}
    sqrt(control_variance + variance - 2e0 * covariance)
{%- endmacro %}
