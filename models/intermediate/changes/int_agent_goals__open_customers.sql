-- Customers whose windows may come out otherwise: all sessions of a customer decide its customer-scoped goals together. In a
-- full run nobody asks who is on the list.
with

goal_events as {{ agent_goals.not_materialized() }} (
    {{ agent_goals.raw_rows('goal_events', {
        'environment': 'text', 'session_id': 'text', 'customer_id': 'text', 'goal': 'text',
    }) }}
),

session_records as {{ agent_goals.not_materialized() }} (
    {{ agent_goals.raw_rows('sessions', {'environment': 'text', 'session_id': 'text', 'customer_id': 'text'}) }}
),

touched_sessions as (
    select * from {{ ref('int_agent_goals__touched_sessions') }}
),

-- What a customer-scoped goal rests on, or rested on until lately: sessions without it are in no window.
member_goals as (
    select goal from {{ ref('int_agent_goals__customer_goal_members') }}
    union distinct
    select goal from {{ ref('int_agent_goals__touched_goals') }}
),

-- Sessions with such a goal are fewer than those of the touched customers, so they come first.
member_sessions as (
    select
        goal_events.environment,
        goal_events.session_id
    from goal_events
    inner join member_goals
        on goal_events.goal = member_goals.goal
    group by goal_events.environment, goal_events.session_id
),

-- Where no session has such a goal, nobody's customer is asked for.
named_customers as {{ agent_goals.not_materialized() }} (
    select environment, session_id, customer_id from goal_events
    where customer_id is not null and {{ agent_goals.has_rows('member_sessions') }}
    union all
    select environment, session_id, customer_id from session_records
    where customer_id is not null and {{ agent_goals.has_rows('member_sessions') }}
),

touched_customers as (
    select
        named_customers.environment,
        named_customers.customer_id
    from named_customers
    inner join touched_sessions
        on {{ agent_goals.same_session('named_customers', 'touched_sessions') }}
    group by named_customers.environment, named_customers.customer_id
),

member_customers as (
    select
        named_customers.environment,
        named_customers.customer_id
    from named_customers
    inner join member_sessions
        on {{ agent_goals.same_session('named_customers', 'member_sessions') }}
    group by named_customers.environment, named_customers.customer_id
),

final as (
    select
        touched_customers.environment,
        touched_customers.customer_id
    from touched_customers
    inner join member_customers
        on
            touched_customers.environment = member_customers.environment
            and touched_customers.customer_id = member_customers.customer_id
)

select * from final
