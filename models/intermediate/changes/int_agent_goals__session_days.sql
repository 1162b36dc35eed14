{{ agent_goals.kept_by([]) }}

-- Every day that a session has ever been counted on: a session whose start has moved leaves its old day too.
with

sessions as (
    select * from {{ ref('int_agent_goals__sessions') }}
),

days as (
    select
        {{ agent_goals.hashed('session_id') }} as session_hash,
        {{ agent_goals.local_date('started_at') }} as metric_date
    from sessions
),

final as (
    select
        days.session_hash,
        days.metric_date
    from days
    {%- if flags.INTROSPECT and is_incremental() %}
    where not exists (
        select 1 from {{ this }} as known
        where days.session_hash = known.session_hash and days.metric_date = known.metric_date
    )
    {%- endif %}
    group by days.session_hash, days.metric_date
)

select * from final
