with

customer_windows as (
    select * from {{ ref('int_agent_goals__customer_windows') }}
),

outcome_money as (
    select * from {{ ref('int_agent_goals__outcome_money') }}
),

defined_relations as (
    select * from {{ ref('int_agent_goals__defined_relations') }}
    where depth > 0
),

own_money as (
    select
        customer_windows.environment,
        customer_windows.customer_goal,
        customer_windows.unit_id,
        customer_windows.unit_started_at,
        outcome_money.goal,
        outcome_money.own_cost,
        outcome_money.own_value
    from customer_windows
    inner join outcome_money
        on {{ agent_goals.same_session('customer_windows', 'outcome_money') }}
),

-- Every session outcome's own money reaches its goal and each goal above it once. A goal that only a rule looks at
-- need not be defined, so the tree need not have it.
reached as (
    select
        environment,
        customer_goal,
        unit_id,
        goal,
        own_cost,
        own_value
    from own_money
    union all
    select
        own_money.environment,
        own_money.customer_goal,
        own_money.unit_id,
        defined_relations.ancestor_goal as goal,
        own_money.own_cost,
        own_money.own_value
    from own_money
    inner join defined_relations
        on
            own_money.goal = defined_relations.descendant_goal
            and {{ agent_goals.in_force('defined_relations', 'own_money.unit_started_at') }}
),

final as (
    select
        environment,
        customer_goal,
        unit_id,
        goal,
        {{ agent_goals.as_type('sum(own_cost)', 'decimal') }} as rolled_up_cost,
        {{ agent_goals.as_type('sum(own_value)', 'decimal') }} as landed_value
    from reached
    group by environment, customer_goal, unit_id, goal
)

select * from final
