{%- set is_restated = agent_goals.setting('restate_definitions') -%}
with

goal_events as (
    select * from {{ ref('stg_agent_goals__goal_events') }}
),

sessions as (
    select * from {{ ref('int_agent_goals__sessions') }}
),

goal_definitions as (
    select * from {{ ref('stg_agent_goals__goal_definitions') }}
),

placed as (
    select
        goal_events.*,
        sessions.started_at as session_started_at,
        -- A session that begins with a verdict itself says nothing about the time that the verdict took.
        sessions.reported_started_at is null
        and (sessions.first_action_at is null or sessions.first_action_at >= sessions.first_goal_at) as is_started_by_goal
    from goal_events
    inner join sessions
        on {{ agent_goals.same_session('goal_events', 'sessions') }}
),

defined as (
    select
        placed.*,
        {%- if is_restated %}
        -- What the definition decides of an automatic event is decided by the version of today.
        coalesce(todays.definition_version, goal_definitions.definition_version) as definition_version,
        coalesce(todays.kind, goal_definitions.kind, 'binary') = 'score' as is_defined_score,
        case when todays.goal is null then goal_definitions.threshold else todays.threshold end as defined_threshold,
        coalesce(todays.threshold_operator, goal_definitions.threshold_operator) as defined_operator
        {%- else %}
        goal_definitions.definition_version,
        coalesce(goal_definitions.kind, 'binary') = 'score' as is_defined_score,
        goal_definitions.threshold as defined_threshold,
        goal_definitions.threshold_operator as defined_operator
        {%- endif %}
    from placed
    left join goal_definitions
        on
            placed.goal = goal_definitions.goal
            and {{ agent_goals.in_force('goal_definitions', 'placed.session_started_at') }}
    {%- if is_restated %}
    left join goal_definitions as todays
        on
            placed.goal = todays.goal
            and {{ agent_goals.in_force('todays', agent_goals.run_started()) }}
            and placed.verdict_source = 'automatic'
            and placed.verdict is null
    {%- endif %}
),

-- A goal that is defined as a score makes a bare value a score and lends its threshold.
scored as (
    select
        defined.*,
        case
            when is_defined_score then coalesce(score, {{ agent_goals.as_type('bare_value', 'double') }})
            else score
        end as effective_score,
        case
            when is_defined_score then coalesce(threshold, {{ agent_goals.as_type('defined_threshold', 'double') }})
            else threshold
        end as effective_threshold,
        case
            when threshold is not null then threshold_operator
            when is_defined_score and defined_threshold is not null then defined_operator
        end as effective_operator,
        case when is_defined_score and bare_value is not null then null else goal_value end as effective_value
    from defined
),

compared as (
    select
        scored.*,
        {{ agent_goals.meets_threshold('effective_score', 'effective_operator', 'effective_threshold') }} as meets_threshold
    from scored
),

final as (
    select
        event_id,
        environment,
        session_id,
        goal,
        occurred_at,
        loaded_at,
        session_started_at,
        is_started_by_goal,
        definition_version,
        verdict_source,
        evaluator,
        evaluator_version,
        label,
        reason,
        coalesce(verdict, case when meets_threshold then 'achieved' when not meets_threshold then 'not_achieved' end)
            as verdict,
        verdict is null and threshold is null and meets_threshold is not null as is_decided_by_definition,
        -- Compared as they were sent, and rounded from here on.
        {{ agent_goals.double_as_decimal('effective_score') }} as score,
        {{ agent_goals.double_as_decimal('effective_threshold') }} as threshold,
        effective_operator as threshold_operator,
        coalesce(
            is_verdict_sent and (verdict = 'achieved') <> meets_threshold,
            false
        ) as contradicts_threshold,
        effective_value as goal_value,
        expected_value,
        parent_goal,
        sub_goals_achieved,
        time_to_goal_seconds,
        count_attempts,
        count_interactions,
        is_escalated,
        customer_satisfaction,
        agent,
        experiment,
        variant,
        metadata,
        {{ agent_goals.verdict_trust('verdict_source') }} as verdict_trust
    from compared
)

select * from final
