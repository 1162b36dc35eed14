with

model_prices as (
    {{ agent_goals.raw_rows('model_prices', {
        'matched_name': 'text', 'provider': 'text', 'model': 'text', 'match_order': 'integer', 'match_kind': 'text',
        'match_text': 'text', 'match_except': 'text', 'valid_from': 'timestamp', 'minute_from': 'integer',
        'minute_to': 'integer', 'tokens_above': 'integer', 'input_price': 'price', 'cache_read_price': 'price',
        'cache_write_price': 'price', 'output_price': 'price', 'reasoning_price': 'price', 'request_price': 'price',
    }) }}
),

-- What a row of a project's own list leaves empty takes the plainest meaning.
completed as (
    select
        coalesce(matched_name, 'model') as matched_name,
        {{ agent_goals.lower_ascii('provider') }} as provider,
        model,
        coalesce(match_order, 0) as match_order,
        coalesce(match_kind, 'equals') as match_kind,
        case
            when match_kind = 'regex' then match_text
            else {{ agent_goals.lower_ascii('coalesce(match_text, model)') }}
        end as match_text,
        match_except,
        coalesce(valid_from, cast('0001-01-01 00:00:00' as timestamp)) as valid_from,
        coalesce(minute_from, 0) as minute_from,
        coalesce(minute_to, 1440) as minute_to,
        coalesce(tokens_above, -1) as tokens_above,
        input_price,
        cache_read_price,
        cache_write_price,
        output_price,
        reasoning_price,
        request_price
    from model_prices
),

-- A rule is one way to name a model; it has a row for each period and tier of its prices.
identified as (
    select
        completed.*,
        matched_name || '|' || coalesce(provider, '*') || '|' || cast(match_order as {{ agent_goals.data_type('text') }})
        || '|' || match_kind || '|' || match_text || '|' || coalesce(match_except, '') as price_rule
    from completed
),

periods as (
    select
        price_rule,
        valid_from,
        coalesce(
            lead(valid_from) over (partition by price_rule order by valid_from),
            cast('9999-12-31 00:00:00' as timestamp)
        ) as valid_to
    from identified
    group by price_rule, valid_from
),

final as (
    select
        identified.price_rule,
        identified.matched_name,
        identified.provider,
        identified.model,
        identified.match_order,
        identified.match_kind,
        identified.match_text,
        identified.match_except,
        identified.valid_from,
        periods.valid_to,
        identified.minute_from,
        identified.minute_to,
        identified.tokens_above,
        coalesce(
            lead(identified.tokens_above) over (
                partition by identified.price_rule, identified.valid_from, identified.minute_from
                order by identified.tokens_above
            ),
            cast(1000000000000000 as {{ agent_goals.data_type('integer') }})
        ) as tokens_up_to,
        identified.input_price,
        identified.cache_read_price,
        identified.cache_write_price,
        identified.output_price,
        identified.reasoning_price,
        identified.request_price
    from identified
    inner join periods
        on
            identified.price_rule = periods.price_rule
            and identified.valid_from = periods.valid_from
)

select * from final
