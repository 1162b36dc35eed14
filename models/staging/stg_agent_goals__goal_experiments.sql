with

goal_experiments as (
    {{ agent_goals.raw_rows('goal_experiments', agent_goals.goal_experiment_columns(), has_load_fields=false) }}
),

final as (
    select
        experiment,
        description,
        coalesce(design, 'randomised') as design,
        randomisation_unit,
        -- The key of the sessions' metadata that says which unit a session is of.
        case when randomisation_unit like 'metadata.%' then substr(randomisation_unit, 10) end as unit_key,
        variants,
        control_variant,
        expected_split,
        primary_goal,
        coalesce(primary_metric, 'goal_achievement_rate') as primary_metric,
        guardrails,
        planned_units,
        starts_at,
        ends_at,
        window_days
    from goal_experiments
)

select * from final
