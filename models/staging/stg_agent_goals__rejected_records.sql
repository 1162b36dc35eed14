with

rejected_records as (
    {{ agent_goals.raw_rows('rejected_records', {
        'rejected_at': 'timestamp', 'batch_id': 'text', 'file': 'text', 'line': 'integer', 'record_type': 'text',
        'reason_code': 'text', 'field': 'text', 'reason': 'text', 'raw_text': 'text',
    }, has_load_fields=false) }}
),

final as (
    select
        rejected_at,
        batch_id,
        file,
        line,
        record_type,
        reason_code,
        field,
        reason,
        raw_text
    from rejected_records
)

select * from final
