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

named_customers as (
    select environment, session_id, customer_id from goal_events
    where customer_id is not null
    union all
    select environment, session_id, customer_id from session_records
    where customer_id is not null
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

their_sessions as (
    select
        named_customers.environment,
        named_customers.session_id,
        named_customers.customer_id
    from named_customers
    inner join touched_customers
        on
            named_customers.environment = touched_customers.environment
            and named_customers.customer_id = touched_customers.customer_id
    group by named_customers.environment, named_customers.session_id, named_customers.customer_id
),

final as (
    select
        their_sessions.environment,
        their_sessions.customer_id
    from their_sessions
    inner join goal_events
        on {{ agent_goals.same_session('their_sessions', 'goal_events') }}
    inner join member_goals
        on goal_events.goal = member_goals.goal
    group by their_sessions.environment, their_sessions.customer_id
)

select * from final
