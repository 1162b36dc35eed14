with

goal_verdicts as (
    select * from {{ ref('int_agent_goals__goal_verdicts') }}
),

members as (
    select * from {{ ref('int_agent_goals__customer_goal_members') }}
),

sessions as (
    {{ agent_goals.open_rows('int_agent_goals__sessions', 'customer') }}
),

goal_definitions as (
    select * from {{ ref('stg_agent_goals__goal_definitions') }}
),

-- The sessions in which something was recorded that a customer-scoped goal rests on.
touching as (
    select
        goal_verdicts.environment,
        goal_verdicts.session_id,
        members.customer_goal,
        max(goal_verdicts.session_started_at) as session_started_at
    from goal_verdicts
    inner join members
        on
            goal_verdicts.goal = members.goal
            and {{ agent_goals.in_force('members', 'goal_verdicts.session_started_at') }}
    group by goal_verdicts.environment, goal_verdicts.session_id, members.customer_goal
),

-- A customer-scoped goal that another one rests on shares in that one's windows.
of_topmost as (
    select
        touching.environment,
        touching.session_id,
        touching.customer_goal,
        touching.session_started_at,
        sessions.customer_id,
        min(touching.session_started_at) over (
            partition by touching.environment, touching.customer_goal, sessions.customer_id
        ) as first_started_at
    from touching
    inner join sessions
        on {{ agent_goals.same_session('touching', 'sessions') }}
    where
        sessions.customer_id is not null
        and not exists (
            select 1
            from members
            where
                touching.customer_goal = members.goal
                and touching.customer_goal <> members.customer_goal
                and {{ agent_goals.in_force('members', 'touching.session_started_at') }}
        )
),

numbered as (
    select
        of_topmost.*,
        goal_definitions.window_days,
        case
            when goal_definitions.window_days is null then 1
            else 1 + {{ agent_goals.as_type(
                'floor(' ~ agent_goals.seconds_between('of_topmost.first_started_at', 'of_topmost.session_started_at')
                ~ ' / (goal_definitions.window_days * 86400))', 'integer'
            ) }}
        end as window_number
    from of_topmost
    inner join goal_definitions
        on
            of_topmost.customer_goal = goal_definitions.goal
            and {{ agent_goals.in_force('goal_definitions', 'of_topmost.first_started_at') }}
),

final as (
    select
        environment,
        session_id,
        customer_goal,
        customer_id,
        window_number,
        -- The number has no colon, so two windows never share an id.
        {{ agent_goals.as_type('window_number', 'text') }} || ':' || customer_id as unit_id,
        session_started_at,
        min(session_started_at) over (
            partition by environment, customer_goal, customer_id, window_number
        ) as unit_started_at,
        {{ agent_goals.days_after('first_started_at', '(window_number - 1) * coalesce(window_days, 0)') }} as window_started_at,
        case
            when window_days is not null
                then {{ agent_goals.days_after('first_started_at', 'window_number * window_days') }}
        end as window_ended_at
    from numbered
)

select * from final
