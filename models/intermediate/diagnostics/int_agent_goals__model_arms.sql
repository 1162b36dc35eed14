{%- set keys = ['environment', 'agent', 'goal', 'value_band_number', 'model'] -%}
{%- set alpha = (1 - agent_goals.setting('diagnostics_confidence')) | round(12) -%}
with

goal_outcomes as (
    select * from {{ ref('agent_goals__goal_outcomes') }}
    where
        {{ agent_goals.is_diagnosed() | indent(8) }}
        and verdict in ('achieved', 'not_achieved')
),

session_models as (
    select * from {{ ref('int_agent_goals__session_models') }}
),

attempts as (
    select
        goal_outcomes.environment,
        coalesce(goal_outcomes.agent, 'unknown') as agent,
        goal_outcomes.goal,
        {{ agent_goals.value_band_number('goal_outcomes.value_at_stake') }} as value_band_number,
        session_models.model,
        session_models.is_mixed_model,
        goal_outcomes.is_achieved,
        goal_outcomes.metric_cost,
        -- An achieved goal whose value did not land was worth what was at stake.
        case
            when goal_outcomes.is_achieved
                then coalesce(goal_outcomes.rolled_up_value, goal_outcomes.value_at_stake)
        end as achieved_value
    from goal_outcomes
    inner join session_models
        on {{ agent_goals.same_session('goal_outcomes', 'session_models') }}
),

-- Doubles for what is spread; means are of exact sums, so that the cheapest model is the same in every run.
measured as (
    select
        attempts.*,
        {{ agent_goals.as_type('case when is_achieved then 1 else 0 end', 'double') }} as success,
        {{ agent_goals.as_type('metric_cost', 'double') }} as costed_cost,
        {{ agent_goals.as_type('case when is_achieved then achieved_value else 0 end', 'double') }} as worth
    from attempts
),

arms as (
    select
        {{ keys | join(',\n        ') }},
        count(*) as count_attempts,
        count(case when is_achieved then 1 end) as count_achieved,
        count(case when is_mixed_model then 1 end) as count_mixed_model,
        count(metric_cost) as count_costed,
        count(case when is_achieved and achieved_value is null then 1 end) as count_missing_value,
        {{ agent_goals.as_type('sum(metric_cost)', 'decimal') }} as total_cost,
        {{ agent_goals.as_type('sum(case when is_achieved then metric_cost end)', 'decimal') }} as achieved_cost,
        {{ agent_goals.as_type('sum(achieved_value)', 'decimal') }} as achieved_value,
        var_samp(costed_cost) as cost_variance,
        var_samp(success) as success_variance,
        covar_samp(costed_cost, success) as covariance,
        var_samp(worth) as value_variance,
        covar_samp(costed_cost, worth) as value_covariance
    from measured
    group by {{ keys | join(', ') }}
),

averaged as (
    select
        arms.*,
        {{ agent_goals.ratio('total_cost', 'count_costed') }} as cost_per_attempt,
        case
            when count_missing_value = 0
                then
                    {{ agent_goals.ratio('coalesce(achieved_value, 0)', 'count_attempts') }}
                    - {{ agent_goals.ratio('total_cost', 'count_costed') }}
        end as net_value_per_attempt,
        {{ agent_goals.as_type('count_attempts', 'double') }} as attempts,
        {{ agent_goals.as_type('count_achieved', 'double') }} as successes,
        {{ agent_goals.as_type('count_costed', 'double') }} as costed,
        {{ agent_goals.as_type('case when count_costed > 1 then count_costed - 1 end', 'double') }} as degrees_of_freedom,
        -- Not a constant by itself: some planners work hard on functions of constants.
        {{ alpha }}e0 + 0e0 * {{ agent_goals.as_type('count_attempts', 'double') }} as alpha
    from arms
),

-- Costs that are missing are often those of failures, so these count for rate and value all the same; mean cost and rate
-- share the attempts whose cost is known.
spread as (
    select
        averaged.*,
        cost_variance / nullif(costed, 0e0) as mean_cost_variance,
        case
            when count_missing_value = 0
                then value_variance / attempts + cost_variance / nullif(costed, 0e0) - 2e0 * value_covariance / attempts
        end as net_value_variance
    from averaged
),

{{ agent_goals.t_quantile_ctes('spread', 'alpha', 'degrees_of_freedom', 't_critical', 'bounded') }},

with_z as (
    select
        bounded.*,
        5e-1 * alpha as half_alpha
    from bounded
),

final as (
    select
        {{ keys | join(',\n        ') }},
        count_attempts,
        count_achieved,
        count_mixed_model,
        count_costed,
        count_missing_value,
        total_cost,
        achieved_cost,
        achieved_value,
        attempts,
        successes,
        costed,
        cost_per_attempt,
        net_value_per_attempt,
        mean_cost_variance as cost_variance,
        success_variance / attempts as success_variance,
        covariance / attempts as covariance,
        case when net_value_variance >= 0e0 then net_value_variance end as net_value_variance,
        case when net_value_variance >= 0e0 then t_critical * sqrt(net_value_variance) end as net_value_margin,
        alpha,
        -({{ agent_goals.normal_quantile('half_alpha') }}) as z
    from with_z
)

select * from final
