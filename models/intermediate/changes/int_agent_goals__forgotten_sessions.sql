{#- In a run that works on a part of the sessions only those can matter. -#}
{%- set opened = agent_goals.opened() -%}
{%- set session = {'environment': 'text', 'session_id': 'text'} -%}
{%- set tables = {
    'goal_events': dict(session, customer_id='text'), 'cost_events': session, 'value_events': session,
    'sessions': dict(session, customer_id='text'), 'conversation_turns': session,
} -%}
with

tombstones as (
    {{ agent_goals.raw_rows('tombstones', {'subject': 'text', 'subject_hash': 'text'}, has_load_fields=false) }}
),

{% for table, columns in tables.items() -%}
{{ table }} as (
    select raw_rows.*
    from (
        {{ agent_goals.raw_rows(table, columns, has_load_fields=false) | indent(8) }}
    ) as raw_rows
    where
        {{ agent_goals.has_rows('tombstones') }}
        {%- if opened %}
        and {{ agent_goals.is_open('raw_rows') | indent(8) }}
        {%- endif %}
),

{% endfor -%}
known_sessions as (
    {%- for table in tables %}
    select environment, session_id from {{ table }}
    {{ 'union distinct' if not loop.last }}
    {%- endfor %}
),

known_customers as (
    {%- for table in ['goal_events', 'sessions'] %}
    select environment, session_id, customer_id from {{ table }}
    where customer_id is not null
    {{ 'union distinct' if not loop.last }}
    {%- endfor %}
),

final as (
    select known_sessions.environment, known_sessions.session_id
    from known_sessions
    inner join tombstones
        on
            {{ agent_goals.hashed('known_sessions.session_id') }} = tombstones.subject_hash
            and tombstones.subject = 'session'
    union distinct
    select known_customers.environment, known_customers.session_id
    from known_customers
    inner join tombstones
        on
            {{ agent_goals.hashed('known_customers.customer_id') }} = tombstones.subject_hash
            and tombstones.subject = 'customer'
)

select * from final
