{%- set alpha = (1 - agent_goals.setting('experiment_confidence')) | round(12) -%}
with

arm_days as (
    select
        arm_days.*,
        count_units - 1e0 as degrees_of_freedom,
        cast({{ alpha }} as {{ agent_goals.data_type('double') }}) as alpha
    from {{ ref('int_agent_goals__experiment_arm_days') }} as arm_days
    where is_last_look
),

exposures as (
    select
        experiment,
        variant,
        min(exposed_on) as first_exposed_on,
        max(exposed_on) as last_exposed_on
    from {{ ref('int_agent_goals__experiment_units') }}
    where excluded_as is null
    group by experiment, variant
),

{{ agent_goals.t_quantile_ctes('arm_days', 'alpha', 'degrees_of_freedom', 't_critical', 'bounded') }},

halved as (
    select
        bounded.*,
        5e-1 * alpha as half_alpha
    from bounded
),

with_z as (
    select
        halved.*,
        -({{ agent_goals.normal_quantile('half_alpha') }}) as z
    from halved
),

intervals as (
    select
        with_z.*,
        case
            when metric_kind = 'rate' and count_units > 0e0
                then {{ agent_goals.wilson_low('sum_numerator', 'count_units', 'z') }}
            when metric_kind = 'ratio' and estimate > 0e0
                then estimate * {{ agent_goals.bounded_exp('-t_critical * standard_error / estimate') }}
            when metric_kind = 'mean' then estimate - t_critical * standard_error
        end as interval_low,
        case
            when metric_kind = 'rate' and count_units > 0e0
                then {{ agent_goals.wilson_high('sum_numerator', 'count_units', 'z') }}
            when metric_kind = 'ratio' and estimate > 0e0
                then estimate * {{ agent_goals.bounded_exp('t_critical * standard_error / estimate') }}
            when metric_kind = 'mean' then estimate + t_critical * standard_error
        end as interval_high
    from with_z
),

final as (
    select
        intervals.experiment,
        intervals.goal,
        intervals.metric,
        intervals.variant,
        intervals.is_control,
        intervals.metric_kind,
        intervals.is_known,
        {{ agent_goals.as_type('intervals.count_units', 'integer') }} as count_units,
        intervals.sum_numerator,
        intervals.sum_denominator,
        intervals.estimate,
        intervals.standard_error,
        intervals.interval_low,
        intervals.interval_high,
        intervals.variance_residual,
        intervals.variance_denominator,
        intervals.covariance_residual_denominator,
        exposures.first_exposed_on,
        exposures.last_exposed_on
    from intervals
    left join exposures
        on
            intervals.experiment = exposures.experiment
            and intervals.variant = exposures.variant
)

select * from final
