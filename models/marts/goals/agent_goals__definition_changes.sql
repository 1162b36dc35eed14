{{ config(materialized='view') }}

{%- set keys = ['environment', 'agent', 'goal'] -%}
with

goal_outcomes as (
    select * from {{ ref('agent_goals__goal_outcomes') }}
    where
        {{ agent_goals.is_shown() }}
        and verdict in ('achieved', 'not_achieved')
),

goal_definitions as (
    select * from {{ ref('stg_agent_goals__goal_definitions') }}
),

-- Each outcome with the definition of its session's time and the one that came after that.
versioned as (
    select
        goal_outcomes.environment,
        coalesce(goal_outcomes.agent, 'unknown') as agent,
        goal_outcomes.goal,
        goal_outcomes.verdict,
        in_force.definition_version,
        case
            -- A score, or what a rule looked at, can be held against another threshold; any other verdict stands.
            when
                goal_outcomes.score is not null and (
                    (
                        goal_outcomes.is_decided_by_definition
                        and goal_outcomes.verdict_source = 'automatic'
                        and next_definitions.kind = 'score'
                    )
                    or (
                        goal_outcomes.is_rule_derived
                        and next_definitions.source_goal = in_force.source_goal
                        and next_definitions.field = in_force.field
                    )
                )
                then case
                    when {{ agent_goals.meets_threshold(
                        'goal_outcomes.score', 'next_definitions.threshold_operator', 'next_definitions.threshold'
                    ) }} then 'achieved'
                    when next_definitions.threshold is not null then 'not_achieved'
                    else goal_outcomes.verdict
                end
            else goal_outcomes.verdict
        end as next_verdict
    from goal_outcomes
    inner join goal_definitions as in_force
        on
            goal_outcomes.goal = in_force.goal
            and {{ agent_goals.in_force('in_force', 'goal_outcomes.session_started_at') }}
    left join goal_definitions as next_definitions
        on
            in_force.goal = next_definitions.goal
            and in_force.definition_version + 1 = next_definitions.definition_version
),

by_version as (
    select
        {{ keys | join(', ') }},
        definition_version,
        count(*) as count_judged,
        count(case when verdict = 'achieved' then 1 end) as count_achieved,
        count(case when next_verdict = 'achieved' then 1 end) as count_achieved_by_next
    from versioned
    group by {{ keys | join(', ') }}, definition_version
),

changes as (
    select
        by_version.*,
        goal_definitions.valid_from as changed_at,
        lag(by_version.definition_version) over (
            partition by by_version.environment, by_version.agent, by_version.goal
            order by by_version.definition_version
        ) as previous_version,
        {%- for column in ['count_judged', 'count_achieved', 'count_achieved_by_next'] %}
        lag(by_version.{{ column }}) over (
            partition by by_version.environment, by_version.agent, by_version.goal
            order by by_version.definition_version
        ) as previous_{{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from by_version
    inner join goal_definitions
        on
            by_version.goal = goal_definitions.goal
            and by_version.definition_version = goal_definitions.definition_version
),

rates as (
    select
        changes.*,
        {{ agent_goals.ratio('previous_count_achieved', 'previous_count_judged') }} as rate_before,
        {{ agent_goals.ratio('previous_count_achieved_by_next', 'previous_count_judged') }} as rate_before_restated,
        {{ agent_goals.ratio('count_achieved', 'count_judged') }} as rate_after
    from changes
    -- Only neighbours can be told apart: between others, more than one definition changed.
    where previous_version = definition_version - 1
),

final as (
    select
        {{ keys | join(', ') }},
        definition_version,
        changed_at,
        previous_count_judged as count_judged_before,
        count_judged as count_judged_after,
        rate_before,
        rate_before_restated,
        rate_after,
        rate_after - rate_before as rate_change,
        rate_before_restated - rate_before as change_by_definition,
        rate_after - rate_before_restated as change_by_agent
    from rates
)

select * from final
