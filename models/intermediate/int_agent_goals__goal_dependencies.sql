{#- The climb is unrolled one step beyond the maximum depth: whoever gets there rests on too much, or on itself. -#}
{%- set max_depth = agent_goals.setting('max_goal_depth') -%}
with

links as (
    select
        goal,
        depends_on_goal
    from {{ ref('int_agent_goals__goal_links') }}
    group by goal, depends_on_goal
),

reach_1 as (
    select * from links
),
{% for depth in range(2, max_depth + 2) %}
reach_{{ depth }} as (
    select
        reach.goal,
        links.depends_on_goal
    from reach_{{ depth - 1 }} as reach
    inner join links
        on reach.depends_on_goal = links.goal
    group by reach.goal, links.depends_on_goal
),
{% endfor %}
reached as (
    {%- for depth in range(1, max_depth + 2) %}
    select
        goal,
        depends_on_goal,
        {{ depth }} as depth
    from reach_{{ depth }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

final as (
    select
        goal,
        depends_on_goal,
        {{ agent_goals.as_type('max(depth)', 'integer') }} as depth
    from reached
    group by goal, depends_on_goal
)

select * from final
