{%- set questions = {
    'is_better': 'goal_achievement_rate',
    'is_cheaper': 'fully_loaded_cost_per_goal',
    'is_faster': 'average_time_to_goal_seconds',
    'is_worth_more': 'net_value_per_unit',
} -%}
with

results as (
    select * from {{ ref('agent_goals__experiment_results') }}
),

plans as (
    select * from {{ ref('int_agent_goals__experiment_plans') }}
),

variants as (
    select * from {{ ref('agent_goals__experiment_variants') }}
),

-- What an exposed unit achieves, and what its attempts cost.
per_unit as (
    select
        achieved.experiment,
        achieved.goal,
        achieved.variant,
        achieved.estimate as achieved_per_unit,
        costs.sum_numerator / achieved.count_units as cost_per_unit
    from variants as achieved
    left join variants as costs
        on
            {{ agent_goals.same_columns('achieved', 'costs', ['experiment', 'goal', 'variant']) }}
            and costs.metric = 'fully_loaded_cost_per_goal'
            and costs.is_known
    where achieved.metric = 'achieved_per_unit' and achieved.count_units > 0
),

guardrails as (
    select
        experiment,
        variant,
        count(*) as count_guardrails,
        count(case when guardrail_status = 'failed' then 1 end) as count_guardrails_failed,
        count(case when guardrail_status = 'unclear' then 1 end) as count_guardrails_unclear
    from results
    where is_guardrail
    group by experiment, variant
),

-- One row per goal: the answers by metric side by side. The verdict is on the goal's achievement, or on the planned metric
-- where the goal is the primary one.
answered as (
    select
        results.experiment,
        results.goal,
        results.variant,
        results.control_variant,
        results.design,
        coalesce(results.goal = plans.primary_goal, false) as is_primary_goal,
        plans.has_reached_plan,
        {%- for question, metric in questions.items() %}
        max(
            case when results.metric = '{{ metric }}' and results.status <> 'not_known' then results.verdict end
        ) as {{ question }},
        {%- endfor %}
        max(case when results.metric = 'goal_achievement_rate' then results.estimate_control end) as achievement_rate_control,
        max(case when results.metric = 'goal_achievement_rate' then results.estimate end) as achievement_rate,
        max(
            case
                when results.goal = plans.primary_goal and results.metric = plans.primary_metric then results.verdict
                when
                    coalesce(results.goal <> plans.primary_goal, true)
                    and results.metric = 'goal_achievement_rate'
                    then results.verdict
            end
        ) as metric_verdict
    from results
    inner join plans
        on results.experiment = plans.experiment
    group by
        results.experiment,
        results.goal,
        results.variant,
        results.control_variant,
        results.design,
        coalesce(results.goal = plans.primary_goal, false),
        plans.has_reached_plan
),

compared as (
    select
        answered.*,
        coalesce(guardrails.count_guardrails, 0) as count_guardrails,
        coalesce(guardrails.count_guardrails_failed, 0) as count_guardrails_failed,
        coalesce(guardrails.count_guardrails_unclear, 0) as count_guardrails_unclear,
        of_control.cost_per_unit as cost_per_unit_control,
        of_variant.cost_per_unit,
        of_variant.achieved_per_unit - of_control.achieved_per_unit as additional_goals_per_unit,
        of_variant.cost_per_unit - of_control.cost_per_unit as additional_cost_per_unit
    from answered
    left join guardrails
        on {{ agent_goals.same_columns('answered', 'guardrails', ['experiment', 'variant']) }}
    left join per_unit as of_variant
        on {{ agent_goals.same_columns('answered', 'of_variant', ['experiment', 'goal', 'variant']) }}
    left join per_unit as of_control
        on
            {{ agent_goals.same_columns('answered', 'of_control', ['experiment', 'goal']) }}
            and answered.control_variant = of_control.variant
),

final as (
    select
        experiment,
        goal,
        variant,
        control_variant,
        design,
        is_primary_goal,
        has_reached_plan,
        achievement_rate_control,
        achievement_rate,
        {%- for question in questions %}
        {{ question }},
        {%- endfor %}
        cost_per_unit_control,
        cost_per_unit,
        additional_goals_per_unit,
        additional_cost_per_unit,
        -- What one more achieved goal costs, where it is bought.
        case
            when additional_goals_per_unit > 0 and additional_cost_per_unit > 0
                then additional_cost_per_unit / additional_goals_per_unit
        end as cost_per_additional_goal,
        {{ agent_goals.as_type("case
            when additional_goals_per_unit is null or additional_cost_per_unit is null then 'not known'
            when additional_goals_per_unit >= 0 and additional_cost_per_unit <= 0 then 'achieves no less and costs no more'
            when additional_goals_per_unit > 0 then 'achieves more and costs more'
            when additional_cost_per_unit < 0 then 'achieves less and costs less'
            else 'achieves no more and costs no less'
        end", 'text') }} as trade_off,
        count_guardrails,
        count_guardrails_failed,
        count_guardrails_unclear,
        {{ agent_goals.as_type("case
            when metric_verdict = 'do not trust: sample ratio' then metric_verdict
            when count_guardrails_failed > 0 then 'worse'
            when metric_verdict = 'better' and count_guardrails_unclear > 0 then 'no difference yet'
            else metric_verdict
        end", 'text') }} as verdict,
        {{ agent_goals.as_type("case
            when metric_verdict = 'do not trust: sample ratio'
                then 'The variants did not get the share of units that they should have.'
            when count_guardrails_failed > 0 then 'A guardrail has lost more than its margin.'
            when metric_verdict = 'better' and count_guardrails_unclear > 0
                then 'It is better, but a guardrail is not yet shown to stay within its margin.'
            when is_primary_goal then 'As the primary metric stands.'
            else 'As the achievement rate stands.'
        end", 'text') }} as verdict_reason
    from compared
)

select * from final
