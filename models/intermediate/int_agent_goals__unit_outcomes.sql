{{ config(materialized='view') }}

{%- set recorded_fields = ['is_decided_by_definition'] + agent_goals.last_recorded() + [
    'time_to_goal_seconds', 'has_negative_time_to_goal', 'first_achieved_at', 'first_event_at', 'count_goal_events',
    'has_verdict_against_threshold',
] -%}
with

recorded_outcomes as (
    select * from {{ ref('int_agent_goals__recorded_outcomes') }}
),

listed_outcomes as (
    select * from {{ ref('int_agent_goals__listed_outcomes') }}
),

derived_outcomes as (
    select * from {{ ref('int_agent_goals__derived_outcomes') }}
),

-- What follows without a record of its own: a list beats what is derived.
inferred as (
    select
        coalesce(listed_outcomes.environment, derived_outcomes.environment) as environment,
        coalesce(listed_outcomes.customer_goal, derived_outcomes.customer_goal) as customer_goal,
        coalesce(listed_outcomes.unit_id, derived_outcomes.unit_id) as unit_id,
        coalesce(listed_outcomes.goal, derived_outcomes.goal) as goal,
        case when listed_outcomes.goal is not null then 'achieved' else derived_outcomes.verdict end as verdict,
        case when listed_outcomes.goal is not null then 'achieved' else derived_outcomes.derived_verdict end
            as derived_verdict,
        case when listed_outcomes.goal is null then derived_outcomes.definition_version end as definition_version,
        coalesce(listed_outcomes.decided_at, derived_outcomes.decided_at) as decided_at,
        listed_outcomes.parent_goal,
        listed_outcomes.has_second_parent,
        derived_outcomes.is_rule_derived,
        case when derived_outcomes.is_rule_derived then derived_outcomes.rests_on_goal end as source_goal,
        derived_outcomes.score,
        derived_outcomes.threshold,
        derived_outcomes.threshold_operator,
        derived_outcomes.count_tries,
        derived_outcomes.count_sub_goals,
        derived_outcomes.count_sub_goals_achieved,
        derived_outcomes.progress,
        derived_outcomes.has_missing_sub_goals,
        derived_outcomes.has_unmet_sub_goals
    from listed_outcomes
    full outer join derived_outcomes
        on {{ agent_goals.same_unit_goal('listed_outcomes', 'derived_outcomes') }}
),

-- What was recorded beats all of that.
final as (
    select
        coalesce(recorded_outcomes.environment, inferred.environment) as environment,
        coalesce(recorded_outcomes.customer_goal, inferred.customer_goal) as customer_goal,
        coalesce(recorded_outcomes.unit_id, inferred.unit_id) as unit_id,
        coalesce(recorded_outcomes.goal, inferred.goal) as goal,
        recorded_outcomes.goal is not null as is_recorded,
        coalesce(inferred.is_rule_derived, false) as is_rule_derived,
        inferred.source_goal,
        case when recorded_outcomes.goal is not null then recorded_outcomes.verdict_source else 'derived' end as verdict_source,
        {%- for source in agent_goals.setting('verdict_precedence') %}
        recorded_outcomes.{{ source }}_verdict,
        {%- endfor %}
        inferred.derived_verdict,
        {%- for field in [
            'verdict', 'definition_version', 'decided_at', 'score', 'threshold', 'threshold_operator', 'count_tries',
            'parent_goal', 'has_second_parent',
        ] %}
        case when recorded_outcomes.goal is not null then recorded_outcomes.{{ field }} else inferred.{{ field }} end
            as {{ field }},
        {%- endfor %}
        {%- for field in recorded_fields %}
        recorded_outcomes.{{ field }},
        {%- endfor %}
        coalesce(inferred.count_sub_goals, 0) as count_sub_goals,
        coalesce(inferred.count_sub_goals_achieved, 0) as count_sub_goals_achieved,
        inferred.progress,
        coalesce(inferred.has_missing_sub_goals, false) as has_missing_sub_goals,
        coalesce(inferred.has_unmet_sub_goals, false) as has_unmet_sub_goals
    from recorded_outcomes
    full outer join inferred
        on {{ agent_goals.same_unit_goal('recorded_outcomes', 'inferred') }}
)

select * from final
