{{ agent_goals.experiment_arm_days(
    units=ref('int_agent_goals__experiment_units'),
    unit_goals=ref('int_agent_goals__experiment_unit_goals'),
    arms=ref('int_agent_goals__experiment_arms'),
    experiments=ref('int_agent_goals__experiments'),
) }}
