{%- set sources = agent_goals.setting('verdict_precedence') -%}
with

unit_outcomes as (
    select
        unit_outcomes.*,
        unit_id as session_id
    from {{ ref('int_agent_goals__unit_outcomes') }} as unit_outcomes
    where customer_goal = ''
),

sessions as (
    select * from {{ ref('int_agent_goals__sessions') }}
),

cost_events as (
    select * from {{ ref('stg_agent_goals__cost_events') }}
),

goal_definitions as (
    select * from {{ ref('stg_agent_goals__goal_definitions') }}
),

goals_with_costs as (
    select
        environment,
        session_id,
        goal
    from cost_events
    where goal is not null and cost_type <> 'evaluation'
    group by environment, session_id, goal
),

expected_goals as (
    select
        sessions.environment,
        sessions.session_id,
        goal_definitions.goal
    from sessions
    inner join goal_definitions
        on
            {{ agent_goals.in_force('goal_definitions', 'sessions.started_at') }}
            and {{ agent_goals.is_expected_of('goal_definitions', 'sessions.agent') | indent(12) }}
),

-- A recorded or derived outcome, a cost that names a goal, or an expectation is each enough for an outcome to exist.
outcome_keys as (
    select environment, session_id, goal from unit_outcomes
    union
    select environment, session_id, goal from goals_with_costs
    union
    select environment, session_id, goal from expected_goals
),

final as (
    select
        outcome_keys.environment,
        outcome_keys.session_id,
        outcome_keys.goal,
        coalesce(unit_outcomes.is_recorded, false) as is_recorded,
        coalesce(unit_outcomes.is_rule_derived, false) as is_rule_derived,
        unit_outcomes.source_goal,
        expected_goals.goal is not null as is_expected,
        goal_definitions.goal is not null as is_defined,
        coalesce(goal_definitions.kind, 'binary') as goal_kind,
        coalesce(goal_definitions.scope, 'session') as goal_scope,
        goal_definitions.sequence as goal_sequence,
        coalesce(goal_definitions.weight, 1) as goal_weight,
        coalesce(goal_definitions.is_primary, false) as is_primary,
        -- What a customer's achievement is worth counts once, on the customer's outcome.
        case when goal_definitions.scope <> 'customer' then goal_definitions.value_per_achievement end
            as value_per_achievement,
        goal_definitions.target_achievement_rate,
        -- Recorded parentage is for goals that nobody defined.
        case when goal_definitions.goal is not null then goal_definitions.parent_goal else unit_outcomes.parent_goal end
            as claimed_parent_goal,
        coalesce(unit_outcomes.has_second_parent and goal_definitions.goal is null, false) as has_second_parent,
        coalesce(unit_outcomes.verdict, 'unjudged') as verdict,
        unit_outcomes.verdict_source,
        {%- for source in sources %}
        unit_outcomes.{{ source }}_verdict,
        {%- endfor %}
        unit_outcomes.derived_verdict,
        coalesce(unit_outcomes.definition_version, goal_definitions.definition_version) as definition_version,
        coalesce(unit_outcomes.is_decided_by_definition, false) as is_decided_by_definition,
        unit_outcomes.decided_at,
        unit_outcomes.score,
        unit_outcomes.threshold,
        unit_outcomes.threshold_operator,
        coalesce(unit_outcomes.count_sub_goals, 0) as count_sub_goals,
        coalesce(unit_outcomes.count_sub_goals_achieved, 0) as count_sub_goals_achieved,
        unit_outcomes.progress,
        coalesce(unit_outcomes.has_missing_sub_goals, false) as has_missing_sub_goals,
        coalesce(unit_outcomes.has_unmet_sub_goals, false) as has_unmet_sub_goals,
        unit_outcomes.evaluator,
        unit_outcomes.evaluator_version,
        unit_outcomes.label,
        unit_outcomes.reason,
        unit_outcomes.goal_value,
        unit_outcomes.expected_value,
        unit_outcomes.count_interactions,
        unit_outcomes.is_escalated,
        unit_outcomes.customer_satisfaction,
        unit_outcomes.agent,
        unit_outcomes.experiment,
        unit_outcomes.variant,
        unit_outcomes.metadata,
        unit_outcomes.time_to_goal_seconds,
        coalesce(unit_outcomes.has_negative_time_to_goal, false) as has_negative_time_to_goal,
        unit_outcomes.first_achieved_at,
        unit_outcomes.first_event_at,
        unit_outcomes.last_event_at,
        coalesce(unit_outcomes.count_goal_events, 0) as count_goal_events,
        unit_outcomes.count_tries,
        coalesce(unit_outcomes.has_verdict_against_threshold, false) as has_verdict_against_threshold
    from outcome_keys
    inner join sessions
        on {{ agent_goals.same_session('outcome_keys', 'sessions') }}
    {%- for part in ['unit_outcomes', 'expected_goals'] %}
    left join {{ part }}
        on {{ agent_goals.same_goal('outcome_keys', part) }}
    {%- endfor %}
    left join goal_definitions
        on
            outcome_keys.goal = goal_definitions.goal
            and {{ agent_goals.in_force('goal_definitions', 'sessions.started_at') }}
)

select * from final
