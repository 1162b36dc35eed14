with

goal_definitions as (
    select * from {{ ref('stg_agent_goals__goal_definitions') }}
),

rules as (
    select * from {{ ref('int_agent_goals__deciding_definitions') }}
),

final as (
    select
        parents.goal,
        sub_goals.goal as depends_on_goal,
        'sub_goal' as link,
        {{ agent_goals.both_from('sub_goals', 'parents') }} as valid_from,
        {{ agent_goals.both_to('sub_goals', 'parents') }} as valid_to,
        parents.definition_version,
        sub_goals.definition_version as sub_goal_version
    from goal_definitions as sub_goals
    inner join goal_definitions as parents
        on
            sub_goals.parent_goal = parents.goal
            and {{ agent_goals.hold_together('sub_goals', 'parents') | indent(12) }}
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
