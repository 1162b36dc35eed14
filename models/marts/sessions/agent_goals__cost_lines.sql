with

cost_events as (
    select * from {{ ref('stg_agent_goals__cost_events') }}
),

share_receivers as (
    select * from {{ ref('int_agent_goals__share_receivers') }}
),

-- A known cost that names no goal goes to every leaf goal of its session, and to none where there is no such goal. The
-- judges' own bill goes nowhere.
addressed as (
    select
        cost_events.*,
        coalesce(cost_events.price_status = 'repeated', false) as is_repeated,
        share_receivers.goal is not null as is_shared,
        share_receivers.goal as receiver_goal,
        share_receivers.goal_sequence,
        share_receivers.share_weight
    from cost_events
    left join share_receivers
        on
            {{ agent_goals.same_session('cost_events', 'share_receivers') }}
            and cost_events.goal is null
            and cost_events.amount is not null
            and cost_events.cost_type <> 'evaluation'
),

shared as (
    select * from addressed
    where is_shared
),

split as (
    {{ agent_goals.exact_split(
        'shared', amount='amount', weight='share_weight', partition_by=['event_id'],
        order_by=['goal_sequence', 'receiver_goal']
    ) | indent(4) }}
),

lines as (
    select
        event_id,
        receiver_goal as goal,
        'shared' as attribution,
        split_amount as line_amount,
        environment, session_id, occurred_at, cost_type, agent, provider, model, amount, currency, landed_amount,
        booked_amount, priced_amount, price_status,
        input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens, latency_ms, trace_id, span_id
    from split
    union all
    select
        event_id,
        case when cost_type <> 'evaluation' and not is_repeated then goal end as goal,
        case
            when is_repeated then 'repeated'
            when amount is null then 'no_amount'
            when cost_type = 'evaluation' then 'evaluation'
            when goal is not null then 'direct'
            else 'unattributed'
        end as attribution,
        amount as line_amount,
        environment, session_id, occurred_at, cost_type, agent, provider, model, amount, currency, landed_amount,
        booked_amount, priced_amount, price_status,
        input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens, latency_ms, trace_id, span_id
    from addressed
    where not is_shared
),

final as (
    select
        event_id,
        environment,
        session_id,
        goal,
        occurred_at,
        cost_type,
        attribution,
        line_amount as amount,
        amount as event_amount,
        booked_amount as event_booked_amount,
        priced_amount as event_priced_amount,
        price_status,
        landed_amount,
        currency,
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
        span_id
    from lines
)

select * from final
