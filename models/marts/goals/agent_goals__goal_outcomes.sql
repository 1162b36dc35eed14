{{ agent_goals.kept_by(['session']) }}

with

outcomes as (
    {{ agent_goals.open_rows('int_agent_goals__outcomes') }}
),

outcome_money as (
    select * from {{ ref('int_agent_goals__outcome_money') }}
),

rule_derived as (
    select
        environment,
        session_id,
        goal,
        source_goal
    from {{ ref('int_agent_goals__outcomes') }}
    where is_rule_derived
),

-- A goal that a rule derives was worked for by working for the goal that the rule looks at.
source_costs as (
    select
        rule_derived.environment,
        rule_derived.session_id,
        rule_derived.goal,
        outcome_money.rolled_up_cost
    from rule_derived
    inner join {{ ref('int_agent_goals__outcome_money') }} as outcome_money
        on
            {{ agent_goals.same_session('rule_derived', 'outcome_money') }}
            and rule_derived.source_goal = outcome_money.goal
),

joined as (
    select
        outcomes.*,
        outcome_money.parent_goal,
        outcome_money.depth,
        outcome_money.is_top_level,
        outcome_money.is_recorded_top_level,
        outcome_money.is_leaf,
        outcome_money.has_dropped_parent,
        outcome_money.count_sub_goals as count_all_sub_goals,
        outcome_money.count_sub_goals_achieved as count_all_sub_goals_achieved,
        outcome_money.progress as composite_progress,
        outcome_money.has_missing_sub_goals as is_missing_sub_goals,
        outcome_money.has_unmet_sub_goals as is_against_sub_goals,
        outcome_money.own_cost,
        outcome_money.rolled_up_cost,
        outcome_money.count_missing_amounts,
        outcome_money.own_value,
        outcome_money.default_value,
        outcome_money.unrealised_value,
        outcome_money.rolled_up_value,
        case when outcomes.is_rule_derived then source_costs.rolled_up_cost else outcome_money.rolled_up_cost end
            as metric_cost,
        {{ agent_goals.local_date('outcomes.session_started_at') }} as session_date
    -- Every outcome has one of each. A left join says so to planners, which else guess low and hold the wide outcomes in
    -- memory to look up the narrow rest.
    from outcomes
    left join outcome_money
        on {{ agent_goals.same_goal('outcomes', 'outcome_money') }}
    left join source_costs
        on {{ agent_goals.same_goal('outcomes', 'source_costs') }}
),

final as (
    select
        environment,
        session_id,
        goal,
        agent,
        customer_id,
        customer_segment,
        channel,
        model,
        experiment,
        variant,
        session_started_at,
        session_date,

        verdict,
        case verdict when 'achieved' then true when 'not_achieved' then false end as is_achieved,
        verdict_source,
        human_verdict,
        automatic_verdict,
        judge_verdict,
        derived_verdict,
        coalesce(human_verdict <> automatic_verdict, false)
        or coalesce(human_verdict <> judge_verdict, false)
        or coalesce(automatic_verdict <> judge_verdict, false) as has_conflicting_verdicts,
        definition_version,
        is_decided_by_definition,
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
        {{ agent_goals.outcome_attainment() | indent(8) }} as score_attainment,
        has_verdict_against_threshold,

        time_to_goal_seconds,
        has_negative_time_to_goal,

        parent_goal,
        depth,
        is_top_level,
        is_recorded_top_level,
        is_leaf,
        has_dropped_parent,
        count_all_sub_goals as count_sub_goals,
        count_all_sub_goals_achieved as count_sub_goals_achieved,
        composite_progress as progress,
        is_missing_sub_goals as has_missing_sub_goals,
        is_against_sub_goals as has_unmet_sub_goals,
        goal_kind,
        goal_scope,
        is_recorded,
        coalesce(verdict_source = 'derived', false) as is_derived,
        is_rule_derived,
        source_goal,
        is_defined,
        is_expected,
        is_primary,

        own_cost,
        rolled_up_cost,
        metric_cost,
        count_missing_amounts,
        own_value,
        default_value,
        unrealised_value,
        rolled_up_value,
        {{ agent_goals.outcome_potential_value() }} as potential_value,
        {{ agent_goals.as_type('coalesce(expected_value, value_per_achievement)', 'decimal') }} as value_at_stake,
        target_achievement_rate,
        metadata
    from joined
)

select * from final
