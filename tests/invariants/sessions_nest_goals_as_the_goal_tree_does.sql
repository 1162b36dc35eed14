-- What a defined goal's parent is in a session is its parent in the goal tree at that time, too, and so on upwards.
with

session_ancestors as (
    select
        goal_ancestors.goal,
        goal_ancestors.ancestor_goal,
        goal_ancestors.depth,
        sessions.started_at
    from {{ ref('int_agent_goals__goal_ancestors') }} as goal_ancestors
    inner join {{ ref('int_agent_goals__sessions') }} as sessions
        on {{ agent_goals.same_session('goal_ancestors', 'sessions') }}
),

goal_definitions as (
    select * from {{ ref('stg_agent_goals__goal_definitions') }}
),

goal_tree as (
    select * from {{ ref('agent_goals__goal_tree') }}
    where parentage = 'defined'
),

final as (
    select
        session_ancestors.goal,
        session_ancestors.ancestor_goal,
        session_ancestors.started_at
    from session_ancestors
    inner join goal_definitions
        on
            session_ancestors.goal = goal_definitions.goal
            and {{ agent_goals.in_force('goal_definitions', 'session_ancestors.started_at') }}
    inner join goal_definitions as ancestor_definitions
        on
            session_ancestors.ancestor_goal = ancestor_definitions.goal
            and {{ agent_goals.in_force('ancestor_definitions', 'session_ancestors.started_at') }}
    left join goal_tree
        on
            session_ancestors.goal = goal_tree.descendant_goal
            and session_ancestors.ancestor_goal = goal_tree.ancestor_goal
            and session_ancestors.depth = goal_tree.depth
            and session_ancestors.started_at >= goal_tree.valid_from
            and (goal_tree.valid_to is null or session_ancestors.started_at < goal_tree.valid_to)
    where goal_tree.descendant_goal is null and goal_definitions.parent_goal is not null and session_ancestors.depth = 1
)

select * from final
