with

sessions as (
    {{ agent_goals.last_loaded_rows('sessions', {
        'event_id': 'text', 'session_id': 'text', 'environment': 'text', 'occurred_at': 'timestamp',
        'agent': 'text', 'agent_version': 'text', 'customer_id': 'text', 'customer_segment': 'text', 'channel': 'text',
        'started_at': 'timestamp', 'ended_at': 'timestamp', 'model': 'text', 'experiment': 'text', 'variant': 'text',
        'metadata': 'text',
    }) }}
),

final as (
    select
        event_id,
        environment,
        session_id,
        occurred_at,
        loaded_at,
        batch_id,
        agent,
        agent_version,
        customer_id,
        customer_segment,
        channel,
        started_at,
        ended_at,
        model,
        experiment,
        variant,
        metadata
    from sessions
)

select * from final
