-- Where does most of the money go, and how much of it ends in an achieved goal? Metric macros in a query of one's own.
with

goal_metrics_daily as (
    select * from {{ ref('agent_goals__goal_metrics_daily') }}
)

select
    agent,
    goal,
    {{ agent_goals.judged_cost() }} as judged_cost,
    {{ agent_goals.goal_efficiency() }} as goal_efficiency,
    {{ agent_goals.goal_achievement_rate() }} as goal_achievement_rate,
    {{ agent_goals.return_on_cost() }} as return_on_cost
from goal_metrics_daily
where top_level_count_outcomes > 0
group by agent, goal
order by judged_cost desc nulls last, agent, goal
