with

outcomes as (
    select * from {{ ref('int_agent_goals__outcomes') }}
),

goal_positions as (
    select * from {{ ref('int_agent_goals__goal_positions') }}
),

outcome_money as (
    select * from {{ ref('int_agent_goals__outcome_money') }}
),

sessions as (
    select * from {{ ref('int_agent_goals__sessions') }}
),

joined as (
    select
        outcomes.*,
        goal_positions.parent_goal,
        goal_positions.depth,
        goal_positions.is_top_level,
        goal_positions.is_recorded_top_level,
        goal_positions.is_leaf,
        goal_positions.has_dropped_parent,
        outcome_money.own_cost,
        outcome_money.rolled_up_cost,
        outcome_money.count_missing_amounts,
        outcome_money.own_value,
        outcome_money.default_value,
        outcome_money.unrealised_value,
        outcome_money.rolled_up_value,
        coalesce(outcomes.agent, sessions.agent) as outcome_agent,
        coalesce(outcomes.experiment, sessions.experiment) as outcome_experiment,
        coalesce(outcomes.variant, sessions.variant) as outcome_variant,
        sessions.customer_id,
        sessions.customer_segment,
        sessions.channel,
        sessions.model,
        sessions.started_at as session_started_at,
        {{ agent_goals.local_date('sessions.started_at') }} as session_date,
        case
            when outcomes.verdict <> 'achieved' then null
            when outcomes.reported_time_to_goal_seconds is not null then outcomes.reported_time_to_goal_seconds
            -- A session that begins with the verdict itself says nothing about the time that it took.
            when
                sessions.reported_started_at is null
                and outcomes.first_automatic_achieved_at = sessions.first_goal_at
                and (sessions.first_action_at is null or sessions.first_action_at >= sessions.first_goal_at)
                then null
            else {{ agent_goals.seconds_between('sessions.started_at', 'outcomes.first_automatic_achieved_at') }}
        end as signed_time_to_goal_seconds
    from outcomes
    inner join goal_positions
        on {{ agent_goals.same_goal('outcomes', 'goal_positions') }}
    inner join outcome_money
        on {{ agent_goals.same_goal('outcomes', 'outcome_money') }}
    inner join sessions
        on {{ agent_goals.same_session('outcomes', 'sessions') }}
),

final as (
    select
        environment,
        session_id,
        goal,
        outcome_agent as agent,
        customer_id,
        customer_segment,
        channel,
        model,
        outcome_experiment as experiment,
        outcome_variant as variant,
        session_started_at,
        session_date,

        verdict,
        case verdict when 'achieved' then true when 'not_achieved' then false end as is_achieved,
        verdict_source,
        human_verdict,
        automatic_verdict,
        judge_verdict,
        coalesce(human_verdict <> automatic_verdict, false)
        or coalesce(human_verdict <> judge_verdict, false)
        or coalesce(automatic_verdict <> judge_verdict, false) as has_conflicting_verdicts,
        decided_at,
        first_achieved_at,
        evaluator,
        evaluator_version,
        label,
        reason,
        count_goal_events,
        count_tries,
        count_interactions,
        coalesce(is_escalated, false) as is_escalated,
        customer_satisfaction,

        score,
        threshold,
        threshold_operator,
        case
            when threshold > 0 and threshold_operator in ('>=', '>')
                then {{ agent_goals.as_type('least(' ~ agent_goals.ratio('score', 'threshold') ~ ', 1)', 'decimal') }}
        end as score_attainment,
        has_verdict_against_threshold,

        case when signed_time_to_goal_seconds >= 0 then {{ agent_goals.as_type('signed_time_to_goal_seconds', 'decimal') }} end
            as time_to_goal_seconds,
        coalesce(signed_time_to_goal_seconds < 0, false) as has_negative_time_to_goal,

        parent_goal,
        depth,
        is_top_level,
        is_recorded_top_level,
        is_leaf,
        has_dropped_parent,
        goal_kind,
        is_recorded,
        is_defined,
        is_expected,
        is_primary,

        own_cost,
        rolled_up_cost,
        rolled_up_cost as metric_cost,
        count_missing_amounts,
        own_value,
        default_value,
        unrealised_value,
        rolled_up_value,
        {{ agent_goals.as_type(
            "case verdict when 'achieved' then rolled_up_value "
            ~ "when 'not_achieved' then coalesce(expected_value, goal_value, value_per_achievement) end", 'decimal'
        ) }} as potential_value,
        metadata
    from joined
)

select * from final
