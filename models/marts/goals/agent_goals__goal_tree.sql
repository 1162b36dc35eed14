with

defined as (
    select * from {{ ref('int_agent_goals__defined_relations') }}
),

recorded_relations as (
    select * from {{ ref('int_agent_goals__recorded_relations') }}
),

recorded as (
    select
        ancestor_goal,
        descendant_goal,
        min(depth) as depth,
        min(started_at) as valid_from,
        count(*) as count_sessions
    from recorded_relations
    group by ancestor_goal, descendant_goal
),

final as (
    select
        ancestor_goal,
        descendant_goal,
        valid_from,
        case when valid_to < {{ agent_goals.end_of_time() }} then valid_to end as valid_to,
        {{ agent_goals.as_type('depth', 'integer') }} as depth,
        'defined' as parentage,
        {{ agent_goals.as_type('null', 'integer') }} as count_sessions
    from defined
    union all
    select
        ancestor_goal,
        descendant_goal,
        valid_from,
        {{ agent_goals.as_type('null', 'timestamp') }} as valid_to,
        {{ agent_goals.as_type('depth', 'integer') }} as depth,
        'recorded' as parentage,
        count_sessions
    from recorded
)

select * from final
