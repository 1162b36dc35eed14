{{ config(materialized='view') }}

with

goal_metrics_daily as (
    select * from {{ ref('agent_goals__goal_metrics_daily') }}
),

metrics as (
    {{ agent_goals.goal_metrics(by=['environment', 'agent', 'goal']) | indent(4) }}
),

-- A goal may be a step of another one in one session and stand for itself in the next.
top_level as (
    select
        environment,
        agent,
        goal,
        {{ agent_goals.as_type('sum(top_level_count_outcomes)', 'integer') }} as count_top_level_outcomes
    from goal_metrics_daily
    group by environment, agent, goal
),

final as (
    select
        metrics.*,
        top_level.count_top_level_outcomes
    from metrics
    inner join top_level
        on
            metrics.environment = top_level.environment
            and metrics.agent = top_level.agent
            and metrics.goal = top_level.goal
)

select * from final
