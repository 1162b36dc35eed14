{%- set sources = agent_goals.setting('verdict_precedence') -%}
with

recorded_outcomes as (
    select * from {{ ref('int_agent_goals__recorded_outcomes') }}
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
            goal_definitions.expected_agents = ',*,'
            or position(',' || sessions.agent || ',' in goal_definitions.expected_agents) > 0
),

-- A recorded outcome, a cost that names a goal, or an expectation is each enough for an outcome to exist.
outcome_keys as (
    select environment, session_id, goal from recorded_outcomes
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
        recorded_outcomes.goal is not null as is_recorded,
        expected_goals.goal is not null as is_expected,
        goal_definitions.goal is not null as is_defined,
        coalesce(goal_definitions.kind, 'binary') as goal_kind,
        goal_definitions.sequence as goal_sequence,
        coalesce(goal_definitions.weight, 1) as goal_weight,
        coalesce(goal_definitions.is_primary, false) as is_primary,
        goal_definitions.value_per_achievement,
        -- Recorded parentage is for goals that nobody defined.
        case
            when goal_definitions.goal is not null then goal_definitions.parent_goal
            else recorded_outcomes.parent_goal
        end as claimed_parent_goal,
        coalesce(recorded_outcomes.has_second_parent and goal_definitions.goal is null, false) as has_second_parent,
        coalesce(recorded_outcomes.verdict, 'unjudged') as verdict,
        recorded_outcomes.verdict_source,
        {%- for source in sources %}
        recorded_outcomes.{{ source }}_verdict,
        {%- endfor %}
        recorded_outcomes.decided_at,
        recorded_outcomes.score,
        recorded_outcomes.threshold,
        recorded_outcomes.threshold_operator,
        recorded_outcomes.evaluator,
        recorded_outcomes.evaluator_version,
        recorded_outcomes.label,
        recorded_outcomes.reason,
        recorded_outcomes.goal_value,
        recorded_outcomes.expected_value,
        recorded_outcomes.count_interactions,
        recorded_outcomes.is_escalated,
        recorded_outcomes.customer_satisfaction,
        recorded_outcomes.agent,
        recorded_outcomes.experiment,
        recorded_outcomes.variant,
        recorded_outcomes.metadata,
        recorded_outcomes.reported_time_to_goal_seconds,
        recorded_outcomes.first_automatic_achieved_at,
        recorded_outcomes.first_achieved_at,
        recorded_outcomes.first_event_at,
        recorded_outcomes.last_event_at,
        coalesce(recorded_outcomes.count_goal_events, 0) as count_goal_events,
        recorded_outcomes.count_tries,
        coalesce(recorded_outcomes.has_verdict_against_threshold, false) as has_verdict_against_threshold
    from outcome_keys
    {%- for part in ['recorded_outcomes', 'expected_goals'] %}
    left join {{ part }}
        on {{ agent_goals.same_goal('outcome_keys', part) }}
    {%- endfor %}
    left join goal_definitions
        on outcome_keys.goal = goal_definitions.goal
)

select * from final
