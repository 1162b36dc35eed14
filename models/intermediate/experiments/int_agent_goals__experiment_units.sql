with

experiments as (
    select * from {{ ref('int_agent_goals__experiments') }}
),

experiment_sessions as (
    select * from {{ ref('int_agent_goals__experiment_sessions') }}
),

of_units as (
    select
        experiment_sessions.experiment,
        experiment_sessions.variant,
        experiment_sessions.environment,
        experiment_sessions.session_id,
        experiment_sessions.is_in_session_record,
        experiment_sessions.started_at,
        experiments.unit_kind,
        experiments.design,
        experiments.count_variants,
        experiments.starts_at,
        experiments.ends_at,
        experiments.window_days,
        {{ agent_goals.experiment_unit_id('experiment_sessions', 'experiments') | indent(8) }} as unit_id
    from experiment_sessions
    inner join experiments
        on experiment_sessions.experiment = experiments.experiment
),

by_variant as (
    select
        of_units.*,
        row_number() over (
            partition by experiment, environment, unit_id, variant
            order by started_at, session_id
        ) as session_number,
        max(case when is_in_session_record then 1 else 0 end) over (
            partition by experiment, environment, unit_id, variant
        ) as is_in_session_records
    from of_units
    where unit_id is not null
),

-- A unit is exposed when the first session that carries its variant starts.
exposed as (
    select
        by_variant.*,
        count(*) over (partition by experiment, environment, unit_id) as count_variants_seen
    from by_variant
    where session_number = 1
),

-- Where units are randomised one that saw two variants belongs to neither; in a paired design it is a pair only if it saw
-- them all.
judged as (
    select
        exposed.*,
        case
            when design = 'paired' and count_variants_seen < count_variants then 'incomplete'
            when design <> 'paired' and count_variants_seen > 1 then 'contaminated'
            when started_at < starts_at or started_at >= ends_at then 'outside'
        end as excluded_as
    from exposed
),

final as (
    select
        experiment,
        environment,
        unit_id,
        variant,
        unit_kind,
        design,
        session_id as first_session_id,
        started_at as exposed_at,
        {{ agent_goals.local_date('started_at') }} as exposed_on,
        case
            when window_days is not null then {{ agent_goals.days_after('started_at', 'window_days') }}
            else {{ agent_goals.end_of_time() }}
        end as counts_until,
        is_in_session_records = 0 as is_known_only_from_goals,
        excluded_as
    from judged
)

select * from final
