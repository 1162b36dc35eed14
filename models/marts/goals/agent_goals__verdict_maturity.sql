{{ config(materialized='view') }}

{%- set keys = ['metric_date', 'environment', 'agent', 'goal'] -%}
with

verdicts as (
    select * from {{ ref('int_agent_goals__verdict_history') }}
    where {{ agent_goals.is_shown() }}
),

goal_outcomes as (
    select * from {{ ref('agent_goals__goal_outcomes') }}
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
