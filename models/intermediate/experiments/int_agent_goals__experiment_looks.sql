{{ agent_goals.experiment_looks(
    arm_days=ref('int_agent_goals__experiment_arm_days'),
    arms=ref('int_agent_goals__experiment_arms'),
    experiments=ref('int_agent_goals__experiments'),
    covariances=ref('int_agent_goals__experiment_pairs'),
) }}
