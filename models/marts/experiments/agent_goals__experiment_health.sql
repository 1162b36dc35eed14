with

plans as (
    select * from {{ ref('int_agent_goals__experiment_plans') }}
),

arms as (
    select * from {{ ref('int_agent_goals__experiment_arms') }}
),

units as (
    select * from {{ ref('int_agent_goals__experiment_units') }}
),

experiment_sessions as (
    select * from {{ ref('int_agent_goals__experiment_sessions') }}
),

unit_goals as (
    select * from {{ ref('int_agent_goals__experiment_unit_goals') }}
),

results as (
    select * from {{ ref('agent_goals__experiment_results') }}
),

distinct_units as (
    select
        experiment,
        environment,
        unit_id,
        max(case when excluded_as is null then 1 else 0 end) as is_counted,
        max(case when excluded_as = 'contaminated' then 1 else 0 end) as is_contaminated,
        max(case when excluded_as = 'incomplete' then 1 else 0 end) as is_incomplete,
        max(case when excluded_as = 'outside' then 1 else 0 end) as is_outside,
        max(case when is_known_only_from_goals then 1 else 0 end) as is_known_only_from_goals
    from units
    group by experiment, environment, unit_id
),

unit_counts as (
    select
        experiment,
        count(*) as count_units,
        sum(is_counted) as count_counted,
        sum(is_contaminated) as count_contaminated,
        sum(is_incomplete) as count_incomplete,
        sum(is_outside) as count_outside,
        sum(is_known_only_from_goals) as count_known_only_from_goals
    from distinct_units
    group by experiment
),

unassigned as (
    select
        experiment_sessions.experiment,
        count(*) as count_sessions
    from experiment_sessions
    inner join plans
        on experiment_sessions.experiment = plans.experiment
    where {{ agent_goals.experiment_unit_id('experiment_sessions', 'plans') }} is null
    group by experiment_sessions.experiment
),

known_amounts as (
    select
        experiment,
        sum(attempts) - sum(known_costs) as count_unknown_costs,
        sum(achieved) - sum(known_values) as count_unknown_values,
        sum(case when is_cost_capped then 1 else 0 end) as count_capped
    from unit_goals
    group by experiment
),

arm_counts as (
    select
        experiment,
        count(*) as count_variants
    from arms
    group by experiment
),

counts as (
    select
        plans.*,
        coalesce(arm_counts.count_variants, 0) as count_variants,
        coalesce(unit_counts.count_units, 0) as count_all_units,
        coalesce(unit_counts.count_counted, 0) as count_counted,
        coalesce(unit_counts.count_contaminated, 0) as count_contaminated,
        coalesce(unit_counts.count_incomplete, 0) as count_incomplete,
        coalesce(unit_counts.count_outside, 0) as count_outside,
        coalesce(unit_counts.count_known_only_from_goals, 0) as count_known_only_from_goals,
        coalesce(unassigned.count_sessions, 0) as count_unassigned,
        coalesce(known_amounts.count_unknown_costs, 0) as count_unknown_costs,
        coalesce(known_amounts.count_unknown_values, 0) as count_unknown_values,
        coalesce(known_amounts.count_capped, 0) as count_capped
    from plans
    left join arm_counts
        on plans.experiment = arm_counts.experiment
    left join unit_counts
        on plans.experiment = unit_counts.experiment
    left join unassigned
        on plans.experiment = unassigned.experiment
    left join known_amounts
        on plans.experiment = known_amounts.experiment
),

