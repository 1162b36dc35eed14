{{ agent_goals.kept_by(['session']) }}

-- Goals that nobody defined, and whatever a session put under or over one of them.
with

outcomes as (
    {{ agent_goals.open_rows('int_agent_goals__outcomes') }}
),

goal_ancestors as (
    {{ agent_goals.open_rows('int_agent_goals__goal_ancestors') }}
),

sessions as (
    select * from {{ ref('int_agent_goals__sessions') }}
),

defined_relations as (
    select * from {{ ref('int_agent_goals__defined_relations') }}
),

seen as (
    select
        environment,
        session_id,
        goal as ancestor_goal,
        goal as descendant_goal,
        0 as depth
    from outcomes
    where not is_defined
    union all
    select
        environment,
        session_id,
        ancestor_goal,
        goal as descendant_goal,
        depth
    from goal_ancestors
),

final as (
    select
        seen.environment,
        seen.session_id,
        seen.ancestor_goal,
        seen.descendant_goal,
        {{ agent_goals.as_type('seen.depth', 'integer') }} as depth,
        sessions.started_at
    from seen
    inner join sessions
        on {{ agent_goals.same_session('seen', 'sessions') }}
    left join defined_relations
        on
            seen.ancestor_goal = defined_relations.ancestor_goal
            and seen.descendant_goal = defined_relations.descendant_goal
            and {{ agent_goals.in_force('defined_relations', 'sessions.started_at') }}
    where defined_relations.ancestor_goal is null
)

select * from final
