{%- set alpha = (1 - agent_goals.setting('diagnostics_confidence')) | round(12) -%}
{%- set min_labels = agent_goals.setting('diagnostics_min_attempts') -%}
{%- set keys = ['environment', 'goal', 'evaluator', 'evaluator_version', 'period', 'period_start'] -%}
{%- set judge = 'environment, goal, evaluator, evaluator_version' -%}
{%- set cells = ['true_positive', 'false_positive', 'false_negative', 'true_negative'] -%}
{#- What the raters' cells are called by the statistics: the judge is the first rater, the human the second. -#}
{%- set rated = ['true_positives', 'false_positives', 'false_negatives', 'true_negatives'] -%}
{%- set rates = {
    'accuracy': ('true_positives + true_negatives', 'labels'),
    'judge_precision': ('true_positives', 'true_positives + false_positives'),
    'judge_recall': ('true_positives', 'positives'),
    'judge_specificity': ('true_negatives', 'negatives'),
    'labelled_achievement_rate': ('positives', 'labels'),
} -%}
with

judge_labels as (
    select * from {{ ref('int_agent_goals__judge_labels') }}
),

counted as (
    select
        judge_labels.*,
        {%- for cell in cells %}
        {{ agent_goals.as_type('count_' ~ cell, 'double') }} as {{ cell }}s,
        {%- endfor %}
        {{ agent_goals.as_type('count_true_positive + count_false_negative', 'double') }} as positives,
        {{ agent_goals.as_type('count_true_negative + count_false_positive', 'double') }} as negatives,
        {{ agent_goals.as_type(
            'count_true_positive + count_false_negative + count_true_negative + count_false_positive', 'double'
        ) }} as labels,
        -- What the labels are about is known from them already.
        {{ agent_goals.as_type(
            'count_judged - count_true_positive - count_false_negative - count_true_negative - count_false_positive', 'double'
        ) }} as unlabelled,
        {{ agent_goals.as_type('count_judge_achieved - count_true_positive - count_false_positive', 'double') }}
            as unlabelled_achieved,
        5e-1 * {{ alpha }}e0 + 0e0 * {{ agent_goals.as_type('count_judged', 'double') }} as half_alpha
    from judge_labels
),

measured as (
    select
        counted.*,
        2e0 * half_alpha as alpha,
        -({{ agent_goals.normal_quantile('half_alpha') }}) as z,
        {{ agent_goals.cohens_kappa(*rated) | indent(8) }} as kappa,
        labels - 1e0 as label_degrees_of_freedom,
        case when positives <= negatives then positives else negatives end - 1e0 as rarer_degrees_of_freedom,
        -- With one more of each for the intervals: where no error was seen, there may be one all the same.
        (true_positives + 1e0) / (positives + 2e0) as smoothed_recall,
        (true_negatives + 1e0) / (negatives + 2e0) as smoothed_specificity,
        case when unlabelled > 0e0 then unlabelled_achieved / unlabelled end as unlabelled_rate,
        (unlabelled_achieved + 2e0) / (unlabelled + 4e0) as smoothed_unlabelled_rate,
        labels + 4e0 as smoothed_labels,
        (true_positives + 1e0) / (labels + 4e0) as smoothed_both,
        (positives + 2e0) / (labels + 4e0) as smoothed_human_rate,
        (true_positives + false_positives + 2e0) / (labels + 4e0) as smoothed_judge_rate,
        sum(case when period = 'week' then labels end) over (partition by {{ judge }}) as all_labels,
        sum(case when period = 'week' then true_positives + true_negatives end) over (partition by {{ judge }}) as all_agreements
    from counted
),

{{ agent_goals.t_quantile_ctes('measured', 'alpha', 'label_degrees_of_freedom', 't_of_labels', 'bounded', steps=1) }},

{{ agent_goals.t_quantile_ctes('bounded', 'alpha', 'rarer_degrees_of_freedom', 't_of_rarer', 'twice_bounded', steps=1) }},

-- How much the judge's verdicts tell of the human's says how much of their mean over all sessions to take.
weighted as (
    select
        twice_bounded.*,
        case
            when labels >= {{ min_labels }}
                then greatest(
                    least(
                        (smoothed_both - smoothed_human_rate * smoothed_judge_rate) * unlabelled
                        / (smoothed_judge_rate * (1e0 - smoothed_judge_rate) * (unlabelled + smoothed_labels)),
                        1e0
                    ),
                    0e0
                )
        end as judge_weight,
        {{ agent_goals.cohens_kappa_variance('kappa', *rated) | indent(8) }} as kappa_variance,
        case
            when labels < {{ min_labels }} then 'too few labels'
            when unlabelled = 0e0 then 'all are labelled'
            when positives < 5e0 or negatives < 5e0 then 'too few labels of one kind'
            when true_positives / positives + true_negatives / negatives <= 1e0
                or smoothed_recall + smoothed_specificity <= 1e0 then 'judge no better than chance'
            else 'ok'
        end as rogan_gladen_status,
        -- Pooled z of the share that agrees, where there are enough of both in the week and in the others.
        case
            when
                period = 'week'
                and labels > 0e0
                and all_labels > labels
                and labels * (all_labels - all_agreements) >= 5e0 * all_labels
                and labels * all_agreements >= 5e0 * all_labels
                and (all_labels - labels) * (all_labels - all_agreements) >= 5e0 * all_labels
                and (all_labels - labels) * all_agreements >= 5e0 * all_labels
                then
                    (
                        (true_positives + true_negatives) / labels
                        - (all_agreements - true_positives - true_negatives) / (all_labels - labels)
                    ) / sqrt(
                        all_agreements / all_labels * (1e0 - all_agreements / all_labels)
                        * (1e0 / labels + 1e0 / (all_labels - labels))
                    )
        end as drift_statistic
    from twice_bounded
),

corrected as (
    select
        weighted.*,
        case when period = 'week' and all_labels > labels
            then (all_agreements - true_positives - true_negatives) / (all_labels - labels)
        end as other_weeks_accuracy,
        {{ agent_goals.normal_two_sided_p_value('drift_statistic') | indent(8) }} as drift_p_value,
        case
            when rogan_gladen_status = 'ok'
                then {{ agent_goals.rogan_gladen(
                    'unlabelled_rate', '(true_positives / positives)', '(true_negatives / negatives)'
                ) | indent(16) }}
        end as plain_corrected,
        {{ agent_goals.lang_reiczigel_rate('unlabelled_rate', 'unlabelled', 'z') }} as smoothed_rate,
        case
            when rogan_gladen_status = 'ok'
                then {{ agent_goals.rogan_gladen(
                    agent_goals.lang_reiczigel_rate('unlabelled_rate', 'unlabelled', 'z'),
                    'smoothed_recall', 'smoothed_specificity'
                ) | indent(16) }}
        end as smoothed_corrected,
        case when labels > 0e0 then positives / labels end as human_rate,
        case when labels > 0e0 then (true_positives + false_positives) / labels end as judge_rate,
        smoothed_human_rate + judge_weight * (smoothed_unlabelled_rate - smoothed_judge_rate) as predicted_middle,
        sqrt(
            case
                when unlabelled > 0e0
                    then judge_weight * judge_weight * smoothed_unlabelled_rate * (1e0 - smoothed_unlabelled_rate) / unlabelled
                else 0e0
            end
            + (
                smoothed_human_rate * (1e0 - smoothed_human_rate)
                - 2e0 * judge_weight * (smoothed_both - smoothed_human_rate * smoothed_judge_rate)
                + judge_weight * judge_weight * smoothed_judge_rate * (1e0 - smoothed_judge_rate)
            ) / smoothed_labels
        ) as predicted_error
    from weighted
),

ends as (
    select
        corrected.*,
        case
            when rogan_gladen_status = 'ok'
                then {{ agent_goals.lang_reiczigel_middle(
                    'smoothed_corrected', 'smoothed_recall', 'smoothed_specificity', '(positives + 2e0)', '(negatives + 2e0)', 'z'
                ) | indent(16) }}
        end as corrected_middle,
        case
            when rogan_gladen_status = 'ok'
                then {{ agent_goals.lang_reiczigel_error(
                    'smoothed_corrected', 'smoothed_rate', 'unlabelled', 'smoothed_recall', 'smoothed_specificity',
                    '(positives + 2e0)', '(negatives + 2e0)', 'z'
                ) | indent(16) }}
        end as corrected_error
    from corrected
),

searched as (
    {{ agent_goals.benjamini_hochberg_q_value(
        'ends', 'drift_p_value', 'drift_q_value', ['environment', 'goal', 'evaluator', 'evaluator_version'], ['period_start']
    ) | indent(4) }}
),

final as (
    select
        {{ keys | join(',\n        ') }},
        count_judged,
        count_judge_achieved,
        {{ agent_goals.ratio('count_judge_achieved', 'count_judged') }} as judge_achievement_rate,
        count_judge_not_applicable,
        count_labelled,
        count_sampled,
        count_sampled_labelled,
        label_basis,
        {{ agent_goals.as_type(
            'count_true_positive + count_false_positive + count_false_negative + count_true_negative', 'integer'
        ) }} as count_labels_used,
        {%- for cell in cells %}
        count_{{ cell }},
        {%- endfor %}

        {%- for name, (part, whole) in rates.items() %}
        case when {{ whole }} > 0e0 then ({{ part }}) / ({{ whole }}) end as {{ name }},
        {{ agent_goals.wilson_low('(' ~ part ~ ')', '(' ~ whole ~ ')', 'z') | indent(8) }} as {{ name }}_low,
        {{ agent_goals.wilson_high('(' ~ part ~ ')', '(' ~ whole ~ ')', 'z') | indent(8) }} as {{ name }}_high,
        {%- endfor %}
        kappa,
        kappa - z * sqrt(case when kappa_variance > 0e0 then kappa_variance else 0e0 end) as kappa_low,
        kappa + z * sqrt(case when kappa_variance > 0e0 then kappa_variance else 0e0 end) as kappa_high,

        other_weeks_accuracy,
        drift_p_value,
        drift_q_value,

        {{ agent_goals.as_share('plain_corrected') }} as rogan_gladen_rate,
        {{ agent_goals.as_share('corrected_middle - t_of_rarer * corrected_error') }} as rogan_gladen_rate_low,
        {{ agent_goals.as_share('corrected_middle + t_of_rarer * corrected_error') }} as rogan_gladen_rate_high,
        {{ agent_goals.as_type('rogan_gladen_status', 'text') }} as rogan_gladen_status,
        judge_weight,
        {{ agent_goals.as_share(
            'human_rate + judge_weight * (coalesce(unlabelled_rate, judge_rate) - judge_rate)'
        ) }} as prediction_powered_rate,
        {{ agent_goals.as_share('predicted_middle - t_of_labels * predicted_error') }} as prediction_powered_rate_low,
        {{ agent_goals.as_share('predicted_middle + t_of_labels * predicted_error') }} as prediction_powered_rate_high
    from searched
)

select * from final
