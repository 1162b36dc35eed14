with

value_events as (
    select * from {{ ref('stg_agent_goals__value_events') }}
),

conversation_turns as (
    select * from {{ ref('stg_agent_goals__conversation_turns') }}
),

from_records as (
    {{ agent_goals.last_said('stg_agent_goals__sessions', [
        'agent', 'agent_version', 'customer_id', 'customer_segment', 'channel', 'started_at', 'ended_at', 'model',
        'experiment', 'variant', 'metadata',
    ], is_single=true) | indent(4) }}
),

from_goals as (
    {{ agent_goals.last_said(
        'stg_agent_goals__goal_events', ['agent', 'customer_id', 'experiment', 'variant'],
        lasting="verdict_source = 'automatic'"
    ) | indent(4) }}
),

cost_times as (
    select
        environment,
        session_id,
        min(occurred_at) as first_at,
        max(occurred_at) as last_at,
        max(case when cost_type <> 'evaluation' then occurred_at end) as lasted_until
    from {{ ref('stg_agent_goals__cost_events') }}
    group by environment, session_id
),

-- What costs say matters where nothing else names the agent or the model; most often a session's record names both.
unnamed as (
    select
        cost_times.environment,
        cost_times.session_id
    from cost_times
    left join from_records
        on {{ agent_goals.same_session('cost_times', 'from_records') }}
    where from_records.agent is null or from_records.model is null
),

costs_by_model as (
    select
        environment,
        session_id,
        model,
        max(agent) as agent,
        sum(case when cost_type = 'llm' then amount end) as llm_amount,
        max(case when cost_type = 'llm' then 1 else 0 end) as has_llm_cost
    from {{ ref('stg_agent_goals__cost_events') }} as cost_events
    where
        exists (
            select 1 from unnamed
            where {{ agent_goals.same_session('cost_events', 'unnamed') }}
        )
    group by environment, session_id, model
),

-- The model that cost most speaks for a session whose record names none.
ranked_models as (
    select
        costs_by_model.*,
        row_number() over (
            partition by environment, session_id
            order by has_llm_cost, coalesce(llm_amount, 0), model desc
        ) as model_ordinal
    from costs_by_model
),

from_costs as (
    select
        environment,
        session_id,
        {{ agent_goals.latest_value('agent', 'model_ordinal') }} as agent,
        {{ agent_goals.latest_value('case when has_llm_cost = 1 then model end', 'model_ordinal') }} as model
    from ranked_models
    group by environment, session_id
),

from_values as (
    select
        environment,
        session_id,
        min(occurred_at) as first_at,
        max(occurred_at) as last_at
    from value_events
    group by environment, session_id
),

from_turns as (
    select
        environment,
        session_id,
        count(*) as count_turns,
        count(case when role = 'user' then 1 end) as count_user_turns,
        count(case when role = 'tool' then 1 end) as count_tool_turns,
        min(occurred_at) as first_at,
        max(occurred_at) as last_at
    from conversation_turns
    group by environment, session_id
),

-- What a session's events say of it, with or without a record of its own.
event_keys as (
    select environment, session_id from from_goals
    union distinct
    select environment, session_id from cost_times
    union distinct
    select environment, session_id from from_values
    union distinct
    select environment, session_id from from_turns
),

from_events as (
    select
        event_keys.environment,
        event_keys.session_id,
        coalesce(from_goals.agent, from_costs.agent) as agent,
        from_goals.customer_id,
        from_costs.model,
        from_goals.experiment,
        from_goals.variant,
        {{ agent_goals.least_known(['cost_times.first_at', 'from_turns.first_at']) }} as first_action_at,
        from_goals.first_at as first_goal_at,
        from_values.first_at as first_value_at,
        {{ agent_goals.greatest_known([
            'from_goals.last_at', 'cost_times.last_at', 'from_values.last_at', 'from_turns.last_at',
        ]) }} as last_at,
        {{ agent_goals.greatest_known([
            'from_goals.lasted_until', 'cost_times.lasted_until', 'from_values.last_at', 'from_turns.last_at',
        ]) }} as lasted_until,
        from_turns.count_turns,
        from_turns.count_user_turns,
        from_turns.count_tool_turns
    from event_keys
    {%- for part in ['from_goals', 'cost_times', 'from_costs', 'from_values', 'from_turns'] %}
    left join {{ part }}
        on {{ agent_goals.same_session('event_keys', part) }}
    {%- endfor %}
),

-- Records are wide: what they meet is held in memory, and not they.
joined as (
    select
        coalesce(from_records.environment, from_events.environment) as environment,
        coalesce(from_records.session_id, from_events.session_id) as session_id,
        coalesce(from_records.agent, from_events.agent) as agent,
        from_records.agent_version,
        coalesce(from_records.customer_id, from_events.customer_id) as customer_id,
        from_records.customer_segment,
        from_records.channel,
        coalesce(from_records.model, from_events.model) as model,
        coalesce(from_records.experiment, from_events.experiment) as experiment,
        coalesce(from_records.variant, from_events.variant) as variant,
        from_records.metadata,
        from_records.started_at as reported_started_at,
        from_events.first_action_at,
        from_events.first_goal_at,
        {{ agent_goals.least_known(['from_records.first_at', 'from_events.first_value_at']) }} as first_other_at,
        from_records.ended_at as reported_ended_at,
        {{ agent_goals.greatest_known(['from_records.last_at', 'from_events.last_at']) }} as last_seen_at,
        {{ agent_goals.greatest_known(['from_records.last_at', 'from_events.lasted_until']) }} as lasted_until,
        coalesce(from_events.count_turns, 0) as count_turns,
        coalesce(from_events.count_user_turns, 0) as count_user_turns,
        coalesce(from_events.count_tool_turns, 0) as count_tool_turns
    from from_records
    full outer join from_events
        on {{ agent_goals.same_session('from_records', 'from_events') }}
),

final as (
    select
        environment,
        session_id,
        agent,
        agent_version,
        customer_id,
        customer_segment,
        channel,
        model,
        experiment,
        variant,
        metadata,
        reported_started_at,
        first_action_at,
        first_goal_at,
        count_turns,
        count_user_turns,
        count_tool_turns,
        -- A session that did nothing but bring value began, for the calendar, when that landed.
        coalesce(
            reported_started_at,
            {{ agent_goals.least_known(['first_action_at', 'first_goal_at']) }},
            first_other_at
        ) as started_at,
        -- Whoever judges a session later does not make it longer.
        coalesce(reported_ended_at, lasted_until, last_seen_at) as ended_at
    from joined
)

select * from final
