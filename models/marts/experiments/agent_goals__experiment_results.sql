{%- set alpha = (1 - agent_goals.setting('experiment_confidence')) | round(12) -%}
{%- set family = ['experiment', 'goal', 'metric'] -%}
with

estimates as (
    select * from {{ ref('int_agent_goals__experiment_estimates') }}
),

experiments as (
    select * from {{ ref('int_agent_goals__experiment_plans') }}
),

roled as (
    select
        estimates.*,
        experiments.has_reached_plan,
        experiments.has_sample_ratio_mismatch,
        coalesce(estimates.goal = experiments.primary_goal and estimates.metric = experiments.primary_metric, false)
            as is_primary,
        coalesce(
            {{ agent_goals.as_type(agent_goals.json_text_at(
                'experiments.guardrails', "estimates.goal || '.' || estimates.metric"
            ), 'double') }},
            case
                when estimates.goal = experiments.primary_goal
                    then {{ agent_goals.as_type(
                        agent_goals.json_text_at('experiments.guardrails', 'estimates.metric'), 'double'
                    ) }}
            end
        ) as guardrail_margin
    from estimates
    inner join experiments
        on estimates.experiment = experiments.experiment
),

-- Several variants are several chances to be wrong about one metric, and several metrics are more. A guardrail is no
-- discovery.
corrected as (
    {{ agent_goals.holm_p_value('roled', 'p_value', 'p_value_holm', family, ['variant']) | indent(4) }}
),

always_corrected as (
    {{ agent_goals.holm_p_value(
        'corrected', 'always_valid_p_value', 'always_valid_p_value_holm', family, ['variant']
    ) | indent(4) }}
),

searched as (
    select
        always_corrected.*,
        case when guardrail_margin is null then p_value end as discovery_p_value
    from always_corrected
),

ranked as (
    {{ agent_goals.benjamini_hochberg_q_value(
        'searched', 'discovery_p_value', 'q_value', ['experiment'], ['goal', 'metric', 'variant']
    ) | indent(4) }}
),

-- Until the plan is reached people look whenever they like.
standing as (
    select
        ranked.*,
        case when has_reached_plan or design = 'paired' then 'holm' else 'always_valid' end as stands_on,
        case when has_reached_plan or design = 'paired' then p_value_holm else always_valid_p_value_holm end
            as decision_p_value,
        case when metric_kind = 'ratio' then 'lift' else 'difference' end as headline_scale,
        case
            when not has_reached_plan and design <> 'paired' then sequential_low
            when metric_kind = 'ratio' then lift_low
            else difference_low
        end as headline_low,
        case
            when not has_reached_plan and design <> 'paired' then sequential_high
            when metric_kind = 'ratio' then lift_high
            else difference_high
        end as headline_high,
        coalesce(
            better * effect, better * linear_statistic
        ) as advantage
    from ranked
),

-- The headline interval as a share of the control, so that more is better.
guarded as (
    select
        standing.*,
        case
            when headline_scale = 'lift' and better > 0 then headline_low
            when headline_scale = 'lift' then -headline_high
            when control_level > 0 and better > 0 then headline_low / control_level
            when control_level > 0 then -headline_high / control_level
        end as worst_gain,
        case
            when headline_scale = 'lift' and better > 0 then headline_high
            when headline_scale = 'lift' then -headline_low
            when control_level > 0 and better > 0 then headline_high / control_level
            when control_level > 0 then -headline_low / control_level
        end as best_gain
    from standing
),

verdicts as (
    select
        guarded.*,
        case
            when guardrail_margin is null then null
            when
                control_units < {{ agent_goals.setting('experiment_min_units') }}
                or units < {{ agent_goals.setting('experiment_min_units') }}
                then 'unclear'
            when worst_gain > -guardrail_margin then 'passed'
            when best_gain < -guardrail_margin then 'failed'
            else 'unclear'
        end as guardrail_status,
        case
            when has_sample_ratio_mismatch then 'do not trust: sample ratio'
            when
                control_units < {{ agent_goals.setting('experiment_min_units') }}
                or units < {{ agent_goals.setting('experiment_min_units') }}
                or decision_p_value is null
                then 'not enough data'
            when decision_p_value < {{ alpha }} and advantage > 0 then 'better'
            when decision_p_value < {{ alpha }} and advantage < 0 then 'worse'
            when has_reached_plan or design = 'paired' then 'no difference'
            else 'no difference yet'
        end as verdict
    from guarded
),

final as (
    select
        experiment,
        goal,
        metric,
        variant,
        control_variant,
        design,
        metric_kind,
        better > 0 as is_higher_better,
        is_primary,
        guardrail_margin is not null as is_guardrail,
        shown_status as status,

        {{ agent_goals.as_type('control_units', 'integer') }} as count_units_control,
        {{ agent_goals.as_type('units', 'integer') }} as count_units,
        control_estimate as estimate_control,
        estimate,
        control_error as standard_error_control,
        error as standard_error,
        variance_reduction,

        difference,
        difference_low,
        difference_high,
        lift,
        lift_low,
        lift_high,
        statistic,
        degrees_of_freedom,
        p_value,
        p_value_method,
        p_value_linearised,
        p_value_holm,
        q_value,

        sequential_p_value,
        sequential_low,
        sequential_high,
        always_valid_p_value,
        always_valid_p_value_holm,

        chance_to_win,
        minimum_detectable_lift,
        count_units_for_10_percent,

        has_reached_plan,
        stands_on,
        decision_p_value,
        headline_scale,
        headline_low,
        headline_high,
        guardrail_margin,
        guardrail_status,
        {{ agent_goals.as_type('verdict', 'text') }} as verdict,
        {{ agent_goals.as_type("case
            when verdict = 'do not trust: sample ratio'
                then 'The variants did not get the share of units that they should have.'
            when decision_p_value is null and shown_status = 'arm_missing' then 'One of the two has no units.'
            when decision_p_value is null and shown_status = 'not_known'
                then 'The cost or value of this goal is not known for one of the two.'
            when decision_p_value is null and shown_status in ('ratio_undefined', 'ratio_no_data')
                then 'The ratio is not defined for one of the two.'
            when decision_p_value is null and shown_status = 'zero_variance' then 'All units of each are alike.'
            when verdict = 'not enough data'
                then 'One of the two has fewer than " ~ agent_goals.setting('experiment_min_units') ~ " units.'
            when stands_on = 'always_valid' and verdict in ('better', 'worse')
                then 'The always-valid p-value is below " ~ alpha ~ ", whenever one looks.'
            when stands_on = 'always_valid'
                then 'The always-valid p-value is not below " ~ alpha ~ " yet; the plan is not reached.'
            when verdict in ('better', 'worse')
                then 'The p-value, corrected for the number of variants, is below " ~ alpha ~ ".'
            else 'The p-value, corrected for the number of variants, is not below " ~ alpha ~ ".'
        end", 'text') }} as verdict_reason
    from verdicts
)

select * from final
