-- The daily mart holds each outcome of its environments once, whether every goal counts or only top-level ones.
with

goal_outcomes as (
    select * from {{ ref('agent_goals__goal_outcomes') }}
    where environment in ({{ agent_goals.text_literals(agent_goals.setting('environments')) }})
),

goal_metrics_daily as (
    select * from {{ ref('agent_goals__goal_metrics_daily') }}
),

from_outcomes as (
    select
        count(*) as count_outcomes,
        count(case when is_top_level and goal_kind <> 'evaluation' then 1 end) as top_level_count_outcomes,
        coalesce(sum(metric_cost), 0) as cost,
        coalesce(sum(case when is_top_level and goal_kind <> 'evaluation' then metric_cost end), 0) as top_level_cost
    from goal_outcomes
    where verdict <> 'not_applicable'
),

from_days as (
    select
        coalesce(sum(count_outcomes - count_not_applicable), 0) as count_outcomes,
        coalesce(sum(top_level_count_outcomes - top_level_count_not_applicable), 0) as top_level_count_outcomes,
        coalesce(sum(coalesce(achieved_cost, 0) + coalesce(not_achieved_cost, 0) + coalesce(unjudged_cost, 0)), 0) as cost,
        coalesce(sum(
            coalesce(top_level_achieved_cost, 0)
            + coalesce(top_level_not_achieved_cost, 0)
            + coalesce(top_level_unjudged_cost, 0)
        ), 0) as top_level_cost
    from goal_metrics_daily
)

select
    from_outcomes.count_outcomes as outcomes,
    from_days.count_outcomes as outcomes_in_days,
    from_outcomes.cost,
    from_days.cost as cost_in_days
from from_outcomes
cross join from_days
where
    from_outcomes.count_outcomes <> from_days.count_outcomes
    or from_outcomes.top_level_count_outcomes <> from_days.top_level_count_outcomes
    or from_outcomes.cost <> from_days.cost
    or from_outcomes.top_level_cost <> from_days.top_level_cost
