-- In a full run nobody asks which days are on the list.
with

open_sessions as (
    select * from {{ ref('int_agent_goals__open_sessions') }}
),

open_inputs as (
    select * from {{ ref('int_agent_goals__open_inputs') }}
    where input_kind = 'batch'
),

tombstones as (
    {{ agent_goals.raw_rows('tombstones', {'subject': 'text', 'subject_hash': 'text'}) }}
),

session_days as (
    select * from {{ ref('int_agent_goals__session_days') }}
),

hashed_sessions as (
    select {{ agent_goals.hashed('session_id') }} as session_hash from open_sessions
    union distinct
    select tombstones.subject_hash as session_hash
    from tombstones
    inner join open_inputs
        on tombstones.batch_id = open_inputs.input_id
),

final as (
    select session_days.metric_date
    from session_days
    inner join hashed_sessions
        on session_days.session_hash = hashed_sessions.session_hash
    group by session_days.metric_date
)

select * from final
