{{ config(materialized='table') }}

-- A table, unlike the other staging models: half a dozen models read the prices that are worked out here.
with

cost_events as {{ agent_goals.not_materialized() }} (
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

model_names as (
    select * from {{ ref('stg_agent_goals__model_names') }}
),

model_prices as (
    select * from {{ ref('stg_agent_goals__model_prices') }}
),

with_currency as {{ agent_goals.not_materialized() }} (
    select
        cost_events.*,
        {{ agent_goals.rounded('amount') }} as landed_amount,
        {{ agent_goals.landed_currency('currency') }} as amount_currency,
        coalesce(
            input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens
        ) is not null as has_tokens
    from cost_events
),

-- A span that calls a model through another span may report that one's usage as its own: what the inner span reports counts.
traced as (
    select
        environment,
        session_id,
        trace_id,
        span_id,
        {{ agent_goals.json_text('metadata', 'parent_span_id') }} as parent_span_id
    from with_currency
    where trace_id is not null and cost_type = 'llm' and has_tokens
),

parent_spans as (
    select
        environment,
        session_id,
        trace_id,
        parent_span_id
    from traced
    where parent_span_id <> coalesce(span_id, '')
    group by environment, session_id, trace_id, parent_span_id
),

-- Apart from the prices: DuckDB's planner takes rows that have been joined with prices for few, and would keep them all in
-- memory to look up their parents.
marked as (
    select
        with_currency.*,
        parent_spans.parent_span_id is not null as is_repeated
    from with_currency
    left join parent_spans
        on
            {{ agent_goals.same_session('with_currency', 'parent_spans') }}
            and with_currency.trace_id = parent_spans.trace_id
            and with_currency.span_id = parent_spans.parent_span_id
            and with_currency.amount is null
            and with_currency.cost_type = 'llm'
            and with_currency.has_tokens
),

with_price as (
    select
        marked.*,
        model_prices.price_rule,
        model_prices.input_price,
        model_prices.cache_read_price,
        model_prices.cache_write_price,
        model_prices.output_price,
        model_prices.reasoning_price,
        model_prices.request_price,
        'USD' as price_currency,
        coalesce(case when model_prices.cache_read_price is not null then marked.cache_read_tokens end, 0)
            as priced_cache_read,
        coalesce(case when model_prices.cache_write_price is not null then marked.cache_write_tokens end, 0)
            as priced_cache_write,
        coalesce(case when model_prices.reasoning_price is not null then marked.reasoning_tokens end, 0)
            as priced_reasoning
    from marked
    left join model_names
        on
            marked.model = model_names.model
            and coalesce(marked.provider, '') = coalesce(model_names.provider, '')
            and marked.has_tokens
    left join model_prices
        on
            model_names.price_rule = model_prices.price_rule
            and {{ agent_goals.price_in_force('marked', 'model_prices') }}
),

-- Input includes what a cache read or wrote, output includes reasoning: what has a price of its own is taken out of them.
metered as (
    select
        with_price.*,
        coalesce(input_tokens, 0) - priced_cache_read - priced_cache_write as priced_input,
        coalesce(output_tokens, 0) - priced_reasoning as priced_output,
        input_tokens is null and coalesce(cache_read_tokens, 0) + coalesce(cache_write_tokens, 0) > 0
        or output_tokens is null and coalesce(reasoning_tokens, 0) > 0 as has_part_without_whole
    from with_price
),

priced as (
    select
        metered.*,
        case
            when is_repeated then 'repeated'
            when not has_tokens then 'no_tokens'
            when input_price is null and (output_price is null or priced_input > 0) then 'unpriced'
            when output_price is null and priced_output > 0 then 'unpriced'
            when has_part_without_whole or priced_input < 0 or priced_output < 0 then 'unusable_tokens'
            else 'priced'
        end as token_status
    from metered
),

listed as (
    select
        priced.*,
        case
            when token_status = 'priced'
                then {{ agent_goals.priced_amount({
                    'input_price': 'priced_input', 'cache_read_price': 'priced_cache_read',
                    'cache_write_price': 'priced_cache_write', 'output_price': 'priced_output',
                    'reasoning_price': 'priced_reasoning', 'request_price': '1000',
                }, 'priced') }}
        end as exact_list_amount
    from priced
),

valued as (
    select
        listed.*,
        {{ agent_goals.rounded('exact_list_amount') }} as list_amount
    from listed
),

converted as (
    select
        valued.*,
        {{ agent_goals.in_reporting_currency('valued.landed_amount', 'valued.amount_currency', 'exchange_rates.rate') }}
            as booked_amount,
        -- No record may have an amount of 10^12 or more, however it came about.
        case
            when valued.list_amount < 1000000000000
                then {{ agent_goals.in_reporting_currency('valued.list_amount', 'valued.price_currency', 'price_rates.rate') }}
        end as priced_amount
    from valued
    left join exchange_rates
        on {{ agent_goals.rate_in_force('valued', 'exchange_rates') }}
    left join exchange_rates as price_rates
        on {{ agent_goals.rate_in_force('valued', 'price_rates', currency='price_currency') }}
),

final as (
    select
        event_id,
        environment,
        session_id,
        occurred_at,
        loaded_at,
        cost_type,
        goal,
        agent,
        provider,
        model,
        input_tokens,
        cache_read_tokens,
        cache_write_tokens,
        output_tokens,
        reasoning_tokens,
        latency_ms,
        trace_id,
        span_id,
        landed_amount,
        amount_currency as currency,
        booked_amount,
        priced_amount,
        case when amount is not null then booked_amount else priced_amount end as amount,
        {{ agent_goals.as_type(
            "case
            when amount is not null and booked_amount is null then 'no_rate'
            when amount is not null then 'booked'
            when token_status <> 'priced' then token_status
            when list_amount >= 1000000000000 then 'unusable_tokens'
            when priced_amount is null then 'no_rate'
            else 'priced'
        end", 'text') }} as price_status
    from converted
)

select * from final
