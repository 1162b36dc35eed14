-- The daily mart holds each outcome of its environments once, whether every goal counts or only top-level ones: a session's,
-- or a customer's for a customer-scoped goal of a customer that is known.
with

goal_outcomes as (
    select
        *,
        goal_scope = 'session' or customer_id is null as counts,
        is_top_level and goal_kind <> 'evaluation' and not is_rule_derived as counts_at_the_top
    from {{ ref('agent_goals__goal_outcomes') }}
    where environment in ({{ agent_goals.text_literals(agent_goals.setting('environments')) }})
),

customer_outcomes as (
    select * from {{ ref('agent_goals__customer_outcomes') }}
    where
        environment in ({{ agent_goals.text_literals(agent_goals.setting('environments')) }})
        and is_customer_scoped
),

goal_metrics_daily as (
    select * from {{ ref('agent_goals__goal_metrics_daily') }}
),

from_sessions as (
    select
        count(case when counts then 1 end) as count_outcomes,
        count(case when counts_at_the_top then 1 end) as top_level_count_outcomes,
        coalesce(sum(case when counts then metric_cost end), 0) as cost,
        coalesce(sum(case when counts_at_the_top then metric_cost end), 0) as top_level_cost
    from goal_outcomes
    where verdict <> 'not_applicable'
),

from_customers as (
    select
        count(*) as count_outcomes,
        coalesce(sum(metric_cost), 0) as cost
    from customer_outcomes
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
    from_sessions.count_outcomes + from_customers.count_outcomes as outcomes,
    from_days.count_outcomes as outcomes_in_days,
    from_sessions.cost + from_customers.cost as cost,
    from_days.cost as cost_in_days
from from_sessions
cross join from_customers
cross join from_days
where
    from_sessions.count_outcomes + from_customers.count_outcomes <> from_days.count_outcomes
    or from_sessions.top_level_count_outcomes <> from_days.top_level_count_outcomes
    or from_sessions.cost + from_customers.cost <> from_days.cost
    or from_sessions.top_level_cost <> from_days.top_level_cost
