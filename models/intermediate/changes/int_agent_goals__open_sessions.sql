with

touched_sessions as (
    select * from {{ ref('int_agent_goals__touched_sessions') }}
),

open_customers as (
    select * from {{ ref('int_agent_goals__open_customers') }}
),

named_customers as (
    {{ agent_goals.raw_rows('goal_events', {'environment': 'text', 'session_id': 'text', 'customer_id': 'text'}) }}
    union all
    {{ agent_goals.raw_rows('sessions', {'environment': 'text', 'session_id': 'text', 'customer_id': 'text'}) }}
),

final as (
    select environment, session_id from touched_sessions
    union distinct
    select named_customers.environment, named_customers.session_id
    from named_customers
    inner join open_customers
        on
            named_customers.environment = open_customers.environment
            and named_customers.customer_id = open_customers.customer_id
)

select * from final
