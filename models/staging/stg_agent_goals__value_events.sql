with

value_events as (
    {{ agent_goals.last_loaded_rows('value_events', {
        'event_id': 'text', 'session_id': 'text', 'environment': 'text', 'occurred_at': 'timestamp',
        'amount': 'landed', 'currency': 'text', 'value_type': 'text', 'goal': 'text', 'metadata': 'text',
    }) }}
),

exchange_rates as (
    select * from {{ ref('stg_agent_goals__exchange_rates') }}
),

with_currency as (
    select
        value_events.*,
        {{ agent_goals.rounded('amount') }} as landed_amount,
        {{ agent_goals.landed_currency('currency') }} as amount_currency
    from value_events
),

final as (
    select
        with_currency.event_id,
        with_currency.environment,
        with_currency.session_id,
        with_currency.occurred_at,
        with_currency.loaded_at,
        with_currency.batch_id,
        with_currency.value_type,
        with_currency.goal,
        with_currency.landed_amount,
        with_currency.amount_currency as currency,
        {{ agent_goals.in_reporting_currency(
            'with_currency.landed_amount', 'with_currency.amount_currency', 'exchange_rates.rate'
        ) }} as amount,
        with_currency.metadata
    from with_currency
    left join exchange_rates
        on {{ agent_goals.rate_in_force('with_currency', 'exchange_rates') }}
)

select * from final
