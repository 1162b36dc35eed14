{#- A query for what the events of each session last said of it, with the times of the first and the last of them. An event
    that says nothing in a field takes nothing back. Where a session has one event, or all of them say the same, their order
    does not matter, so it is found only elsewhere.

    model_name  a staging model of events
    fields      what they say
    is_single   whether a session has one event, as a rule: it is then taken as it is, and not worth looking whether several
                of them agree
    lasting     which events show that the session was still going on; the last of them is lasted_until -#}
{% macro last_said(model_name, fields, is_single=false, lasting='true') -%}
    with

    {% if is_single -%}
    at_odds as (
        select
            environment,
            session_id
        from {{ ref(model_name) }}
        group by environment, session_id
        having count(*) > 1
    ),
    {%- else -%}
    said as (
        select
            environment,
            session_id,
            {%- for field in fields %}
            min({{ field }}) as {{ field }},
            {%- endfor %}
            count(*) > 1
            and (
                {%- for field in fields %}
                {{ 'or ' if not loop.first }}coalesce(min({{ field }}) <> max({{ field }}), false)
                {%- endfor %}
            ) as is_at_odds,
            min(occurred_at) as first_at,
            max(occurred_at) as last_at,
            max(case when {{ lasting }} then occurred_at end) as lasted_until
        from {{ ref(model_name) }}
        group by environment, session_id
    ),

    at_odds as (
        select
            environment,
            session_id
        from said
        where is_at_odds
    ),
    {%- endif %}

    ordered as (
        select
            events.*,
            row_number() over (
                partition by environment, session_id
                order by occurred_at, loaded_at, event_id
            ) as event_ordinal
        from {{ ref(model_name) }} as events
        where exists (select 1 from at_odds where {{ agent_goals.same_session('events', 'at_odds') }})
    ),

    last_said as (
        select
            environment,
            session_id,
            {%- for field in fields %}
            {{ agent_goals.latest_value(field, 'event_ordinal') }} as {{ field }},
            {%- endfor %}
            min(occurred_at) as first_at,
            max(occurred_at) as last_at,
            max(case when {{ lasting }} then occurred_at end) as lasted_until
        from ordered
        group by environment, session_id
    )

    select * from last_said
    union all
    select
        environment,
        session_id,
        {%- for field in fields %}
        {{ field }},
        {%- endfor %}
        {%- if is_single %}
        occurred_at as first_at,
        occurred_at as last_at,
        case when {{ lasting }} then occurred_at end as lasted_until
    from {{ ref(model_name) }} as events
    where not exists (select 1 from at_odds where {{ agent_goals.same_session('events', 'at_odds') }})
        {%- else %}
        first_at,
        last_at,
        lasted_until
    from said
    where not is_at_odds
        {%- endif %}
{%- endmacro %}