{%- set double = agent_goals.data_type('double') %}
{%- set of_experiments = [
    ('unit', "'info'", 'count_counted', 'null',
        "case
            when unit_kind = 'metadata' then 'Units are values of a key of session metadata, as planned.'
            when unit_kind = 'customer' and is_unit_planned then 'Units are customers, as planned.'
            when unit_kind = 'session' and is_unit_planned then 'Units are sessions, as planned.'
            when unit_kind = 'customer' then 'Units are customers: every session names one, and each saw one variant.'
            when count_sessions_without_customer > 0 then 'Units are sessions: not every session names a customer.'
            else 'Units are sessions: some customers saw several variants.'
        end"),
    ('plan', "case when is_planned then 'ok' else 'info' end", 'planned_units', 'null',
        "case
            when not is_planned then 'Nothing is planned, so verdicts always stand on the always-valid p-value.'
            when design = 'paired' then 'A paired comparison: every unit saw every variant, and nothing was left to chance.'
            when has_reached_plan then 'The planned end is reached: verdicts stand on the corrected p-value.'
            when ends_at is null and planned_units is null
                then 'No end is planned, so verdicts always stand on the always-valid p-value.'
            else 'The planned end is not reached yet: verdicts stand on the always-valid p-value.'
        end"),
    ('control', "case when is_control_known then 'ok' else 'warning' end", 'null', 'null',
        "case
            when is_control_known then 'The control is known.'
            else 'No control is planned and no variant has that name: the first by name is taken for it.'
        end"),
    ('variants', "case when count_variants > 1 then 'ok' else 'error' end", 'count_variants', 'null',
        "case
            when count_variants > 1 then 'There are variants to compare.'
            else 'There is one variant, and nothing to compare it with. Plan the variants, or send sessions of the control.'
        end"),
    ('primary_goal', "case when primary_goal is not null then 'ok' when count_goals > 1 then 'warning' else 'info' end",
        'count_goals', 'null',
        "case
            when primary_goal is not null then 'The primary goal is known.'
            when count_goals > 1
                then 'No primary goal is planned: each goal is decided by itself, and a guardrail counts only with its goal named.'
            else 'No goal has been attempted yet.'
        end"),
    ('sample_ratio', "case
            when has_sample_ratio_mismatch then 'error'
            when sample_ratio_p_value < 1e-2 then 'warning'
            else 'ok'
        end", 'count_counted', 'sample_ratio_p_value',
        "case
            when has_sample_ratio_mismatch
                then 'The variants did not get the share of units that they should have. Find out why before anything else.'
            when design = 'paired' then 'Every unit saw every variant.'
            else 'The variants got the share of units that they should have, as far as chance goes.'
        end"),
    ('contaminated_units', "case
            when count_contaminated = 0 then 'ok'
            when count_contaminated >= 10 and count_contaminated * 100 > count_all_units then 'warning'
            else 'info'
        end", 'count_contaminated', 'null', "'Units that saw several variants. They are in no estimate.'"),
    ('incomplete_pairs', "case when count_incomplete = 0 then 'ok' else 'info' end", 'count_incomplete', 'null',
        "'Units of a paired comparison that did not see every variant. They are in no estimate.'"),
    ('outside_window', "case when count_outside = 0 then 'ok' else 'info' end", 'count_outside', 'null',
        "'Units that were exposed before the planned start or after the planned end. They are in no estimate.'"),
    ('known_only_from_goals', "case when count_known_only_from_goals = 0 then 'ok' else 'warning' end",
        'count_known_only_from_goals', 'null',
        "'Units whose variant only a goal event names: whoever attempted nothing is missing. Send it with the session.'"),
    ('sessions_without_unit', "case when count_unassigned = 0 then 'ok' else 'warning' end", 'count_unassigned', 'null',
        "'Sessions that name a variant, but not the unit that they belong to. They are in no estimate.'"),
    ('unknown_costs', "case when count_unknown_costs = 0 then 'ok' else 'warning' end", 'count_unknown_costs', 'null',
        "'Attempts whose cost is not known. They count as attempts that cost nothing where others of their arm are known.'"),
    ('unknown_values', "case when count_unknown_values = 0 then 'ok' else 'info' end", 'count_unknown_values', 'null',
        "'Achieved goals whose value is not known. They count as worth nothing where others of their arm are known.'"),
    ('capped_costs', "case when count_capped = 0 then 'ok' else 'info' end", 'count_capped', 'null',
        "'Units and goals whose cost is cut to the cap of agent_goals__experiment_cost_cap.'"),
] %}

of_experiments as (
    {%- for name, severity, count, value, detail in of_experiments %}
    select
        experiment,
        '{{ name }}' as check_name,
        'all' as variant,
        {{ agent_goals.as_type('null', 'date') }} as exposed_on,
        {{ severity }} as severity,
        {{ agent_goals.as_type(count, 'integer') }} as count_affected,
        {{ agent_goals.as_type(value, 'double') }} as value,
        {{ detail }} as detail
    from counts
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

arm_units as (
    select
        arms.experiment,
        arms.variant,
        arms.expected_weight,
        count(units.unit_id) as count_units
    from arms
    left join units
        on
            arms.experiment = units.experiment
            and arms.variant = units.variant
            and units.excluded_as is null
    group by arms.experiment, arms.variant, arms.expected_weight
),

of_variants as (
    select
        experiment,
        'variant_units' as check_name,
        variant,
        {{ agent_goals.as_type('null', 'date') }} as exposed_on,
        case
            when expected_weight = 0 and count_units > 0 then 'error'
            when expected_weight = 0 then 'info'
            when count_units = 0 then 'error'
            when count_units < {{ agent_goals.setting('experiment_min_units') }} then 'warning'
            else 'ok'
        end as severity,
        count_units as count_affected,
        {{ agent_goals.as_type('null', 'double') }} as value,
        case
            when expected_weight = 0 and count_units > 0
                then 'The planned split gives this variant no units, and it has some: the plan or the assignment is wrong.'
            when expected_weight = 0 then 'The planned split gives this variant no units.'
            when count_units = 0 then 'The variant has no units: there is nothing to compare.'
            when count_units < {{ agent_goals.setting('experiment_min_units') }}
                then 'Fewer than {{ agent_goals.setting("experiment_min_units") }} units: there is no verdict yet.'
            else 'Units that are in the estimates.'
        end as detail
    from arm_units
),

of_days as (
    select
        experiment,
        'daily_exposure' as check_name,
        variant,
        exposed_on,
        'info' as severity,
        count(*) as count_affected,
        {{ agent_goals.as_type('null', 'double') }} as value,
        'Units that were exposed on this day.' as detail
    from units
    where excluded_as is null
    group by experiment, variant, exposed_on
),

of_power as (
    select
        experiment,
        'underpowered' as check_name,
        variant,
        {{ agent_goals.as_type('null', 'date') }} as exposed_on,
        case
            when minimum_detectable_lift is null then 'info'
            when minimum_detectable_lift > 1e-1 then 'warning'
            else 'ok'
        end as severity,
        {{ agent_goals.as_type('ceil(count_units_for_10_percent)', 'integer') }} as count_affected,
        minimum_detectable_lift as value,
        case
            when minimum_detectable_lift is null then 'What lift could be found cannot be told yet.'
            when minimum_detectable_lift > 1e-1
                then 'Lifts of 10% would be missed more often than planned; the count says how many units an arm needs.'
            else 'There are units enough to find a lift of 10%.'
        end as detail
    from results
    where is_primary
),

final as (
    {%- for part in ['of_experiments', 'of_variants', 'of_days', 'of_power'] %}
    select
        experiment,
        check_name,
        variant,
        exposed_on,
        {{ agent_goals.as_type('severity', 'text') }} as severity,
        {{ agent_goals.as_type('count_affected', 'integer') }} as count_affected,
        value,
        {{ agent_goals.as_type('detail', 'text') }} as detail
    from {{ part }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select * from final
