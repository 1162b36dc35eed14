{{ agent_goals.experiment_tests(looks=ref('int_agent_goals__experiment_looks')) }}
