{{ agent_goals.kept_by(['session']) }}

with

session_records as (
    select * from {{ ref('stg_agent_goals__sessions') }}
),

goal_events as (
    select * from {{ ref('stg_agent_goals__goal_events') }}
),

named as (
    select
        environment,
        session_id,
        experiment,
        variant,
        1 as is_in_session_record
    from session_records
    where experiment is not null and variant is not null
    union all
    select
        environment,
        session_id,
        experiment,
        variant,
        0 as is_in_session_record
    from goal_events
    where experiment is not null and variant is not null
),

final as (
    select
        environment,
        session_id,
        experiment,
        variant,
        max(is_in_session_record) = 1 as is_in_session_record
    from named
    group by environment, session_id, experiment, variant
)

select * from final
