with

goal_events as (
    select * from {{ ref('stg_agent_goals__goal_events') }}
),

cost_events as (
    select * from {{ ref('stg_agent_goals__cost_events') }}
),

session_records as (
    select * from {{ ref('stg_agent_goals__sessions') }}
),

said as (
    select environment, session_id, agent, experiment, variant from goal_events
    union all
    select environment, session_id, agent, experiment, variant from session_records
    union all
    select
        environment,
        session_id,
        agent,
        {{ agent_goals.as_type('null', 'text') }} as experiment,
        {{ agent_goals.as_type('null', 'text') }} as variant
    from cost_events
),

agents as (
    select
        environment,
        session_id,
        coalesce(min(agent) <> max(agent), false) as has_several_agents
    from said
    group by environment, session_id
),

-- A session may be in several experiments, but in one variant of each.
variants as (
    select
        environment,
        session_id,
        experiment
    from said
    where variant is not null
    group by environment, session_id, experiment
    having min(variant) <> max(variant)
),

several_variants as (
    select
        environment,
        session_id
    from variants
    group by environment, session_id
),

final as (
    select
        agents.environment,
        agents.session_id,
        agents.has_several_agents,
        several_variants.session_id is not null as has_several_variants
    from agents
    left join several_variants
        on {{ agent_goals.same_session('agents', 'several_variants') }}
    where agents.has_several_agents or several_variants.session_id is not null
)

select * from final
