-- Attributed + unrealised + unattributed value is all landed value; the definitions' defaults stand apart.
with

value_events as (
    select * from {{ ref('stg_agent_goals__value_events') }}
),

outcomes as (
    select * from {{ ref('int_agent_goals__outcomes') }}
),

sessions as (
    select * from {{ ref('agent_goals__sessions') }}
),

-- Money on a goal event says again what a value event that names the goal has said, so only one of them lands.
landed as (
    select
        environment,
        session_id,
        amount
    from value_events
    union all
    select
        outcomes.environment,
        outcomes.session_id,
        outcomes.goal_value as amount
    from outcomes
    where
        not exists (
            select 1 from value_events
            where
                value_events.environment = outcomes.environment
                and value_events.session_id = outcomes.session_id
                and value_events.goal = outcomes.goal
                and value_events.amount is not null
        )
),

landed_by_session as (
    select
        environment,
        session_id,
        sum(amount) as amount
    from landed
    group by environment, session_id
),

final as (
    select
        landed_by_session.environment,
        landed_by_session.session_id,
        landed_by_session.amount,
        sessions.landed_value
    from landed_by_session
    left join sessions
        on {{ agent_goals.same_session('landed_by_session', 'sessions') }}
    where
        sessions.session_id is null
        or coalesce(landed_by_session.amount, 0) <> coalesce(sessions.landed_value, 0)
        or coalesce(sessions.landed_value, 0)
        <> coalesce(sessions.attributed_value, 0)
        + coalesce(sessions.unrealised_value, 0)
        + coalesce(sessions.unattributed_value, 0)
)

select * from final
