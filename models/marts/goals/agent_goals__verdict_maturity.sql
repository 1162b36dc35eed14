{{ config(materialized='view') }}

{%- set keys = ['metric_date', 'environment', 'agent', 'goal'] -%}
with

goal_verdicts as (
    select
        goal_verdicts.*,
        {{ agent_goals.local_date('loaded_at') }} as known_on,
        verdict_trust * 1000000000000 + row_number() over (
            partition by environment, session_id, goal
            order by occurred_at, loaded_at, event_id
        ) as verdict_rank
    from {{ ref('int_agent_goals__goal_verdicts') }} as goal_verdicts
    where
        verdict is not null
        and environment in ({{ agent_goals.text_literals(agent_goals.setting('environments')) }})
),

goal_outcomes as (
    select * from {{ ref('agent_goals__goal_outcomes') }}
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

verdicts as (
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
),

changes as (
    select
        goal_outcomes.session_date as metric_date,
        verdicts.environment,
        coalesce(goal_outcomes.agent, 'unknown') as agent,
        verdicts.goal,
        verdicts.known_on,
        {%- for verdict in ['achieved', 'not_achieved'] %}
        sum(
            case when verdicts.verdict = '{{ verdict }}' then 1 else 0 end
            - case when verdicts.previous_verdict = '{{ verdict }}' then 1 else 0 end
        ) as {{ verdict }}_change,
        {%- endfor %}
        count(case when verdicts.previous_verdict <> verdicts.verdict then 1 end) as count_overturned
    from verdicts
    inner join goal_outcomes
        on {{ agent_goals.same_goal('verdicts', 'goal_outcomes') }}
    group by
        goal_outcomes.session_date, verdicts.environment, coalesce(goal_outcomes.agent, 'unknown'), verdicts.goal,
        verdicts.known_on
),

counted as (
    select
        {{ keys | join(', ') }},
        known_on,
        count_overturned,
        {%- for verdict in ['achieved', 'not_achieved'] %}
        sum({{ verdict }}_change) over (partition by {{ keys | join(', ') }} order by known_on) as count_{{ verdict }},
        sum({{ verdict }}_change) over (partition by {{ keys | join(', ') }}) as latest_{{ verdict }},
        {%- endfor %}
        lead(known_on) over (partition by {{ keys | join(', ') }} order by known_on) is null as is_latest
    from changes
),

final as (
    select
        {{ keys | join(', ') }},
        known_on,
        -- Seeds carry no load time: what they hold was always known.
        {{ agent_goals.as_type(
            'case when known_on > metric_date then ' ~ agent_goals.days_between('metric_date', 'known_on') ~ ' else 0 end',
            'integer'
        ) }} as days_after_session,
        {{ agent_goals.as_type('count_achieved', 'integer') }} as count_achieved,
        {{ agent_goals.as_type('count_not_achieved', 'integer') }} as count_not_achieved,
        count_overturned,
        {{ agent_goals.ratio('count_achieved', 'count_achieved + count_not_achieved') }} as goal_achievement_rate,
        {{ agent_goals.ratio('latest_achieved', 'latest_achieved + latest_not_achieved') }} as latest_achievement_rate,
        is_latest
    from counted
)

select * from final
