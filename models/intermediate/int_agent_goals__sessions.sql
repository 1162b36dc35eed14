{%- set session_fields = [
    'agent', 'agent_version', 'customer_id', 'customer_segment', 'channel', 'started_at', 'ended_at', 'model',
    'experiment', 'variant', 'metadata',
] -%}
with

session_records as (
    select
        sessions.*,
        row_number() over (
            partition by environment, session_id
            order by occurred_at, loaded_at, event_id
        ) as event_ordinal
    from {{ ref('stg_agent_goals__sessions') }} as sessions
),

goal_events as (
    select
        goal_events.*,
        row_number() over (
            partition by environment, session_id
            order by occurred_at, loaded_at, event_id
        ) as event_ordinal
    from {{ ref('stg_agent_goals__goal_events') }} as goal_events
),

cost_events as (
    select * from {{ ref('stg_agent_goals__cost_events') }}
),

value_events as (
    select * from {{ ref('stg_agent_goals__value_events') }}
),

conversation_turns as (
    select * from {{ ref('stg_agent_goals__conversation_turns') }}
),

from_records as (
    select
        environment,
        session_id,
        {%- for field in session_fields %}
        {{ agent_goals.latest_value(field, 'event_ordinal') }} as {{ field }},
        {%- endfor %}
        min(occurred_at) as first_at,
        max(occurred_at) as last_at
    from session_records
    group by environment, session_id
),

from_goals as (
    select
        environment,
        session_id,
        {%- for field in ['agent', 'customer_id', 'experiment', 'variant'] %}
        {{ agent_goals.latest_value(field, 'event_ordinal') }} as {{ field }},
        {%- endfor %}
        min(occurred_at) as first_at,
        max(occurred_at) as last_at
    from goal_events
    group by environment, session_id
),

costs_by_model as (
    select
        environment,
        session_id,
        model,
        max(agent) as agent,
        sum(case when cost_type = 'llm' then amount end) as llm_amount,
        max(case when cost_type = 'llm' then 1 else 0 end) as has_llm_cost,
        min(occurred_at) as first_at,
        max(occurred_at) as last_at
    from cost_events
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
        {{ agent_goals.latest_value('case when has_llm_cost = 1 then model end', 'model_ordinal') }} as model,
        min(first_at) as first_at,
        max(last_at) as last_at
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

session_keys as (
    select environment, session_id from from_records
    union
    select environment, session_id from from_goals
    union
    select environment, session_id from from_costs
    union
    select environment, session_id from from_values
    union
    select environment, session_id from from_turns
),

joined as (
    select
        session_keys.environment,
        session_keys.session_id,
        coalesce(from_records.agent, from_goals.agent, from_costs.agent) as agent,
        from_records.agent_version,
        coalesce(from_records.customer_id, from_goals.customer_id) as customer_id,
        from_records.customer_segment,
        from_records.channel,
        coalesce(from_records.model, from_costs.model) as model,
        coalesce(from_records.experiment, from_goals.experiment) as experiment,
        coalesce(from_records.variant, from_goals.variant) as variant,
        from_records.metadata,
        from_records.started_at as reported_started_at,
        {{ agent_goals.least_known(['from_costs.first_at', 'from_turns.first_at']) }} as first_action_at,
        from_goals.first_at as first_goal_at,
        {{ agent_goals.least_known(['from_records.first_at', 'from_values.first_at']) }} as first_other_at,
        from_records.ended_at as reported_ended_at,
        {{ agent_goals.greatest_known([
            'from_records.last_at', 'from_goals.last_at', 'from_costs.last_at', 'from_values.last_at', 'from_turns.last_at',
        ]) }} as last_seen_at,
        coalesce(from_turns.count_turns, 0) as count_turns,
        coalesce(from_turns.count_user_turns, 0) as count_user_turns,
        coalesce(from_turns.count_tool_turns, 0) as count_tool_turns
    from session_keys
    {%- for part in ['from_records', 'from_goals', 'from_costs', 'from_values', 'from_turns'] %}
    left join {{ part }}
        on {{ agent_goals.same_session('session_keys', part) }}
    {%- endfor %}
),

final as (
    select
        joined.*,
        -- A session that did nothing but bring value began, for the calendar, when that landed.
        coalesce(
            reported_started_at,
            {{ agent_goals.least_known(['first_action_at', 'first_goal_at']) }},
            first_other_at
        ) as started_at,
        coalesce(reported_ended_at, last_seen_at) as ended_at
    from joined
)

select * from final
