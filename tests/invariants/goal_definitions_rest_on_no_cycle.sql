-- Names every defined goal that rests on itself, through its sub-goals or its rule, or on more levels of other goals than
-- agent_goals__max_goal_depth allows. Such a goal is not derived.
{%- set max_depth = agent_goals.setting('max_goal_depth') %}
select
    goal,
    case when max(case when goal = depends_on_goal then 1 else 0 end) = 1
        then 'rests on itself'
        else 'rests on more levels than agent_goals__max_goal_depth allows' end as problem
from {{ ref('int_agent_goals__goal_dependencies') }}
where
    goal = depends_on_goal
    or depth > {{ max_depth }}
group by goal
