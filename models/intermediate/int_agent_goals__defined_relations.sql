{%- set max_depth = agent_goals.setting('max_goal_depth') -%}
with

goal_definitions as (
    select * from {{ ref('stg_agent_goals__goal_definitions') }}
),

goal_links as (
    select * from {{ ref('int_agent_goals__goal_links') }}
    where link = 'sub_goal'
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
final as (
    {%- for depth in range(0, max_depth + 1) %}
    select
        ancestor_goal,
        descendant_goal,
        valid_from,
        valid_to,
        {{ agent_goals.as_type(depth | string, 'integer') }} as depth
    from climb_{{ depth }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select * from final
