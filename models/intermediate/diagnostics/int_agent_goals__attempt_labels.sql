{{ agent_goals.kept_by(['session', 'customer']) }}

{%- set keys = agent_goals.setting('segment_keys') -%}
{%- set shared = [
    'environment', 'goal', 'verdict', 'agent', 'customer_segment', 'model', 'definition_version', 'metric_cost',
    'rolled_up_value', 'target_achievement_rate',
] -%}
with

goal_outcomes as (
    {{ agent_goals.open_rows('agent_goals__goal_outcomes') }}
),

customer_outcomes as (
    {{ agent_goals.open_rows('agent_goals__customer_outcomes', 'customer') }}
),

sessions as (
    {{ agent_goals.open_rows('agent_goals__sessions') }}
),

attempts as (
    select
        {{ shared | join(', ') }},
        'session' as unit,
        session_id,
        {{ agent_goals.as_type('null', 'text') }} as customer_id,
        0 as window_number,
        session_date as metric_date,
        session_started_at as started_at,
        channel,
        count_tries,
        experiment,
        variant,
        metadata
    from goal_outcomes
    where
        {{ agent_goals.is_diagnosed() | indent(8) }}
        and verdict in ('achieved', 'not_achieved')
    union all
    select
        {{ shared | join(', ') }},
        'customer' as unit,
        {{ agent_goals.as_type('null', 'text') }} as session_id,
        customer_id,
        window_number,
        window_date as metric_date,
        window_started_at as started_at,
        {{ agent_goals.as_type('null', 'text') }} as channel,
        {{ agent_goals.as_type('null', 'integer') }} as count_tries,
        {{ agent_goals.as_type('null', 'text') }} as experiment,
        {{ agent_goals.as_type('null', 'text') }} as variant,
        {{ agent_goals.as_type('null', 'text') }} as metadata
    from customer_outcomes
    where {{ agent_goals.is_shown() }} and verdict in ('achieved', 'not_achieved') and is_customer_scoped
),

described as (
    select
        attempts.*,
        sessions.agent_version,
        case when sessions.session_id is not null then coalesce(sessions.agent, 'unknown') end as session_agent,
        {{ dbt.date_trunc('hour', 'sessions.started_at') }} as session_hour,
        sessions.count_turns,
        {{ agent_goals.local_hour('attempts.started_at') }} as local_hour
        {%- for key in keys %},
        coalesce(
            {{ agent_goals.json_text_at('attempts.metadata', agent_goals.text_literal(key)) }},
            {{ agent_goals.json_text_at('sessions.metadata', agent_goals.text_literal(key)) }}
        ) as metadata_{{ loop.index }}
        {%- endfor %}
    from attempts
    left join sessions
        on {{ agent_goals.same_session('attempts', 'sessions') }}
),

-- The dimensions are text and have no nulls in them: what nobody said is unknown.
labels as (
    select
        described.*,
        {{ agent_goals.as_type('local_hour', 'integer') }} as hour_number,
        {{ agent_goals.weekday_name('metric_date') }} as weekday_text,
        {{ agent_goals.range_text('count_tries', [1, 2, 3, 4]) }} as tries_text,
        {{ agent_goals.range_text('count_turns', [0, 2, 4, 8, 16, 32, 64]) }} as turns_text,
        experiment || ':' || variant as variant_text
    from described
),

final as (
    select
        environment,
        unit,
        session_id,
        customer_id,
        window_number,
        goal,
        metric_date,
        session_agent,
        session_hour,
        verdict = 'achieved' as is_achieved,
        metric_cost,
        rolled_up_value,
        target_achievement_rate,
        definition_version,
        {{ agent_goals.dimension_text('agent_version') }} as agent_version,
        {{ agent_goals.dimension_text('agent') }} as agent,
        {{ agent_goals.dimension_text('customer_segment') }} as customer_segment,
        {{ agent_goals.dimension_text('channel') }} as channel,
        {{ agent_goals.dimension_text('model') }} as model,
        {{ agent_goals.dimension_text(
            "case when hour_number < 10 then '0' else '' end || " ~ agent_goals.as_type('hour_number', 'text')
        ) }} as hour_of_day,
        {{ agent_goals.dimension_text('weekday_text') }} as weekday,
        {{ agent_goals.dimension_text('tries_text') }} as tries,
        {{ agent_goals.dimension_text('turns_text') }} as turns,
        {{ agent_goals.dimension_text('variant_text') }} as variant
        {%- for key in keys %},
        {{ agent_goals.dimension_text('metadata_' ~ loop.index) }} as metadata_{{ loop.index }}
        {%- endfor %}
    from labels
)

select * from final
