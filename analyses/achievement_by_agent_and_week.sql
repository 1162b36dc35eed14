-- How does each agent do from week to week, goals that have no parent counted once?
with

metrics as (
    {{ agent_goals.goal_metrics(by=['agent'], grain='week') | indent(4) }}
)

select
    period_start,
    agent,
    count_achieved,
    count_not_achieved,
    goal_achievement_rate,
    fully_loaded_cost_per_goal
from metrics
order by agent, period_start
