{{ config(materialized='view') }}

{%- set sources = agent_goals.setting('verdict_precedence') -%}
{%- set last_recorded = agent_goals.last_recorded() -%}
with

unit_verdicts as (
    select * from {{ ref('int_agent_goals__unit_verdicts') }}
),

contested_outcomes as (
    select * from {{ ref('int_agent_goals__contested_outcomes') }}
),

-- What one event says of a goal stands as it is, and is not written a second time.
uncontested as (
    select
        environment,
        customer_goal,
        unit_id,
        goal,
        unit_started_at,
        is_unit_started_by_goal,
        case when verdict is not null then definition_version end as definition_version,
        coalesce(verdict, 'unjudged') as verdict,
        case when verdict is not null then verdict_source end as verdict_source,
        verdict is not null and is_decided_by_definition as is_decided_by_definition,
        case when verdict is not null then occurred_at end as decided_at,
        score,
        case when score is not null then threshold end as threshold,
        case when score is not null then threshold_operator end as threshold_operator,
        {%- for source in sources %}
        case when verdict_source = '{{ source }}' then verdict end as {{ source }}_verdict,
        {%- endfor %}
        {%- for field in last_recorded %}
        {{ field }},
        {%- endfor %}
        parent_goal,
        case when parent_goal is not null then false end as has_second_parent,
        sub_goals_achieved,
        case when sub_goals_achieved is not null then occurred_at end as sub_goals_achieved_at,
        case when verdict_source = 'automatic' then time_to_goal_seconds end as reported_time_to_goal_seconds,
        case when verdict_source = 'automatic' and verdict = 'achieved' then occurred_at end as first_automatic_achieved_at,
        case when verdict = 'achieved' then occurred_at end as first_achieved_at,
        occurred_at as first_event_at,
        1 as count_goal_events,
        count_attempts,
        case when verdict_source = 'automatic' then 1 else 0 end as count_automatic_events,
        contradicts_threshold as has_verdict_against_threshold
    from unit_verdicts
    where
        not exists (
            select 1 from {{ ref('int_agent_goals__contested_outcomes') }} as contested
            where {{ agent_goals.same_unit_goal('unit_verdicts', 'contested') | indent(12) }}
        )
),

decided as (
    select * from uncontested
    union all
    select * from contested_outcomes
),

timed as (
    select
        decided.*,
        case
            when verdict <> 'achieved' then null
            when reported_time_to_goal_seconds is not null then reported_time_to_goal_seconds
            when is_unit_started_by_goal and first_automatic_achieved_at = unit_started_at then null
            else {{ agent_goals.seconds_between('unit_started_at', 'first_automatic_achieved_at') }}
        end as signed_time_to_goal_seconds
    from decided
),

final as (
    select
        environment,
        customer_goal,
        unit_id,
        goal,
        unit_started_at,
        definition_version,
        verdict,
        verdict_source,
        is_decided_by_definition,
        {%- for source in sources %}
        {{ source }}_verdict,
        {%- endfor %}
        {%- for field in last_recorded %}
        {{ field }},
        {%- endfor %}
        parent_goal,
        has_second_parent,
        sub_goals_achieved,
        sub_goals_achieved_at,
        score,
        threshold,
        threshold_operator,
        {{ agent_goals.as_type('case when signed_time_to_goal_seconds >= 0 then signed_time_to_goal_seconds end', 'decimal') }}
            as time_to_goal_seconds,
        coalesce(signed_time_to_goal_seconds < 0, false) as has_negative_time_to_goal,
        first_achieved_at,
        decided_at,
        first_event_at,
        count_goal_events,
        case
            when count_attempts is not null then count_attempts
            when count_automatic_events > 0 then count_automatic_events
            else 1
        end as count_tries,
        has_verdict_against_threshold
    from timed
)

select * from final
