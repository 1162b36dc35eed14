{#- What a customer-scoped goal rests on, at any depth, with the time in which every link on the way holds. -#}
{%- set max_depth = agent_goals.setting('max_goal_depth') -%}
with

goal_links as (
    select * from {{ ref('int_agent_goals__goal_links') }}
),

goal_definitions as (
    select * from {{ ref('stg_agent_goals__goal_definitions') }}
),

members_0 as (
    select
        goal as customer_goal,
        goal,
        valid_from,
        valid_to
    from goal_definitions
    where scope = 'customer'
),
{% for depth in range(1, max_depth + 1) %}
members_{{ depth }} as (
    select
        members.customer_goal,
        goal_links.depends_on_goal as goal,
        {{ agent_goals.both_from('members', 'goal_links') }} as valid_from,
        {{ agent_goals.both_to('members', 'goal_links') }} as valid_to
    from members_{{ depth - 1 }} as members
    inner join goal_links
        on
            members.goal = goal_links.goal
            and {{ agent_goals.hold_together('members', 'goal_links') | indent(12) }}
    where goal_links.depends_on_goal <> members.customer_goal
),
{% endfor %}
final as (
    {%- for depth in range(0, max_depth + 1) %}
    select * from members_{{ depth }}
    {{ 'union distinct' if not loop.last }}
    {%- endfor %}
)

select * from final
