-- Names every goal that has both a rule and sub-goals at one moment: only one of them can decide.
select
    sub_goals.goal,
    sub_goals.valid_from
from {{ ref('int_agent_goals__goal_links') }} as sub_goals
inner join {{ ref('int_agent_goals__goal_links') }} as rules
    on
        sub_goals.goal = rules.goal
        and sub_goals.valid_from < rules.valid_to
        and sub_goals.valid_to > rules.valid_from
where
    sub_goals.link = 'sub_goal'
    and rules.link = 'rule'
