{{ agent_goals.kept_by(['session']) }}

{#- What is of a session; the rest is looked for where it is counted. -#}
{%- set checks = agent_goals.quality_checks() | rejectattr(2, 'equalto', 'records') | list -%}
with

goal_events as (
    {{ agent_goals.open_rows('stg_agent_goals__goal_events') }}
),

cost_events as (
    {{ agent_goals.open_rows('stg_agent_goals__cost_events') }}
),

value_events as (
    {{ agent_goals.open_rows('stg_agent_goals__value_events') }}
),

goal_outcomes as (
    {{ agent_goals.open_rows('agent_goals__goal_outcomes') }}
),

sessions as (
    {{ agent_goals.open_rows('agent_goals__sessions') }}
),

changing_sessions as (
    {{ agent_goals.open_rows('int_agent_goals__changing_sessions') }}
),

amounts as (
    select
        environment,
        session_id,
        event_id,
        price_status = 'no_rate' as is_unconverted
    from cost_events
    union all
    select
        environment,
        session_id,
        event_id,
        landed_amount is not null and amount is null as is_unconverted
    from value_events
    union all
    select
        environment,
        session_id,
        event_id,
        has_unconverted_amount as is_unconverted
    from goal_events
),

composites as (
    select
        environment,
        session_id,
        session_id as composite_id,
        has_unmet_sub_goals,
        has_missing_sub_goals
    from goal_outcomes
),

loaded as (
    {%- for events in ['goal_events', 'cost_events', 'value_events'] %}
    select
        environment,
        session_id,
        event_id,
        occurred_at,
        loaded_at
    from {{ events }}
    where loaded_at <> {{ agent_goals.no_load_time() }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

events as (
    select
        environment,
        session_id,
        event_id,
        loaded_at > {{ agent_goals.days_after('occurred_at', agent_goals.setting('late_after_days')) }} as is_late,
        occurred_at > {{ agent_goals.days_after('loaded_at', 1) }} as is_from_the_future
    from loaded
),

final as (
    {%- for name, severity, relation, condition, id, meaning in checks %}
    select
        environment,
        session_id,
        '{{ name }}' as check_name,
        {{ id }} as example_id
    from {{ relation }}
    where {{ condition }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select * from final
