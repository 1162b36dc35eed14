-- After how many tries is it no longer worth going on, and what would stopping there have saved and lost?
select
    agent,
    goal,
    step as try,
    count_reached,
    success_rate_here,
    eventual_success_rate_least,
    eventual_success_rate_most,
    expected_further_cost,
    goal_value_to_go_on_least,
    goal_value_to_go_on_most,
    expected_net_value_least,
    expected_net_value_most,
    cost_saved_if_stopped,
    value_lost_if_stopped_most,
    recommendation,
    saving_at_once
from {{ ref('agent_goals__escalation_curve') }}
where view_name = 'try'
order by agent, goal, step
