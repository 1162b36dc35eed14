{{ agent_goals.goal_metrics(by=['agent'], grain='month', where="environment = 'production'") }}
