{%- set metrics = agent_goals.experiment_metrics() -%}
-- How alike the units of a paired design are under the variant and the control.
with

units as (
    select * from {{ ref('int_agent_goals__experiment_units') }}
    where excluded_as is null and design = 'paired'
),

unit_goals as (
    select * from {{ ref('int_agent_goals__experiment_unit_goals') }}
),

arm_days as (
    select * from {{ ref('int_agent_goals__experiment_arm_days') }}
    where is_last_look
),

residuals as (
    {%- for name, metric in metrics.items() %}
    select
        arm_days.experiment,
        arm_days.goal,
        arm_days.metric,
        arm_days.variant,
        arm_days.is_control,
        arm_days.count_units,
        arm_days.sum_denominator,
        units.environment,
        units.unit_id,
        coalesce({{ metric['numerator'] }}, 0e0)
        - arm_days.estimate
        * coalesce({{ '1e0' if metric['denominator'] == '1' else metric['denominator'] }}, 0e0) as residual
    from units
    inner join arm_days
        on
            units.experiment = arm_days.experiment
            and units.variant = arm_days.variant
            and arm_days.metric = '{{ name }}'
    left join unit_goals
        on
            {{ agent_goals.same_columns('units', 'unit_goals', ['experiment', 'environment', 'unit_id', 'variant']) }}
            and arm_days.goal = unit_goals.goal
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

final as (
    select
        residuals.experiment,
        residuals.goal,
        residuals.metric,
        residuals.variant,
        count(*) as count_pairs,
        -- The covariance of the two estimates: that of the residuals over the units and the mean denominators.
        sum(residuals.residual * controls.residual) / (count(*) - 1)
        / count(*) / (max(residuals.sum_denominator) / count(*)) / (max(controls.sum_denominator) / count(*)) as covariance
    from residuals
    inner join residuals as controls
        on
            {{ agent_goals.same_columns('residuals', 'controls', ['experiment', 'goal', 'metric', 'environment', 'unit_id']) }}
            and controls.is_control
    where not residuals.is_control
    group by residuals.experiment, residuals.goal, residuals.metric, residuals.variant
    having count(*) > 1
)

select * from final
