-- Which days were worse than an agent's own record explains, or surely below the target? What did they lose, and what was
-- different on them?
with

goal_alerts as (
    select * from {{ ref('agent_goals__goal_alerts') }}
)

select
    environment,
    decline_rank,
    status,
    agent,
    goal,
    metric_date,
    count_attempts,
    achievement_rate,
    control_low,
    baseline_rate,
    target_achievement_rate,
    q_value,
    lost_goals,
    lost_value,
    agent_version_before,
    agent_version_now,
    definition_version_new_share,
    model_mix_effect,
    customer_segment_mix_effect,
    rate_change
from goal_alerts
where is_decline or is_below_target
order by environment, decline_rank nulls last, metric_date, agent, goal
