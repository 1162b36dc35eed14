{{ config(materialized='view') }}

-- How busy an hour was shifts with every session, so it is worked out where it is asked for.
with

attempt_labels as (
    select * from {{ ref('int_agent_goals__attempt_labels') }}
),

sessions as (
    select
        environment,
        coalesce(agent, 'unknown') as agent,
        {{ dbt.date_trunc('hour', 'started_at') }} as started_hour
    from {{ ref('agent_goals__sessions') }}
    where {{ agent_goals.is_shown() }}
),

agent_hours as (
    select
        environment,
        agent,
        started_hour,
        count(*) as count_sessions
    from sessions
    group by environment, agent, started_hour
),

-- How many of the agent's sessions were in hours with as many sessions as this one or fewer, and how many there are.
loads as (
    select
        environment,
        agent,
        started_hour,
        sum(count_sessions) over (partition by environment, agent order by count_sessions) as count_up_to,
        sum(count_sessions) over (partition by environment, agent) as count_all
    from agent_hours
),

load_tenths as (
    select
        environment,
        agent,
        started_hour,
        1
        {%- for tenth in range(1, 10) %}
        + case when 10 * count_up_to > {{ tenth }} * count_all then 1 else 0 end
        {%- endfor %} as load_tenth
    from loads
),

final as (
    select
        attempt_labels.environment,
        attempt_labels.unit,
        coalesce(attempt_labels.session_id, attempt_labels.customer_id) as unit_id,
        attempt_labels.window_number,
        attempt_labels.goal,
        attempt_labels.metric_date,
        attempt_labels.is_achieved,
        attempt_labels.metric_cost,
        attempt_labels.rolled_up_value,
        attempt_labels.target_achievement_rate,
        attempt_labels.definition_version,
        attempt_labels.agent_version,
        {%- for column in agent_goals.pattern_dimensions().values() if column != 'load_decile' %}
        attempt_labels.{{ column }},
        {%- endfor %}
        {{ agent_goals.dimension_text(agent_goals.as_type('load_tenths.load_tenth', 'text')) }} as load_decile
    from attempt_labels
    left join load_tenths
        on
            attempt_labels.environment = load_tenths.environment
            and attempt_labels.session_agent = load_tenths.agent
            and attempt_labels.session_hour = load_tenths.started_hour
)

select * from final
