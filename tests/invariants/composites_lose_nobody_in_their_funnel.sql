-- Every attempt at a composite achieves it or drops off at one step.
with

funnels as (
    select
        environment,
        period_start,
        agent,
        composite_goal,
        max(count_attempts) as count_attempts,
        sum(case when is_composite then count_achieved else 0 end) as count_achieved,
        sum(count_dropped_off) as count_dropped_off
    from {{ ref('agent_goals__goal_funnel') }}
    group by environment, period_start, agent, composite_goal
)

select * from funnels
where count_attempts <> count_achieved + count_dropped_off
