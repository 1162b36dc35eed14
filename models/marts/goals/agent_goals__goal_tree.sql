{%- set max_depth = agent_goals.setting('max_goal_depth') -%}
with

goal_definitions as (
    select * from {{ ref('stg_agent_goals__goal_definitions') }}
),

goal_links as (
    select * from {{ ref('int_agent_goals__goal_links') }}
    where link = 'sub_goal'
),

outcomes as (
    select * from {{ ref('int_agent_goals__outcomes') }}
),

goal_ancestors as (
    select * from {{ ref('int_agent_goals__goal_ancestors') }}
),

sessions as (
    select * from {{ ref('int_agent_goals__sessions') }}
),

climb_0 as (
    select
        goal as ancestor_goal,
        goal as descendant_goal,
        valid_from,
        valid_to
    from goal_definitions
    where valid_from < valid_to
),
{% for depth in range(1, max_depth + 1) %}
-- A relation holds while every link on its way does.
climb_{{ depth }} as (
    select
        goal_links.goal as ancestor_goal,
        climb.descendant_goal,
        {{ agent_goals.both_from('climb', 'goal_links') }} as valid_from,
        {{ agent_goals.both_to('climb', 'goal_links') }} as valid_to
    from climb_{{ depth - 1 }} as climb
    inner join goal_links
        on
            climb.ancestor_goal = goal_links.depends_on_goal
            and {{ agent_goals.hold_together('climb', 'goal_links') | indent(12) }}
    where goal_links.goal <> climb.descendant_goal
),
{% endfor %}
defined as (
    {%- for depth in range(0, max_depth + 1) %}
    select
        ancestor_goal,
        descendant_goal,
        valid_from,
        valid_to,
        {{ depth }} as depth
    from climb_{{ depth }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- Goals that nobody defined, and whatever a session put under or over one of them.
seen as (
    select
        outcomes.goal as ancestor_goal,
        outcomes.goal as descendant_goal,
        0 as depth,
        outcomes.environment,
        outcomes.session_id
    from outcomes
    where not outcomes.is_defined
    union all
    select
        ancestor_goal,
        goal as descendant_goal,
        depth,
        environment,
        session_id
    from goal_ancestors
),

seen_sessions as (
    select
        seen.*,
        sessions.started_at
    from seen
    inner join sessions
        on {{ agent_goals.same_session('seen', 'sessions') }}
),

recorded as (
    select
        seen_sessions.ancestor_goal,
        seen_sessions.descendant_goal,
        min(seen_sessions.depth) as depth,
        min(seen_sessions.started_at) as valid_from,
        count(*) as count_sessions
    from seen_sessions
    left join defined
        on
            seen_sessions.ancestor_goal = defined.ancestor_goal
            and seen_sessions.descendant_goal = defined.descendant_goal
            and {{ agent_goals.in_force('defined', 'seen_sessions.started_at') }}
    where defined.ancestor_goal is null
    group by seen_sessions.ancestor_goal, seen_sessions.descendant_goal
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
