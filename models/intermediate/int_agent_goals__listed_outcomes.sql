with

recorded_outcomes as (
    select * from {{ ref('int_agent_goals__recorded_outcomes') }}
),

lists as (
    select
        environment,
        customer_goal,
        unit_id,
        unit_started_at,
        goal as parent_goal,
        sub_goals_achieved,
        sub_goals_achieved_at
    from recorded_outcomes
    where sub_goals_achieved is not null
),

listed as (
    {{ agent_goals.each_json_item('lists', 'sub_goals_achieved', 'goal') | indent(4) }}
),

-- Of several lists that name a goal, that of the first goal by name counts.
ranked as (
    select
        listed.*,
        row_number() over (partition by environment, customer_goal, unit_id, goal order by parent_goal) as list_rank,
        min(parent_goal) over (partition by environment, customer_goal, unit_id, goal) as first_parent_goal,
        max(parent_goal) over (partition by environment, customer_goal, unit_id, goal) as last_parent_goal
    from listed
    where goal <> '' and goal <> parent_goal
),

final as (
    select
        environment,
        customer_goal,
        unit_id,
        goal,
        unit_started_at,
        parent_goal,
        first_parent_goal <> last_parent_goal as has_second_parent,
        sub_goals_achieved_at as decided_at
    from ranked
    where list_rank = 1
)

select * from final
