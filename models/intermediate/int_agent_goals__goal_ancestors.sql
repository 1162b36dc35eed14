{#- One row per (session, goal, ancestor) below the session's goals. The climb is unrolled to a maximum depth, which
    every warehouse can run and which a cycle cannot make endless. -#}
{%- set max_depth = agent_goals.setting('max_goal_depth') -%}
with

outcomes as {{ agent_goals.not_materialized() }} (
    select
        environment,
        session_id,
        goal,
        claimed_parent_goal
    from {{ ref('int_agent_goals__outcomes') }}
),

children as (
    select * from outcomes
    where claimed_parent_goal is not null
),

-- A parent without an outcome in the session is no parent there.
edges as (
    select
        children.environment,
        children.session_id,
        children.goal,
        children.claimed_parent_goal as parent_goal
    from children
    inner join outcomes
        on
            {{ agent_goals.same_session('children', 'outcomes') }}
            and children.claimed_parent_goal = outcomes.goal
),

climb_1 as (
    select
        environment,
        session_id,
        goal,
        parent_goal as ancestor_goal
    from edges
),
{% for depth in range(2, max_depth + 2) %}
climb_{{ depth }} as (
    select
        climb.environment,
        climb.session_id,
        climb.goal,
        edges.parent_goal as ancestor_goal
    from climb_{{ depth - 1 }} as climb
    inner join edges
        on
            {{ agent_goals.same_session('climb', 'edges') }}
            and climb.ancestor_goal = edges.goal
    where climb.ancestor_goal <> climb.goal
),
{% endfor %}
climbs as (
    {%- for depth in range(1, max_depth + 2) %}
    select climb_{{ depth }}.*, {{ depth }} as depth from climb_{{ depth }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- A goal that comes back to itself is on a cycle.
cyclic as (
    select
        environment,
        session_id,
        goal
    from climbs
    where ancestor_goal = goal
    group by environment, session_id, goal
),

-- A goal on a cycle loses its parent, so a climb ends at the first such goal.
first_cut as (
    select
        climbs.environment,
        climbs.session_id,
        climbs.goal,
        min(climbs.depth) as depth
    from climbs
    inner join cyclic
        on
            {{ agent_goals.same_session('climbs', 'cyclic') }}
            and climbs.ancestor_goal = cyclic.goal
    group by climbs.environment, climbs.session_id, climbs.goal
),

acyclic as (
    select climbs.*
    from climbs
    left join cyclic
        on {{ agent_goals.same_goal('climbs', 'cyclic') }}
    left join first_cut
        on {{ agent_goals.same_goal('climbs', 'first_cut') }}
    where
        cyclic.goal is null
        and (first_cut.depth is null or climbs.depth <= first_cut.depth)
),

measured as (
    select
        acyclic.*,
        max(depth) over (partition by environment, session_id, goal) as goal_depth
    from acyclic
),

-- A goal below the maximum depth loses its parent too, and so does every goal below it.
final as (
    select
        environment,
        session_id,
        goal,
        ancestor_goal,
        depth
    from measured
    where goal_depth <= {{ max_depth }}
)

select * from final
