-- The goals whose outcomes a changed definition may change: those that it is about, the parts of those, whatever rests
-- on them, and whatever that rests on.
with

open_inputs as (
    select * from {{ ref('int_agent_goals__open_inputs') }}
    where input_kind = 'goal_definition'
),

goal_definitions as (
    select * from {{ ref('stg_agent_goals__goal_definitions') }}
),

goal_dependencies as (
    select * from {{ ref('int_agent_goals__goal_dependencies') }}
),

changed as (
    select subject as goal from open_inputs
    union distinct
    select goal_definitions.goal
    from goal_definitions
    inner join open_inputs
        on open_inputs.subject in (goal_definitions.parent_goal, goal_definitions.source_goal)
),

resting as (
    select goal from changed
    union distinct
    select goal_dependencies.goal
    from goal_dependencies
    inner join changed
        on goal_dependencies.depends_on_goal = changed.goal
),

final as (
    select goal from resting
    union distinct
    select goal_dependencies.depends_on_goal as goal
    from goal_dependencies
    inner join resting
        on goal_dependencies.goal = resting.goal
)

select * from final
