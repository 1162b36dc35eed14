{#- The raw tables are read as they are, superseded rows too: a session that a row has left is touched as well. -#}
{%- set record_tables = ['goal_events', 'cost_events', 'value_events', 'sessions', 'conversation_turns'] -%}
{%- set keys = {'event_id': 'text', 'environment': 'text', 'session_id': 'text', 'occurred_at': 'timestamp'} -%}
{%- set columns = {
    'goal_events': {'goal': 'text', 'sub_goals_achieved': 'text', 'currency': 'text', 'agent': 'text', 'metadata': 'text',
        'customer_id': 'text'},
    'cost_events': {'goal': 'text', 'currency': 'text', 'agent': 'text', 'model': 'text'},
    'value_events': {'goal': 'text', 'currency': 'text'},
    'sessions': {'agent': 'text', 'customer_id': 'text'},
    'conversation_turns': {},
} -%}
with

{% for table in record_tables -%}
{{ table }} as {{ agent_goals.not_materialized() }} (
    {{ agent_goals.raw_rows(table, dict(keys, **columns[table])) }}
),

{% endfor -%}
open_inputs as (
    select * from {{ ref('int_agent_goals__open_inputs') }}
    {%- if execute and not agent_goals.is_partial_run() %}
    where false
    {%- endif %}
),

moved_events as (
    select * from {{ ref('int_agent_goals__moved_events') }}
),

touched_goals as (
    select goal from {{ ref('int_agent_goals__touched_goals') }}
    {%- if execute and not agent_goals.is_partial_run() %}
    where false
    {%- endif %}
),

open_batches as (
    select input_id as batch_id from open_inputs
    where input_kind = 'batch' and not is_gone
),

changed_package as (
    select input_id from open_inputs
    where input_kind = 'package'
),

-- A definition, a rate or a price touches sessions whether it is new or gone.
expecting as (
    select agents as expected_agents from open_inputs
    where input_kind = 'goal_definition' and agents is not null
    group by agents
),

changed_rates as (
    select
        subject as currency,
        min(valid_from) as valid_from
    from open_inputs
    where input_kind = 'exchange_rate'
    group by subject
),

changed_prices as (
    select
        subject as model,
        min(valid_from) as valid_from
    from open_inputs
    where input_kind = 'model_price'
    group by subject
),

open_tombstones as (
    select
        tombstones.subject,
        tombstones.subject_hash
    from (
        {{ agent_goals.raw_rows('tombstones', {'subject': 'text', 'subject_hash': 'text'}) | indent(8) }}
    ) as tombstones
    inner join open_batches
        on tombstones.batch_id = open_batches.batch_id
),

{% for table in record_tables -%}
new_{{ table }} as (
    select
        {{ table }}.event_id,
        {{ table }}.environment,
        {{ table }}.session_id
    from {{ table }}
    inner join open_batches
        on {{ table }}.batch_id = open_batches.batch_id
),

{% endfor -%}
touched as (
    {%- for table in record_tables %}
    select environment, session_id from new_{{ table }}
    union all
    -- An event that is sent again may come from another session than before.
    select moved_events.environment, moved_events.session_id
    from moved_events
    inner join new_{{ table }}
        on moved_events.record_table = '{{ table }}' and moved_events.event_id = new_{{ table }}.event_id
    union all
    select environment, session_id from {{ table }}
    where {{ agent_goals.has_rows('changed_package') }}
    {%- if 'goal' in columns[table] %}
    union all
    select {{ table }}.environment, {{ table }}.session_id
    from {{ table }}
    inner join touched_goals
        on {{ table }}.goal = touched_goals.goal
    {%- endif %}
    {%- if 'sub_goals_achieved' in columns[table] %}
    union all
    select environment, session_id from {{ table }}
    where sub_goals_achieved is not null and {{ agent_goals.has_rows('touched_goals') }}
    {%- endif %}
    {%- if 'agent' in columns[table] %}
    union all
    select {{ table }}.environment, {{ table }}.session_id
    from {{ table }}
    inner join expecting
        on {{ agent_goals.is_expected_of('expecting', table ~ '.agent') | indent(12) }}
    {%- endif %}
    {%- if 'metadata' in columns[table] %}
    union all
    select {{ table }}.environment, {{ table }}.session_id
    from {{ table }}
    inner join expecting
        on {{ agent_goals.is_expected_of('expecting', agent_goals.json_text(table ~ '.metadata', 'agent')) | indent(12) }}
    {%- endif %}
    {%- if 'currency' in columns[table] %}
    union all
    select {{ table }}.environment, {{ table }}.session_id
    from {{ table }}
    inner join changed_rates
        on
            {{ agent_goals.landed_currency(table ~ '.currency') }} = changed_rates.currency
            and {{ table }}.occurred_at >= changed_rates.valid_from
    {%- endif %}
    {%- if 'model' in columns[table] %}
    union all
    select {{ table }}.environment, {{ table }}.session_id
    from {{ table }}
    inner join changed_prices
        on
            {{ table }}.model = changed_prices.model
            and {{ table }}.occurred_at >= changed_prices.valid_from
    -- Prices are in dollars.
    union all
    select {{ table }}.environment, {{ table }}.session_id
    from {{ table }}
    inner join changed_rates
        on
            changed_rates.currency = 'USD'
            and {{ table }}.model is not null
            and {{ table }}.occurred_at >= changed_rates.valid_from
    {%- endif %}
    {%- if 'customer_id' in columns[table] %}
    -- Of a forgotten session's customer the other sessions remain.
    union all
    select {{ table }}.environment, {{ table }}.session_id
    from {{ table }}
    inner join open_tombstones
        on
            open_tombstones.subject = 'customer_of_session'
            and {{ agent_goals.hashed(table ~ '.customer_id') }} = open_tombstones.subject_hash
    {%- endif %}
    union all
    {%- endfor %}
    -- What a forgotten session had taken over is another's again.
    select environment, session_id from moved_events
    where {{ agent_goals.has_rows('open_tombstones') }}
),

final as (
    select environment, session_id from touched
    group by environment, session_id
)

select * from final
