{{ config(
    materialized='incremental' if agent_goals.keeps_tables() else 'table',
    incremental_strategy='append',
    on_schema_change='append_new_columns',
) }}

-- Empty when it is made: the tables that are kept note here themselves what they have been built from, a row of inputs each.
with

final as (
    select
        {{ agent_goals.as_type('null', 'text') }} as table_name,
        {{ agent_goals.as_type('null', 'text') }} as input_id,
        {{ agent_goals.as_type('null', 'text') }} as input_kind,
        {{ agent_goals.as_type('null', 'text') }} as subject,
        {{ agent_goals.as_type('null', 'text') }} as agents,
        {{ agent_goals.as_type('null', 'timestamp') }} as valid_from
    where false
)

select * from final
