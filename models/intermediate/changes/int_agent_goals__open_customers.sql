-- Customers whose windows may come out otherwise: all of a customer's sessions decide its customer-scoped goals. In a full
-- run nobody asks who is on the list.
with

touched_sessions as (
    select * from {{ ref('int_agent_goals__touched_sessions') }}
),

-- Without a customer-scoped goal, now or until lately, there are no windows.
customer_goals as (
    select goal from {{ ref('stg_agent_goals__goal_definitions') }}
    where scope = 'customer'
    union all
    select subject as goal from {{ ref('int_agent_goals__open_inputs') }}
    where input_kind = 'goal_definition'
),

named_customers as (
    {{ agent_goals.raw_rows('goal_events', {'environment': 'text', 'session_id': 'text', 'customer_id': 'text'}) }}
    union all
    {{ agent_goals.raw_rows('sessions', {'environment': 'text', 'session_id': 'text', 'customer_id': 'text'}) }}
),

final as (
    select
        named_customers.environment,
        named_customers.customer_id
    from named_customers
    inner join touched_sessions
        on {{ agent_goals.same_session('named_customers', 'touched_sessions') }}
    where
        named_customers.customer_id is not null
        and exists (select 1 from customer_goals)
    group by named_customers.environment, named_customers.customer_id
)

select * from final
