-- Own costs of a session's goals, and the rolled-up costs of its top-level goals, each add up to its attributed cost.
with

goal_outcomes as (
    select * from {{ ref('agent_goals__goal_outcomes') }}
),

sessions as (
    select * from {{ ref('agent_goals__sessions') }}
),

goals_by_session as (
    select
        environment,
        session_id,
        sum(own_cost) as own_cost,
        sum(case when is_top_level then rolled_up_cost end) as top_level_cost,
        sum(case when is_top_level then rolled_up_value end) as top_level_value,
        sum(coalesce(own_value, default_value)) as own_value
    from goal_outcomes
    group by environment, session_id
),

final as (
    select
        sessions.environment,
        sessions.session_id,
        sessions.attributed_cost,
        goals_by_session.own_cost,
        goals_by_session.top_level_cost
    from sessions
    left join goals_by_session
        on {{ agent_goals.same_session('sessions', 'goals_by_session') }}
    where
        coalesce(sessions.attributed_cost, 0) <> coalesce(goals_by_session.own_cost, 0)
        or coalesce(sessions.attributed_cost, 0) <> coalesce(goals_by_session.top_level_cost, 0)
        or coalesce(goals_by_session.own_value, 0) <> coalesce(goals_by_session.top_level_value, 0)
)

select * from final
