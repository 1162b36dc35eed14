with

exchange_rates as (
    {{ agent_goals.raw_rows('exchange_rates', {
        'from_currency': 'text', 'to_currency': 'text', 'valid_from': 'timestamp', 'rate': 'rate',
    }) }}
),

to_reporting_currency as (
    select
        {{ agent_goals.upper_ascii('from_currency') }} as from_currency,
        valid_from,
        rate
    from exchange_rates
    where {{ agent_goals.upper_ascii('to_currency') }} = {{ agent_goals.text_literal(agent_goals.setting('reporting_currency')) }}
),

final as (
    select
        from_currency,
        valid_from,
        coalesce(
            lead(valid_from) over (partition by from_currency order by valid_from),
            cast('9999-12-31 00:00:00' as timestamp)
        ) as valid_to,
        rate
    from to_reporting_currency
)

select * from final
