-- How much less does an issue cost that is resolved at the first interaction than one that takes several?
with

goal_outcomes as (
    select * from {{ ref('agent_goals__goal_outcomes') }}
),

grouped as (
    select
        agent,
        goal,
        count_interactions = 1 as is_first_contact,
        sum(metric_cost) as achieved_cost,
        count(*) as count_achieved
    from goal_outcomes
    where is_achieved and count_interactions is not null and metric_cost is not null
    group by agent, goal, count_interactions = 1
),

side_by_side as (
    select
        agent,
        goal,
        {{ agent_goals.ratio(
            'sum(case when is_first_contact then achieved_cost end)', 'sum(case when is_first_contact then count_achieved end)'
        ) }} as cost_at_first_contact,
        {{ agent_goals.ratio(
            'sum(case when not is_first_contact then achieved_cost end)',
            'sum(case when not is_first_contact then count_achieved end)'
        ) }} as cost_after_several
    from grouped
    group by agent, goal
)

select
    agent,
    goal,
    cost_at_first_contact,
    cost_after_several,
    1 - {{ agent_goals.ratio('cost_at_first_contact', 'cost_after_several') }} as saving
from side_by_side
order by agent, goal
