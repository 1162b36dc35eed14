with

conversation_turns as (
    {{ agent_goals.last_loaded_rows('conversation_turns', {
        'event_id': 'text', 'session_id': 'text', 'environment': 'text', 'occurred_at': 'timestamp',
        'turn_index': 'integer', 'role': 'text', 'content': 'text', 'tool_name': 'text', 'tool_call': 'text',
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
        turn_index,
        role,
        content,
        tool_name,
        tool_call,
        metadata
    from conversation_turns
)

select * from final
