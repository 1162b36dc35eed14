-- What has to be an achieved goal's worth, for a model to be worth more than the cheapest one that does the same?
select
    agent,
    goal,
    value_band,
    model,
    cheapest_model,
    count_attempts,
    achievement_rate,
    rate_difference,
    q_value,
    cost_per_attempt,
    break_even_goal_value,
    break_even_goal_value_low,
    break_even_goal_value_high,
    break_even_status,
    recommendation
from {{ ref('agent_goals__model_performance') }}
order by agent, goal, value_band_number, cost_per_attempt, model
