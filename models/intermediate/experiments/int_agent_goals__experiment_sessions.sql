-- What experiments are counted from: the sessions of the environments that are reported, with what each says of a variant.
with

session_variants as (
    select * from {{ ref('int_agent_goals__session_variants') }}
    where {{ agent_goals.is_shown() }}
),

sessions as (
    select * from {{ ref('agent_goals__sessions') }}
),

final as (
    select
        session_variants.experiment,
        session_variants.variant,
        session_variants.environment,
        session_variants.session_id,
        session_variants.is_in_session_record,
        sessions.customer_id,
        sessions.started_at,
        sessions.metadata
    from session_variants
    inner join sessions
        on {{ agent_goals.same_session('session_variants', 'sessions') }}
)

select * from final
