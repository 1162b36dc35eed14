{{ config(
    materialized='incremental' if agent_goals.keeps_tables() else 'table',
    incremental_strategy='append',
    on_schema_change='append_new_columns',
) }}

-- Empty when it is made: the tables that are kept note here themselves what they have been built from.
with

final as (
    select
        {{ agent_goals.as_type('null', 'text') }} as table_name,
        input_id,
        input_kind,
        subject,
        agents,
        valid_from
    from {{ ref('int_agent_goals__inputs') }}
    where false
)

select * from final
