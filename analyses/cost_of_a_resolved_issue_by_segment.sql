-- What does a resolved issue cost and bring, by customer segment?
with

metrics as (
    {{ agent_goals.goal_metrics(by=['goal', 'customer_segment'], where="goal = 'issue_resolved'") | indent(4) }}
)

select
    customer_segment,
    count_achieved,
    cost_per_goal_achieved,
    fully_loaded_cost_per_goal,
    value_per_goal,
    net_value
from metrics
order by customer_segment
