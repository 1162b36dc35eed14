with

experiments as (
    select * from {{ ref('int_agent_goals__experiments') }}
),

experiment_sessions as (
    select * from {{ ref('int_agent_goals__experiment_sessions') }}
),

planned_lists as (
    select
        experiment,
        variants
    from experiments
    where variants is not null
),

planned as (
    {{ agent_goals.each_json_item('planned_lists', 'variants', 'variant') | indent(4) }}
),

named as (
    select
        experiment,
        variant
    from planned
    union distinct
    select
        experiment,
        variant
    from experiment_sessions
    union distinct
    select
        experiment,
        control_variant as variant
    from experiments
    where control_variant is not null
),

final as (
    select
        named.experiment,
        named.variant,
        named.variant = experiments.control_variant as is_control,
        -- A variant that the split leaves out is expected to have no units.
        case
            when experiments.expected_split is null then 1
            else coalesce({{ agent_goals.as_type(
                agent_goals.json_text_at('experiments.expected_split', 'named.variant'), 'double'
            ) }}, 0)
        end as expected_weight
    from named
    inner join experiments
        on named.experiment = experiments.experiment
)

select * from final
