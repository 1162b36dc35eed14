{#- A query for what the events of each session last said of it, with the times of the first and the last of them. An event
    that says nothing in a field takes nothing back. Where all events of a session say the same their order does not
    matter, so it is found only elsewhere.

    model_name  a staging model of events
    fields      what they say
    is_single   whether a session has one event, as a rule: then it is not worth looking whether several agree
    lasting     which events show that the session was still going on; the last of them is lasted_until -#}
{% macro last_said(model_name, fields, is_single=false, lasting='true') -%}
    with

    said as (
        select
            environment,
            session_id,
            {%- for field in fields %}
            min({{ field }}) as {{ field }},
            {%- endfor %}
            count(*) > 1
            {%- if not is_single %}
            and (
                {%- for field in fields %}
                {{ 'or ' if not loop.first }}coalesce(min({{ field }}) <> max({{ field }}), false)
                {%- endfor %}
            )
            {%- endif %} as is_at_odds,
            min(occurred_at) as first_at,
            max(occurred_at) as last_at,
            max(case when {{ lasting }} then occurred_at end) as lasted_until
        from {{ ref(model_name) }}
        group by environment, session_id
    ),

    ordered as (
        select
            events.*,
            row_number() over (
                partition by environment, session_id
                order by occurred_at, loaded_at, event_id
            ) as event_ordinal
        from {{ ref(model_name) }} as events
        where exists (select 1 from said where said.is_at_odds and {{ agent_goals.same_session('events', 'said') }})
    ),

    last_said as (
        select
            environment,
            session_id,
            {%- for field in fields %}
            {{ agent_goals.latest_value(field, 'event_ordinal') }} as {{ field }}{{ ',' if not loop.last }}
            {%- endfor %}
        from ordered
        group by environment, session_id
    )

    select
        said.environment,
        said.session_id,
        {%- for field in fields %}
        case when said.is_at_odds then last_said.{{ field }} else said.{{ field }} end as {{ field }},
        {%- endfor %}
        said.first_at,
        said.last_at,
        said.lasted_until
    from said
    left join last_said
        on {{ agent_goals.same_session('said', 'last_said') }}
{%- endmacro %}
