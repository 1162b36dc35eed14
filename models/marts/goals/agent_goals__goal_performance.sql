{{ config(materialized='view') }}

with

final as (
    {{ agent_goals.goal_metrics(by=['environment', 'agent', 'goal']) | indent(4) }}
)

select * from final
