{#- A query for one row per (experiment, goal, metric, variant, day): the variant beside the control as they stood with the
    units exposed up to that day, and the always-valid p-value that whoever looked on every day may act on.

    arm_days, arms, experiments  relations like experiment_arm_days' result and the models int_agent_goals__experiment_<name>
    by                           the columns that tell rows apart besides
    covariances                  relation with the covariance of paired units' residuals, or none -#}
{% macro experiment_looks(arm_days, arms, experiments, by=[], covariances=none) -%}
    {%- set double = agent_goals.data_type('double') -%}
    {%- set family = ['experiment'] + by + ['goal', 'metric'] -%}
    {%- set alpha = (1 - agent_goals.setting('experiment_confidence')) | round(12) -%}
    {%- set measures = {
        'count_units': 'units', 'sum_numerator': 'numerator', 'sum_denominator': 'denominator', 'estimate': 'estimate',
        'standard_error': 'error', 'variance_residual': 'residual', 'variance_denominator': 'spread',
        'covariance_residual_denominator': 'slope',
    } -%}
    {%- set covariate_measures = {
        'sum_earlier_numerator': 'earlier_numerator', 'sum_earlier_denominator': 'earlier_denominator',
        'variance_covariate': 'cc', 'variance_earlier_denominator': 'gg', 'covariance_denominators': 'dg',
        'covariance_covariate_denominators': 'cg', 'covariance_residual_covariate': 'ec', 'covariance_residual_earlier': 'eg',
        'covariance_denominator_covariate': 'dc',
    } if agent_goals.has_covariate() else {} -%}
with

arm_days as (
    select * from {{ arm_days }}
),

arms as (
    select * from {{ arms }}
),

experiments as (
    select * from {{ experiments }}
),

shares as (
    select
        experiment,
        variant,
        is_control,
        case
            when sum(expected_weight) over (partition by experiment) > 0
                then expected_weight / sum(expected_weight) over (partition by experiment)
        end as share
    from arms
),

-- The units that are planned for each variant and the control together.
plans as (
    select
        shares.experiment,
        shares.variant,
        case
            when experiments.planned_units * (shares.share + control_shares.share) > 0
                then cast(experiments.planned_units * (shares.share + control_shares.share) as {{ double }})
            else {{ agent_goals.setting('experiment_planned_units') }}e0
        end as planned_units,
        experiments.design
    from shares
    inner join experiments
        on shares.experiment = experiments.experiment
    inner join shares as control_shares
        on
            shares.experiment = control_shares.experiment
            and control_shares.is_control
    where not shares.is_control
),

beside as (
    select
        {%- for column in family %}
        arm_days.{{ column }},
        {%- endfor %}
        arm_days.variant,
        controls.variant as control_variant,
        arm_days.exposed_on,
        arm_days.is_last_look,
        plans.design,
        arm_days.metric_kind,
        arm_days.better,
        plans.planned_units,
        cast({{ alpha }} as {{ double }}) as alpha,
        arm_days.is_known and controls.is_known as is_known,
        {%- for column, name in dict(measures, **covariate_measures).items() %}
        controls.{{ column }} as control_{{ name }},
        arm_days.{{ column }} as {{ name }},
        {%- endfor %}
        {{ 'coalesce(covariances.covariance, 0e0)' if covariances else '0e0' }} as covariance
    from arm_days
    inner join arm_days as controls
        on
            {{ agent_goals.same_columns('arm_days', 'controls', family) }}
            and arm_days.exposed_on = controls.exposed_on
            and controls.is_control
    inner join plans
        on {{ agent_goals.same_columns('arm_days', 'plans', ['experiment', 'variant']) }}
    {%- if covariances %}
    left join {{ covariances }} as covariances
        on {{ agent_goals.same_columns('arm_days', 'covariances', family + ['variant']) }}
    {%- endif %}
),

{% if agent_goals.has_covariate() -%}
{{ agent_goals.experiment_covariate_ctes('beside', 'adjusted') }}
{%- else -%}
adjusted as (
    select
        beside.*,
        control_estimate as control_level,
        estimate as level,
        control_error * control_error as control_variance,
        error * error as variance,
        cast(0e0 as {{ double }}) as variance_reduction
    from beside
),
{%- endif %}

judged as (
    select
        adjusted.*,
        control_units + units as both_units,
        case
            when control_units = 0e0 or units = 0e0 then 'arm_missing'
            when metric_kind <> 'rate' and (control_units < 2e0 or units < 2e0) then 'too_few_units'
            when not is_known then 'not_known'
            when
                metric_kind = 'ratio'
                and (control_denominator + abs(control_numerator) = 0e0 or denominator + abs(numerator) = 0e0)
                then 'ratio_no_data'
            -- Credits can make a sum of costs negative: such a ratio is a number, but not one that a percentage can be taken of.
            when
                metric_kind = 'ratio'
                and (
                    coalesce(control_level, 0e0) <= 0e0 or coalesce(level, 0e0) <= 0e0
                    or control_denominator <= 0e0 or denominator <= 0e0
                )
                then 'ratio_undefined'
            when
                metric_kind <> 'rate'
                and (
                    sqrt(control_variance + variance) <= 1e-13 * greatest(abs(control_level), abs(level))
                    -- Pairs that all differ by the same: what is left of their variance is rounding.
                    or control_variance + variance - 2e0 * covariance <= 1e-12 * (control_variance + variance)
                )
                then case
                    when abs(level - control_level) <= 1e-13 * greatest(abs(control_level), abs(level)) then 'no_variation'
                    else 'zero_variance'
                end
            when
                metric_kind = 'rate'
                and (control_numerator + numerator = 0e0 or control_numerator + numerator = control_units + units)
                then 'no_variation'
            else 'ok'
        end as status
    from adjusted
),

-- A quotient of positives is compared by its logarithm, so that its inverse gives the same answer.
effects as (
    select
        judged.*,
        case
            when status = 'ok' and metric_kind = 'ratio' then ln(level / control_level)
            when status not in ('arm_missing', 'ratio_no_data', 'ratio_undefined', 'not_known') then level - control_level
        end as effect,
        case
            when metric_kind = 'rate' and control_units > 0e0 then control_level * (1e0 - control_level) / control_units
            when metric_kind = 'rate' then null
            when status = 'ok' and metric_kind = 'ratio' then control_variance / (control_level * control_level)
            else control_variance
        end as control_effect_variance,
        case
            when metric_kind = 'rate' and units > 0e0 then level * (1e0 - level) / units
            when metric_kind = 'rate' then null
            when status = 'ok' and metric_kind = 'ratio' then variance / (level * level)
            else variance
        end as effect_variance,
        case
            when status = 'ok' and metric_kind = 'ratio' then covariance / (control_level * level)
            else covariance
        end as effect_covariance
    from judged
),

errors as (
    select
        effects.*,
        case
            when
                control_effect_variance + effect_variance - 2e0 * effect_covariance
                > 1e-12 * (control_effect_variance + effect_variance)
                then sqrt(control_effect_variance + effect_variance - 2e0 * effect_covariance)
            when control_effect_variance + effect_variance is not null then 0e0
        end as effect_error,
        {{ agent_goals.always_valid_mixture('both_units', 'planned_units', 'alpha') }} as mixture
    from effects
),

-- Pairs are complete only in the end, so there is nothing to peek at.
mixed as (
    select
        errors.*,
        case
            when status = 'ok' and effect_error > 0e0 and design <> 'paired' then effect / effect_error
        end as sequential_z,
        case
            when status = 'ok' and effect_error > 0e0 and design <> 'paired'
                then {{ agent_goals.always_valid_half_width('effect_error', 'mixture', 'alpha') | indent(16) }}
        end as sequential_margin
    from errors
),

evidence as (
    select
        mixed.*,
        {{ agent_goals.always_valid_log_e_value('sequential_z', 'mixture') }} as log_evidence
    from mixed
),

sequential as (
    select
        evidence.*,
        {{ agent_goals.always_valid_p_value('log_evidence') | indent(8) }} as sequential_p_value
    from evidence
),

final as (
    select
        sequential.*,
        min(
            case
                when
                    control_units >= {{ agent_goals.setting('experiment_min_units') }}
                    and units >= {{ agent_goals.setting('experiment_min_units') }}
                    then sequential_p_value
            end
        ) over (
            partition by {{ family | join(', ') }}, variant
            order by exposed_on
            rows between unbounded preceding and current row
        ) as always_valid_p_value
    from sequential
)

select * from final
{%- endmacro %}
