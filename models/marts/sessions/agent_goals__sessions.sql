{{ agent_goals.kept_by(['session']) }}

{%- set cost_types = ['llm', 'tool', 'retrieval', 'infrastructure', 'human', 'other'] -%}
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

goal_outcomes as (
    {{ agent_goals.open_rows('agent_goals__goal_outcomes') }}
),

session_tokens as (
    select
        environment,
        session_id,
        count(*) as count_cost_events,
        count(case when amount is null and is_counted then 1 end) as count_missing_amounts,
        sum(case when is_counted then input_tokens end) as input_tokens,
        sum(case when is_counted then output_tokens end) as output_tokens
    from (
        select
            cost_events.*,
            coalesce(price_status <> 'repeated', true) as is_counted
        from cost_events
    ) as marked
    group by environment, session_id
),

-- What a line's goal became of decides whether its cost is in any metric.
judged_lines as (
    select
        cost_lines.environment,
        cost_lines.session_id,
        cost_lines.cost_type,
        cost_lines.attribution,
        cost_lines.amount,
        goal_outcomes.verdict
    from cost_lines
    left join goal_outcomes
        on {{ agent_goals.same_goal('cost_lines', 'goal_outcomes') }}
),

session_costs as (
    select
        environment,
        session_id,
        sum(amount) as total_cost,
        {%- for cost_type in cost_types %}
        sum(case when cost_type = '{{ cost_type }}' then amount end) as {{ cost_type }}_cost,
        {%- endfor %}
        sum(case when attribution = 'evaluation' then amount end) as evaluation_cost,
        sum(case when attribution in ('direct', 'shared') then amount end) as attributed_cost,
        sum(case when attribution in ('direct', 'shared') and verdict = 'unjudged' then amount end) as unjudged_cost,
        sum(case when attribution = 'unattributed' then amount end) as unattributed_cost
    from judged_lines
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
        {{ agent_goals.bool_or('is_escalated') }} as is_escalated,
        sum(default_value) as default_value
    from (
        select
            goal_outcomes.*,
            is_recorded_top_level and goal_kind <> 'evaluation' as counts_for_success
        from goal_outcomes
    ) as marked
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
        coalesce(session_goals.is_escalated, false) as is_escalated,

        coalesce(session_goals.count_goals, 0) as count_goals,
        coalesce(session_goals.count_goals_attempted, 0) as count_goals_attempted,
        coalesce(session_goals.count_goals_achieved, 0) as count_goals_achieved,
        coalesce(session_goals.count_goals_unjudged, 0) as count_goals_unjudged,
        coalesce(session_goals.count_goals_not_applicable, 0) as count_goals_not_applicable,
        case when session_goals.count_judged > 0 then session_goals.count_short = 0 end as is_successful,

        {%- for column in [
            'total_cost', 'llm_cost', 'tool_cost', 'retrieval_cost', 'infrastructure_cost', 'human_cost', 'other_cost',
            'evaluation_cost', 'attributed_cost', 'unjudged_cost', 'unattributed_cost',
        ] %}
        {{ agent_goals.as_type('session_costs.' ~ column, 'decimal') }} as {{ column }},
        {%- endfor %}
        coalesce(session_tokens.count_cost_events, 0) as count_cost_events,
        coalesce(session_tokens.count_missing_amounts, 0) as count_missing_amounts,
        {{ agent_goals.as_type('session_tokens.input_tokens', 'integer') }} as input_tokens,
        {{ agent_goals.as_type('session_tokens.output_tokens', 'integer') }} as output_tokens,

        {%- for column in ['landed_value', 'attributed_value', 'unrealised_value', 'unattributed_value'] %}
        {{ agent_goals.as_type('session_values.' ~ column, 'decimal') }} as {{ column }},
        {%- endfor %}
        {{ agent_goals.as_type('session_goals.default_value', 'decimal') }} as default_value,
        sessions.metadata
    from sessions
    {%- for part in ['session_goals', 'session_costs', 'session_tokens', 'session_values'] %}
    left join {{ part }}
        on {{ agent_goals.same_session('sessions', part) }}
    {%- endfor %}
)

select * from final
