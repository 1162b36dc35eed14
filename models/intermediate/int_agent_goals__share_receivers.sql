with

goal_positions as (
    select * from {{ ref('int_agent_goals__goal_positions') }}
),

leaves as (
    select
        environment,
        session_id,
        goal,
        verdict,
        coalesce(goal_sequence, 1000000000) as goal_sequence,
        {{ agent_goals.as_type('share_weight', 'decimal') }} as share_weight
    from goal_positions
    where is_leaf
),

final as (
    {{ agent_goals.weighed_receivers('leaves') | indent(4) }}
)

select * from final
