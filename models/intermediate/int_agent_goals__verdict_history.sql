{{ agent_goals.kept_by(['session']) }}

with

goal_verdicts as (
    select
        kept.*,
        {{ agent_goals.local_date('loaded_at') }} as known_on,
        verdict_trust * 1000000000000 + row_number() over (
            partition by environment, session_id, goal
            order by occurred_at, loaded_at, event_id
        ) as verdict_rank
    from (
        {{ agent_goals.open_rows('int_agent_goals__goal_verdicts', condition='verdict is not null') | indent(8) }}
    ) as kept
),

loads as (
    select
        environment,
        session_id,
        goal,
        known_on,
        max(verdict_rank) as load_rank
    from goal_verdicts
    group by environment, session_id, goal, known_on
),

-- The verdict that stood at the end of each day on which one was loaded.
standing as (
    select
        environment,
        session_id,
        goal,
        known_on,
        max(load_rank) over (partition by environment, session_id, goal order by known_on) as standing_rank
    from loads
),

final as (
    select
        standing.environment,
        standing.session_id,
        standing.goal,
        standing.known_on,
        goal_verdicts.verdict,
        lag(goal_verdicts.verdict) over (
            partition by standing.environment, standing.session_id, standing.goal
            order by standing.known_on
        ) as previous_verdict
    from standing
    inner join goal_verdicts
        on
            {{ agent_goals.same_goal('standing', 'goal_verdicts') }}
            and standing.standing_rank = goal_verdicts.verdict_rank
)

select * from final
