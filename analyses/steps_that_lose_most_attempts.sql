-- Which step of a goal loses most of the attempts that come to nothing (the sub-goal that loses most onboardings, say)?
-- The goal itself, as its own last step, counts attempts that met every step and still failed.
with

goal_funnel as (
    select * from {{ ref('agent_goals__goal_funnel') }}
    where environment = 'production'
),

steps as (
    select
        composite_goal,
        sub_goal,
        min(step_number) as step_number,
        sum(count_reached) as count_reached,
        sum(count_achieved) as count_achieved,
        sum(count_dropped_off) as count_dropped_off
    from goal_funnel
    group by composite_goal, sub_goal
),

shares as (
    select
        steps.*,
        {{ agent_goals.ratio(
            'count_dropped_off', 'sum(count_dropped_off) over (partition by composite_goal)'
        ) }} as drop_off_share,
        row_number() over (
            partition by composite_goal
            order by count_dropped_off desc, step_number
        ) as drop_off_rank
    from steps
)

select
    composite_goal,
    drop_off_rank,
    sub_goal,
    count_reached,
    count_achieved,
    count_dropped_off,
    drop_off_share
from shares
where count_dropped_off > 0
order by composite_goal, drop_off_rank
