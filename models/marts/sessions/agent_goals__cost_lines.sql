{{ agent_goals.kept_by(['session']) }}

with

cost_events as (
    {{ agent_goals.open_rows('stg_agent_goals__cost_events') }}
),

share_receivers as (
    select * from {{ ref('int_agent_goals__share_receivers') }}
),

-- Where a session's goals share unequally, every share depends on the others; such costs are split apart from the rest.
uneven as (
    select
        cost_events.event_id,
        cost_events.amount,
        share_receivers.goal as receiver_goal,
        share_receivers.receiver_number,
        share_receivers.share_weight
    from {{ ref('stg_agent_goals__cost_events') }} as cost_events
    inner join share_receivers
        on {{ agent_goals.same_session('cost_events', 'share_receivers') }}
    where
        share_receivers.count_even_receivers is null
        and cost_events.goal is null
        and cost_events.amount is not null
        and cost_events.cost_type <> 'evaluation'
),

split as (
    {{ agent_goals.exact_split(
        'uneven', amount='amount', weight='share_weight', partition_by=['event_id'], order_by=['receiver_number']
    ) | indent(4) }}
),

-- A known cost that names no goal goes to every leaf goal of its session, and to none where there is no such goal. The
-- judges' own bill goes nowhere.
addressed as (
    select
        cost_events.*,
        coalesce(cost_events.price_status = 'repeated', false) as is_repeated,
        share_receivers.goal as receiver_goal,
        case
            when share_receivers.goal is null then cost_events.amount
            when share_receivers.count_even_receivers is null then split.split_amount
            else {{ agent_goals.even_split(
                'cost_events.amount', 'share_receivers.share_weight', 'share_receivers.receiver_number',
                'share_receivers.count_even_receivers'
            ) | indent(12) }}
        end as line_amount
    from cost_events
    left join share_receivers
        on
            {{ agent_goals.same_session('cost_events', 'share_receivers') }}
            and cost_events.goal is null
            and cost_events.amount is not null
            and cost_events.cost_type <> 'evaluation'
    left join split
        on
            cost_events.event_id = split.event_id
            and share_receivers.goal = split.receiver_goal
),

final as (
    select
        event_id,
        environment,
        session_id,
        case
            when receiver_goal is not null then receiver_goal
            when cost_type <> 'evaluation' and not is_repeated then goal
        end as goal,
        occurred_at,
        cost_type,
        case
            when receiver_goal is not null then 'shared'
            when is_repeated then 'repeated'
            when amount is null then 'no_amount'
            when cost_type = 'evaluation' then 'evaluation'
            when goal is not null then 'direct'
            else 'unattributed'
        end as attribution,
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
    from addressed
)

select * from final
