{#- Restated, every version of a goal has the rule that its version of today has. -#}
{%- set is_restated = agent_goals.setting('restate_definitions') -%}
with

goal_definitions as (
    select * from {{ ref('stg_agent_goals__goal_definitions') }}
),

rules as (
    select
        goal_definitions.goal,
        goal_definitions.definition_version,
        goal_definitions.valid_from,
        goal_definitions.valid_to,
        {%- if is_restated %}
        case when todays.goal is null then goal_definitions.kind else todays.kind end as kind,
        case when todays.goal is null then goal_definitions.source_goal else todays.source_goal end as source_goal
        {%- else %}
        goal_definitions.kind,
        goal_definitions.source_goal
        {%- endif %}
    from goal_definitions
    {%- if is_restated %}
    left join goal_definitions as todays
        on
            goal_definitions.goal = todays.goal
            and {{ agent_goals.in_force('todays', agent_goals.run_started()) }}
    {%- endif %}
),

final as (
    select
        parents.goal,
        sub_goals.goal as depends_on_goal,
        'sub_goal' as link,
        case when parents.valid_from > sub_goals.valid_from then parents.valid_from else sub_goals.valid_from end as valid_from,
        case when parents.valid_to < sub_goals.valid_to then parents.valid_to else sub_goals.valid_to end as valid_to,
        parents.definition_version,
        sub_goals.definition_version as sub_goal_version
    from goal_definitions as sub_goals
    inner join goal_definitions as parents
        on
            sub_goals.parent_goal = parents.goal
            and sub_goals.valid_from < parents.valid_to
            and sub_goals.valid_to > parents.valid_from
    union all
    select
        goal,
        source_goal as depends_on_goal,
        'rule' as link,
        valid_from,
        valid_to,
        definition_version,
        {{ agent_goals.as_type('null', 'integer') }} as sub_goal_version
    from rules
    where kind = 'derived' and source_goal is not null
)

select * from final
