-- A session's cost in all its parts is the cost of its events, and the marts hold every session with a cost.
with

cost_events as (
    select * from {{ ref('stg_agent_goals__cost_events') }}
),

sessions as (
    select * from {{ ref('agent_goals__sessions') }}
),

events_by_session as (
    select
        environment,
        session_id,
        sum(amount) as amount
    from cost_events
    group by environment, session_id
),

final as (
    select
        events_by_session.environment,
        events_by_session.session_id,
        events_by_session.amount,
        sessions.total_cost
    from events_by_session
    left join sessions
        on {{ agent_goals.same_session('events_by_session', 'sessions') }}
    where
        sessions.session_id is null
        or coalesce(events_by_session.amount, 0) <> coalesce(sessions.total_cost, 0)
        or coalesce(sessions.total_cost, 0)
        <> coalesce(sessions.attributed_cost, 0)
        + coalesce(sessions.unattributed_cost, 0)
        + coalesce(sessions.evaluation_cost, 0)
        or coalesce(sessions.total_cost, 0)
        <> coalesce(sessions.llm_cost, 0) + coalesce(sessions.tool_cost, 0) + coalesce(sessions.retrieval_cost, 0)
        + coalesce(sessions.infrastructure_cost, 0) + coalesce(sessions.human_cost, 0) + coalesce(sessions.other_cost, 0)
        + coalesce(sessions.evaluation_cost, 0)
)

select * from final
