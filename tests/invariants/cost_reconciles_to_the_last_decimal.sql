-- Attributed + unattributed + evaluation cost is all known cost, event by event; an unknown amount stays unknown.
with

cost_events as (
    select * from {{ ref('stg_agent_goals__cost_events') }}
),

-- What the last run worked on, be it all sessions or some: events are staged for no others.
sessions as (
    select
        environment,
        session_id
    from cost_events
    union distinct
    select
        environment,
        session_id
    from {{ ref('int_agent_goals__open_sessions') }}
),

cost_lines as (
    select cost_lines.*
    from {{ ref('agent_goals__cost_lines') }} as cost_lines
    where
        exists (
            select 1 from sessions
            where {{ agent_goals.same_session('cost_lines', 'sessions') }}
        )
),

lines_by_event as (
    select
        event_id,
        count(*) as count_lines,
        count(amount) as count_amounts,
        sum(amount) as amount
    from cost_lines
    group by event_id
),

final as (
    select
        cost_events.event_id as cost_event_id,
        lines_by_event.event_id as line_event_id,
        cost_events.amount as event_amount,
        lines_by_event.amount as lines_amount
    from cost_events
    full outer join lines_by_event
        on cost_events.event_id = lines_by_event.event_id
    where
        cost_events.event_id is null
        or lines_by_event.event_id is null
        or coalesce(cost_events.amount, 0) <> coalesce(lines_by_event.amount, 0)
        or (cost_events.amount is null) <> (lines_by_event.count_amounts = 0)
)

select * from final
