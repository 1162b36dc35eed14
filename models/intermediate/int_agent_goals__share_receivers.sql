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
        goal_sequence,
        {{ agent_goals.as_type('share_weight', 'decimal') }} as share_weight,
        sum(share_weight) over (partition by environment, session_id) as session_weight
    from goal_positions
    where is_leaf
),

-- Where every weight is zero (no primary goal among the leaves, say) all leaves share alike.
final as (
    select
        environment,
        session_id,
        goal,
        verdict,
        coalesce(goal_sequence, 1000000000) as goal_sequence,
        {{ agent_goals.as_type('case when session_weight = 0 then 1 else share_weight end', 'decimal') }} as share_weight
    from leaves
)

select * from final
