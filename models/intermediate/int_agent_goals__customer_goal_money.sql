with

customer_windows as (
    select * from {{ ref('int_agent_goals__customer_windows') }}
),

outcome_money as (
    select * from {{ ref('int_agent_goals__outcome_money') }}
),

goal_tree as (
    select
        ancestor_goal,
        descendant_goal,
        valid_from,
        coalesce(valid_to, {{ agent_goals.end_of_time() }}) as valid_to
    from {{ ref('agent_goals__goal_tree') }}
    where parentage = 'defined'
),

-- Every session outcome's own money reaches each goal above it once.
final as (
    select
        customer_windows.environment,
        customer_windows.customer_goal,
        customer_windows.unit_id,
        goal_tree.ancestor_goal as goal,
        {{ agent_goals.as_type('sum(outcome_money.own_cost)', 'decimal') }} as rolled_up_cost,
        {{ agent_goals.as_type('sum(outcome_money.own_value)', 'decimal') }} as landed_value
    from customer_windows
    inner join outcome_money
        on {{ agent_goals.same_session('customer_windows', 'outcome_money') }}
    inner join goal_tree
        on
            outcome_money.goal = goal_tree.descendant_goal
            and {{ agent_goals.in_force('goal_tree', 'customer_windows.unit_started_at') }}
    group by
        customer_windows.environment, customer_windows.customer_goal, customer_windows.unit_id, goal_tree.ancestor_goal
)

select * from final
