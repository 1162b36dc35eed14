with

goal_definitions as (
    {{ agent_goals.raw_rows('goal_definitions', {
        'goal': 'text', 'kind': 'text', 'description': 'text', 'parent_goal': 'text', 'sequence': 'integer',
        'weight': 'decimal', 'is_required': 'boolean', 'is_primary': 'boolean', 'threshold': 'decimal',
        'threshold_operator': 'text', 'expected_agents': 'text', 'value_per_achievement': 'decimal',
        'target_achievement_rate': 'decimal',
    }) }}
),

final as (
    select
        goal,
        coalesce(kind, 'binary') as kind,
        description,
        parent_goal,
        sequence,
        -- The exact split counts in ten-thousandths of a weight.
        coalesce(cast(cast(weight as decimal(12, 4)) as {{ agent_goals.data_type('decimal') }}), 1) as weight,
        coalesce(is_required, true) as is_required,
        coalesce(is_primary, false) as is_primary,
        threshold,
        coalesce(threshold_operator, '>=') as threshold_operator,
        -- A list of agents between commas, so that a name can be looked for whole; * stands for every agent.
        ',' || replace(expected_agents, ', ', ',') || ',' as expected_agents,
        value_per_achievement,
        target_achievement_rate
    from goal_definitions
)

select * from final
