with

plans as (
    select * from {{ ref('stg_agent_goals__goal_experiments') }}
),

experiment_sessions as (
    select * from {{ ref('int_agent_goals__experiment_sessions') }}
),

all_sessions as (
    select max(started_at) as known_until
    from {{ ref('agent_goals__sessions') }}
    where {{ agent_goals.is_shown() }}
),

customers as (
    select
        experiment,
        environment,
        customer_id,
        case when min(variant) <> max(variant) then 1 else 0 end as is_in_two
    from experiment_sessions
    where customer_id is not null
    group by experiment, environment, customer_id
),

customer_counts as (
    select
        experiment,
        sum(is_in_two) as count_customers_in_two
    from customers
    group by experiment
),

seen as (
    select
        experiment,
        count(*) as count_named_sessions,
        count(case when customer_id is null then 1 end) as count_sessions_without_customer,
        count(distinct variant) as count_variants
    from experiment_sessions
    group by experiment
),

planned_lists as (
    select
        experiment,
        variants
    from plans
    where variants is not null
),

planned_variants as (
    {{ agent_goals.each_json_item('planned_lists', 'variants', 'variant') | indent(4) }}
),

-- A planned control is the control before anybody has seen it.
named_variants as (
    select
        experiment,
        variant
    from planned_variants
    union all
    select
        experiment,
        variant
    from experiment_sessions
),

controls as (
    select
        experiment,
        min(variant) as first_variant,
        max(case when variant = 'control' then 1 else 0 end) = 1 as has_control
    from named_variants
    group by experiment
),

names as (
    select experiment from plans
    union distinct
    select experiment from seen
),

final as (
    select
        names.experiment,
        plans.experiment is not null as is_planned,
        coalesce(seen.count_variants, 0) as count_variants,
        plans.description,
        coalesce(plans.design, 'randomised') as design,
        case
            when plans.unit_key is not null then 'metadata'
            when plans.randomisation_unit is not null then plans.randomisation_unit
            when seen.count_sessions_without_customer = 0 and customer_counts.count_customers_in_two = 0 then 'customer'
            else 'session'
        end as unit_kind,
        plans.unit_key,
        plans.randomisation_unit is not null as is_unit_planned,
        coalesce(seen.count_named_sessions, 0) as count_named_sessions,
        coalesce(seen.count_sessions_without_customer, 0) as count_sessions_without_customer,
        coalesce(customer_counts.count_customers_in_two, 0) as count_customers_in_two,
        case
            when plans.control_variant is not null then plans.control_variant
            when controls.has_control then 'control'
            else controls.first_variant
        end as control_variant,
        plans.control_variant is not null or coalesce(controls.has_control, false) as is_control_known,
        plans.variants,
        plans.expected_split,
        plans.primary_goal as planned_primary_goal,
        coalesce(plans.primary_metric, 'goal_achievement_rate') as primary_metric,
        plans.guardrails,
        plans.planned_units,
        plans.starts_at,
        plans.ends_at,
        plans.window_days,
        all_sessions.known_until
    from names
    cross join all_sessions
    left join plans
        on names.experiment = plans.experiment
    left join seen
        on names.experiment = seen.experiment
    left join controls
        on names.experiment = controls.experiment
    left join customer_counts
        on names.experiment = customer_counts.experiment
)

select * from final
