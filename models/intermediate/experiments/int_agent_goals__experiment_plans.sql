-- What a verdict on an experiment has to know of it besides its estimates.
with

experiments as (
    select * from {{ ref('int_agent_goals__experiments') }}
),

sample_ratios as (
    select * from {{ ref('int_agent_goals__experiment_sample_ratios') }}
),

goals as (
    select
        experiment,
        min(goal) as only_goal,
        count(distinct goal) as count_goals
    from {{ ref('int_agent_goals__experiment_unit_goals') }}
    group by experiment
),

final as (
    select
        experiments.experiment,
        experiments.is_planned,
        experiments.description,
        experiments.design,
        experiments.unit_kind,
        experiments.unit_key,
        experiments.is_unit_planned,
        experiments.count_sessions_without_customer,
        experiments.control_variant,
        experiments.is_control_known,
        experiments.expected_split,
        experiments.primary_metric,
        experiments.guardrails,
        experiments.planned_units,
        experiments.starts_at,
        experiments.ends_at,
        experiments.window_days,
        goals.count_goals,
        case
            when experiments.planned_primary_goal is not null then experiments.planned_primary_goal
            when goals.count_goals = 1 then goals.only_goal
        end as primary_goal,
        -- The end by the calendar where there is one, else by the number of units.
        case
            when experiments.ends_at is not null then experiments.known_until >= experiments.ends_at
            when experiments.planned_units is not null
                then coalesce(sample_ratios.count_units >= experiments.planned_units, false)
            else false
        end as has_reached_plan,
        coalesce(sample_ratios.is_mismatch, false) as has_sample_ratio_mismatch,
        sample_ratios.count_units,
        sample_ratios.p_value as sample_ratio_p_value,
        sample_ratios.chi_square as sample_ratio_chi_square
    from experiments
    left join sample_ratios
        on experiments.experiment = sample_ratios.experiment
    left join goals
        on experiments.experiment = goals.experiment
)

select * from final
