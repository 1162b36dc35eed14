{{ config(materialized='view') }}

{%- set recorded_fields = [
    'is_decided_by_definition', 'evaluator', 'evaluator_version', 'label', 'reason', 'goal_value', 'expected_value',
    'count_interactions', 'is_escalated', 'customer_satisfaction', 'agent', 'experiment', 'variant', 'metadata',
    'time_to_goal_seconds', 'has_negative_time_to_goal', 'first_achieved_at', 'first_event_at', 'last_event_at',
    'count_goal_events', 'has_verdict_against_threshold',
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

outcome_keys as (
    select environment, customer_goal, unit_id, goal from recorded_outcomes
    union
    select environment, customer_goal, unit_id, goal from listed_outcomes
    union
    select environment, customer_goal, unit_id, goal from derived_outcomes
),

-- What was recorded beats what a list says, and that beats what is derived.
final as (
    select
        outcome_keys.environment,
        outcome_keys.customer_goal,
        outcome_keys.unit_id,
        outcome_keys.goal,
        recorded_outcomes.goal is not null as is_recorded,
        coalesce(derived_outcomes.is_rule_derived, false) as is_rule_derived,
        case when derived_outcomes.is_rule_derived then derived_outcomes.rests_on_goal end as source_goal,
        case
            when recorded_outcomes.goal is not null then recorded_outcomes.verdict
            when listed_outcomes.goal is not null then 'achieved'
            else derived_outcomes.verdict
        end as verdict,
        case when recorded_outcomes.goal is not null then recorded_outcomes.verdict_source else 'derived' end as verdict_source,
        {%- for source in agent_goals.setting('verdict_precedence') %}
        recorded_outcomes.{{ source }}_verdict,
        {%- endfor %}
        case when listed_outcomes.goal is not null then 'achieved' else derived_outcomes.derived_verdict end
            as derived_verdict,
        case
            when recorded_outcomes.goal is not null then recorded_outcomes.definition_version
            when listed_outcomes.goal is null then derived_outcomes.definition_version
        end as definition_version,
        case
            when recorded_outcomes.goal is not null then recorded_outcomes.decided_at
            else coalesce(listed_outcomes.decided_at, derived_outcomes.decided_at)
        end as decided_at,
        {%- for field in ['score', 'threshold', 'threshold_operator', 'count_tries'] %}
        case when recorded_outcomes.goal is not null then recorded_outcomes.{{ field }} else derived_outcomes.{{ field }} end
            as {{ field }},
        {%- endfor %}
        {%- for field in recorded_fields %}
        recorded_outcomes.{{ field }},
        {%- endfor %}
        case when recorded_outcomes.goal is not null then recorded_outcomes.parent_goal else listed_outcomes.parent_goal end
            as parent_goal,
        case
            when recorded_outcomes.goal is not null then recorded_outcomes.has_second_parent
            else listed_outcomes.has_second_parent
        end as has_second_parent,
        coalesce(derived_outcomes.count_sub_goals, 0) as count_sub_goals,
        coalesce(derived_outcomes.count_sub_goals_achieved, 0) as count_sub_goals_achieved,
        derived_outcomes.progress,
        coalesce(derived_outcomes.has_missing_sub_goals, false) as has_missing_sub_goals,
        coalesce(derived_outcomes.has_unmet_sub_goals, false) as has_unmet_sub_goals
    from outcome_keys
    {%- for part in ['recorded_outcomes', 'listed_outcomes', 'derived_outcomes'] %}
    left join {{ part }}
        on {{ agent_goals.same_unit_goal('outcome_keys', part) }}
    {%- endfor %}
)

select * from final
