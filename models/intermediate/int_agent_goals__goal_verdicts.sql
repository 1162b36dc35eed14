with

goal_events as (
    select * from {{ ref('stg_agent_goals__goal_events') }}
),

goal_definitions as (
    select * from {{ ref('stg_agent_goals__goal_definitions') }}
),

-- A goal that is defined as a score makes a bare value a score and lends its threshold.
defined as (
    select
        goal_events.*,
        goal_definitions.goal is not null as is_defined,
        coalesce(goal_definitions.kind, 'binary') = 'score' as is_defined_score,
        goal_definitions.threshold as defined_threshold,
        goal_definitions.threshold_operator as defined_operator
    from goal_events
    left join goal_definitions
        on goal_events.goal = goal_definitions.goal
),

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
        verdict_source,
        evaluator,
        evaluator_version,
        label,
        reason,
        coalesce(verdict, case when meets_threshold then 'achieved' when not meets_threshold then 'not_achieved' end)
            as verdict,
        -- Compared as they were sent, and rounded from here on.
        {{ agent_goals.as_type('effective_score', 'decimal') }} as score,
        {{ agent_goals.as_type('effective_threshold', 'decimal') }} as threshold,
        effective_operator as threshold_operator,
        coalesce(
            is_verdict_sent and (verdict = 'achieved') <> meets_threshold,
            false
        ) as contradicts_threshold,
        effective_value as goal_value,
        expected_value,
        parent_goal,
        time_to_goal_seconds,
        count_attempts,
        count_interactions,
        is_escalated,
        customer_satisfaction,
        agent,
        customer_id,
        experiment,
        variant,
        metadata,
        row_number() over (
            partition by environment, session_id, goal
            order by occurred_at, loaded_at, event_id
        ) as event_ordinal,
        {{ agent_goals.verdict_trust('verdict_source') }} as verdict_trust
    from compared
)

select * from final
