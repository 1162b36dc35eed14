{{ config(materialized='view') }}

{%- set record_tables = ['goal_events', 'cost_events', 'value_events', 'sessions', 'conversation_turns'] -%}
{%- set definition_columns = agent_goals.goal_definition_columns().keys() | list + ['definition_version'] -%}
{%- set price_columns = [
    'valid_from', 'valid_to', 'minute_from', 'minute_to', 'tokens_above', 'tokens_up_to', 'input_price', 'cache_read_price',
    'cache_write_price', 'output_price', 'reasoning_price', 'request_price',
] -%}
with

{% for table in record_tables -%}
{{ table }} as (
    {{ agent_goals.raw_rows(table, {}) }}
),

{% endfor -%}
tombstones as (
    {{ agent_goals.raw_rows('tombstones', {}) }}
),

goal_definitions as (
    select * from {{ ref('stg_agent_goals__goal_definitions') }}
),

exchange_rates as (
    select * from {{ ref('stg_agent_goals__exchange_rates') }}
),

model_names as (
    select * from {{ ref('stg_agent_goals__model_names') }}
),

model_prices as (
    select * from {{ ref('stg_agent_goals__model_prices') }}
),

batches as (
    {%- for table in record_tables %}
    select batch_id from {{ table }}
    union distinct
    {%- endfor %}
    select batch_id from tombstones
),

-- What a used name costs: a change in the list that changes no price of it is none.
used_prices as (
    select
        model_names.model as used_model,
        model_names.provider as used_provider,
        model_prices.*
    from model_names
    inner join model_prices
        on model_names.price_rule = model_prices.price_rule
),

fingerprint as (
    select '{{ agent_goals.package_fingerprint() }}' as fingerprint
),

final as (
    -- Batches are told by their ids, not by their times: one that is committed late is still new.
    select
        batch_id as input_id,
        'batch' as input_kind,
        {{ agent_goals.as_type('null', 'text') }} as subject,
        {{ agent_goals.as_type('null', 'text') }} as agents,
        {{ agent_goals.as_type('null', 'timestamp') }} as valid_from
    from batches
    union all
    {{ agent_goals.input_rows('fingerprint', 'package', ['fingerprint'], "'everything'") | indent(4) }}
    union all
    -- A definition is about its goal, and about the goals that it is a part of or looks at.
    {{ agent_goals.input_rows('goal_definitions', 'goal_definition', definition_columns, 'goal', agents='expected_agents')
        | indent(4) }}
    {%- for other in ['parent_goal', 'source_goal'] %}
    union all
    {{ agent_goals.input_rows('goal_definitions', 'goal_definition', definition_columns, other,
        condition=other ~ ' is not null') | indent(4) }}
    {%- endfor %}
    {%- if agent_goals.setting('restate_definitions') %}
    union all
    {{ agent_goals.input_rows('goal_definitions', 'goal_definition', ["'today'", 'definition_version'], 'goal',
        condition=agent_goals.in_force('goal_definitions', agent_goals.run_started())) | indent(4) }}
    {%- endif %}
    union all
    {{ agent_goals.input_rows('exchange_rates', 'exchange_rate', ['valid_from', 'valid_to', 'rate'], 'from_currency',
        valid_from='valid_from') | indent(4) }}
    union all
    {{ agent_goals.input_rows('used_prices', 'model_price', ['used_provider'] + price_columns, 'used_model',
        valid_from='valid_from') | indent(4) }}
)

select * from final
