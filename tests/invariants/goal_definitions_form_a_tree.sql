-- Names every defined goal whose chain of parents comes back to itself or is deeper than agent_goals__max_goal_depth.
{%- set max_depth = agent_goals.setting('max_goal_depth') %}
with

goal_definitions as (
    select
        goal,
        parent_goal
    from {{ ref('stg_agent_goals__goal_definitions') }}
),

climb_1 as (
    select
        goal,
        parent_goal as ancestor_goal
    from goal_definitions
    where parent_goal is not null
),
{% for depth in range(2, max_depth + 2) %}
climb_{{ depth }} as (
    select
        climb.goal,
        goal_definitions.parent_goal as ancestor_goal
    from climb_{{ depth - 1 }} as climb
    inner join goal_definitions
        on climb.ancestor_goal = goal_definitions.goal
    where
        goal_definitions.parent_goal is not null
        and climb.ancestor_goal <> climb.goal
),
{% endfor %}
final as (
    {%- for depth in range(1, max_depth + 2) %}
    select
        goal,
        'is its own ancestor' as problem
    from climb_{{ depth }}
    where ancestor_goal = goal
    union all
    {%- endfor %}
    select
        goal,
        'is deeper than agent_goals__max_goal_depth allows' as problem
    from climb_{{ max_depth + 1 }}
)

select * from final
