with

cost_events as (
    {{ agent_goals.last_loaded_rows('cost_events', {
        'event_id': 'text', 'session_id': 'text', 'environment': 'text', 'occurred_at': 'timestamp',
        'amount': 'landed', 'currency': 'text', 'cost_type': 'text', 'provider': 'text', 'model': 'text',
        'input_tokens': 'integer', 'cache_read_tokens': 'integer', 'cache_write_tokens': 'integer',
        'output_tokens': 'integer', 'reasoning_tokens': 'integer', 'latency_ms': 'decimal', 'goal': 'text',
        'trace_id': 'text', 'span_id': 'text', 'agent': 'text', 'metadata': 'text',
    }) }}
),

exchange_rates as (
    select * from {{ ref('stg_agent_goals__exchange_rates') }}
),

with_currency as (
    select
        cost_events.*,
        {{ agent_goals.landed_currency('currency') }} as amount_currency
    from cost_events
),

final as (
    select
        with_currency.event_id,
        with_currency.environment,
        with_currency.session_id,
        with_currency.occurred_at,
        with_currency.loaded_at,
        with_currency.batch_id,
        with_currency.cost_type,
        with_currency.goal,
        with_currency.agent,
        with_currency.provider,
        with_currency.model,
        with_currency.input_tokens,
        with_currency.cache_read_tokens,
        with_currency.cache_write_tokens,
        with_currency.output_tokens,
        with_currency.reasoning_tokens,
        with_currency.latency_ms,
        with_currency.trace_id,
        with_currency.span_id,
        {{ agent_goals.as_type('with_currency.amount', 'decimal') }} as landed_amount,
        with_currency.amount_currency as currency,
        {{ agent_goals.in_reporting_currency('with_currency.amount', 'with_currency.amount_currency', 'exchange_rates.rate') }}
            as amount,
        with_currency.metadata
    from with_currency
    left join exchange_rates
        on {{ agent_goals.rate_in_force('with_currency', 'exchange_rates') }}
)

select * from final
