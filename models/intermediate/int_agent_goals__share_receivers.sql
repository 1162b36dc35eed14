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
weighed as (
    select
        environment,
        session_id,
        goal,
        verdict,
        coalesce(goal_sequence, 1000000000) as goal_sequence,
        {{ agent_goals.as_type('case when session_weight = 0 then 1 else share_weight end', 'decimal') }} as share_weight
    from leaves
),

-- What a session's receivers have in common is found here, once, and not for every cost of the session.
final as (
    select
        weighed.*,
        {{ agent_goals.as_type(
            'row_number() over (partition by environment, session_id order by goal_sequence, goal)', 'integer'
        ) }} as receiver_number,
        case
            when
                min(nullif(share_weight, 0)) over (partition by environment, session_id)
                = max(share_weight) over (partition by environment, session_id)
                then count(nullif(share_weight, 0)) over (partition by environment, session_id)
        end as count_even_receivers
    from weighed
)

select * from final
