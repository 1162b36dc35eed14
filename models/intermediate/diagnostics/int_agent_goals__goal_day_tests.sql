{%- set alpha = (1 - agent_goals.setting('diagnostics_confidence')) | round(12) -%}
with

goal_days as (
    select * from {{ ref('int_agent_goals__goal_days') }}
),

{{ agent_goals.exact_p_value_ctes(
    'goal_days', 'achieved', 'attempts', 'baseline_achieved', 'baseline_attempts', 'exact_p_value', 'tested'
) }},

rates as (
    select
        tested.*,
        achieved / attempts as rate,
        baseline_achieved / nullif(baseline_attempts, 0e0) as baseline_rate,
        -- Never narrower than chance alone: a few days may vary little by luck.
        case when sigma_z > 1e0 then sigma_z else 1e0 end as spread,
        -- Not a constant by itself: some planners work hard on functions of constants.
        {{ alpha / 2 }}e0 + 0e0 * attempts as half_alpha
    from tested
),

errors as (
    select
        rates.*,
        spread * sqrt(baseline_rate * (1e0 - baseline_rate) / attempts) as standard_error,
        -({{ agent_goals.normal_quantile('half_alpha') }}) as z_interval
    from rates
),

deviations as (
    select
        errors.*,
        case when standard_error > 0e0 then (rate - baseline_rate) / standard_error end as deviation,
        case
            when age_days < {{ agent_goals.setting('maturity_days') }} then 'too_young'
            when attempts < {{ agent_goals.setting('alert_min_attempts') }} then 'too_few_attempts'
            when baseline_days < {{ agent_goals.setting('alert_min_baseline_days') }} then 'too_few_days'
        end as why_not
    from errors
),

-- A day is out of control where neither chance nor the usual unrest of days explains it: the greater p-value of the two.
p_values as (
    select
        deviations.*,
        case
            when {{ agent_goals.normal_two_sided_p_value('deviation') }} > exact_p_value
                then {{ agent_goals.normal_two_sided_p_value('deviation') }}
            else exact_p_value
        end as p_value
    from deviations
),

final as (
    select
        environment,
        agent,
        goal,
        metric_date,
        age_days,
        attempts,
        achieved,
        achieved_value,
        target_achievement_rate,
        baseline_days,
        baseline_attempts,
        baseline_achieved,
        baseline_value,
        sigma_z,
        rate,
        {{ agent_goals.wilson_low('achieved', 'attempts', 'z_interval') }} as rate_low,
        {{ agent_goals.wilson_high('achieved', 'attempts', 'z_interval') }} as rate_high,
        baseline_rate,
        case
            when baseline_rate - 3e0 * standard_error > 0e0 then baseline_rate - 3e0 * standard_error
            when baseline_rate is not null then 0e0
        end as control_low,
        case
            when baseline_rate + 3e0 * standard_error < 1e0 then baseline_rate + 3e0 * standard_error
            when baseline_rate is not null then 1e0
        end as control_high,
        case when why_not is null then p_value end as p_value,
        -- The chance to be more than three standard errors off.
        case
            when why_not is not null then why_not
            when p_value < 2.699796e-3 and rate < baseline_rate then 'decline'
            when p_value < 2.699796e-3 and rate > baseline_rate then 'improvement'
            else 'in_control'
        end as status
    from p_values
)

select * from final
