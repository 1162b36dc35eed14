{{ agent_goals.kept_by(['session']) }}

{%- set cost_types = ['llm', 'tool', 'retrieval', 'infrastructure', 'human', 'other', 'evaluation'] -%}
with

sessions as (
    {{ agent_goals.open_rows('int_agent_goals__sessions') }}
),

cost_events as (
    select * from {{ ref('stg_agent_goals__cost_events') }}
),

cost_lines as (
    {{ agent_goals.open_rows('agent_goals__cost_lines') }}
),

value_lines as (
    select * from {{ ref('int_agent_goals__value_lines') }}
),

outcomes as (
    select * from {{ ref('int_agent_goals__outcomes') }}
),

outcome_money as (
    select * from {{ ref('int_agent_goals__outcome_money') }}
),

-- What a session cost is the same before and after its costs are shared, and there are fewer events than lines.
session_costs as (
    select
        environment,
        session_id,
        count(*) as count_cost_events,
        count(case when amount is null and is_counted then 1 end) as count_missing_amounts,
        sum(case when is_counted then input_tokens end) as input_tokens,
        sum(case when is_counted then output_tokens end) as output_tokens,
        sum(amount) as total_cost,
        {%- for cost_type in cost_types %}
        sum(case when cost_type = '{{ cost_type }}' then amount end) as {{ cost_type }}_cost{{ ',' if not loop.last }}
        {%- endfor %}
    from (
        select
            cost_events.*,
            coalesce(price_status <> 'repeated', true) as is_counted
        from cost_events
    ) as marked
    group by environment, session_id
),

unattributed as (
    select
        environment,
        session_id,
        sum(amount) as unattributed_cost
    from cost_lines
    where attribution = 'unattributed'
    group by environment, session_id
),

session_values as (
    select
        environment,
        session_id,
        sum(amount) as landed_value,
        sum(case when attribution in ('direct', 'shared') then amount end) as attributed_value,
        sum(case when attribution = 'unrealised' then amount end) as unrealised_value,
        sum(case when attribution = 'unattributed' then amount end) as unattributed_value
    from value_lines
    group by environment, session_id
),

session_goals as (
    select
        environment,
        session_id,
        count(*) as count_goals,
        count(case when verdict in ('achieved', 'not_achieved') then 1 end) as count_goals_attempted,
        count(case when verdict = 'achieved' then 1 end) as count_goals_achieved,
        count(case when verdict = 'unjudged' then 1 end) as count_goals_unjudged,
        count(case when verdict = 'not_applicable' then 1 end) as count_goals_not_applicable,
        count(case when counts_for_success and verdict in ('achieved', 'not_achieved') then 1 end) as count_judged,
        count(case when counts_for_success and verdict in ('not_achieved', 'unjudged') then 1 end) as count_short,
        sum(default_value) as default_value,
        -- What a goal became decides whether its cost is in any metric.
        sum(own_cost) as attributed_cost,
        sum(case when verdict = 'unjudged' then own_cost end) as unjudged_cost
    from outcome_money
    group by environment, session_id
),

escalated as (
    select
        environment,
        session_id
    from outcomes
    where is_escalated
    group by environment, session_id
),

final as (
    select
        sessions.environment,
        sessions.session_id,
        sessions.agent,
        sessions.agent_version,
        sessions.customer_id,
        sessions.customer_segment,
        sessions.channel,
        sessions.model,
        sessions.experiment,
        sessions.variant,

        sessions.started_at,
        sessions.ended_at,
        {{ agent_goals.local_date('sessions.started_at') }} as session_date,
        sessions.reported_started_at is not null as is_start_reported,
        {{ agent_goals.as_type(agent_goals.seconds_between('sessions.started_at', 'sessions.ended_at'), 'decimal') }}
            as duration_seconds,

        sessions.count_turns,
        sessions.count_user_turns,
        sessions.count_tool_turns,
        escalated.session_id is not null as is_escalated,

        coalesce(session_goals.count_goals, 0) as count_goals,
        coalesce(session_goals.count_goals_attempted, 0) as count_goals_attempted,
        coalesce(session_goals.count_goals_achieved, 0) as count_goals_achieved,
        coalesce(session_goals.count_goals_unjudged, 0) as count_goals_unjudged,
        coalesce(session_goals.count_goals_not_applicable, 0) as count_goals_not_applicable,
        case when session_goals.count_judged > 0 then session_goals.count_short = 0 end as is_successful,

        {{ agent_goals.as_type('session_costs.total_cost', 'decimal') }} as total_cost,
        {%- for cost_type in cost_types %}
        {{ agent_goals.as_type('session_costs.' ~ cost_type ~ '_cost', 'decimal') }} as {{ cost_type }}_cost,
        {%- endfor %}
        {{ agent_goals.as_type('session_goals.attributed_cost', 'decimal') }} as attributed_cost,
        {{ agent_goals.as_type('session_goals.unjudged_cost', 'decimal') }} as unjudged_cost,
        {{ agent_goals.as_type('unattributed.unattributed_cost', 'decimal') }} as unattributed_cost,
        coalesce(session_costs.count_cost_events, 0) as count_cost_events,
        coalesce(session_costs.count_missing_amounts, 0) as count_missing_amounts,
        {{ agent_goals.as_type('session_costs.input_tokens', 'integer') }} as input_tokens,
        {{ agent_goals.as_type('session_costs.output_tokens', 'integer') }} as output_tokens,

        {%- for column in ['landed_value', 'attributed_value', 'unrealised_value', 'unattributed_value'] %}
        {{ agent_goals.as_type('session_values.' ~ column, 'decimal') }} as {{ column }},
        {%- endfor %}
        {{ agent_goals.as_type('session_goals.default_value', 'decimal') }} as default_value,
        sessions.metadata
    from sessions
    {%- for part in ['session_goals', 'escalated', 'session_costs', 'unattributed', 'session_values'] %}
    left join {{ part }}
        on {{ agent_goals.same_session('sessions', part) }}
    {%- endfor %}
)

select * from final
