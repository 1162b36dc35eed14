{{ agent_goals.experiment_estimates(tests=ref('int_agent_goals__experiment_tests')) }}
