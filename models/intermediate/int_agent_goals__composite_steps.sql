{{ agent_goals.kept_by(['session', 'customer']) }}

with

goal_outcomes as (
    {{ agent_goals.open_rows('agent_goals__goal_outcomes') }}
),

customer_outcomes as (
    {{ agent_goals.open_rows('agent_goals__customer_outcomes', 'customer') }}
),

customer_windows as (
    select * from {{ ref('int_agent_goals__customer_windows') }}
),

unit_outcomes as (
    select * from {{ ref('int_agent_goals__unit_outcomes') }}
),

goal_ancestors as (
    select * from {{ ref('int_agent_goals__goal_ancestors') }}
),

goal_links as (
    select * from {{ ref('int_agent_goals__goal_links') }}
    where link = 'sub_goal'
),

goal_definitions as (
    select * from {{ ref('stg_agent_goals__goal_definitions') }}
),

windows as (
    select
        environment,
        customer_goal,
        unit_id,
        customer_id,
        window_number,
        max(unit_started_at) as unit_started_at
    from customer_windows
    group by environment, customer_goal, unit_id, customer_id, window_number
),

attempts as (
    select
        environment,
        '' as customer_goal,
        session_id as unit_id,
        session_id,
        {{ agent_goals.as_type('null', 'text') }} as customer_id,
        goal as composite_goal,
        agent,
        session_date as unit_date,
        session_started_at as unit_started_at,
        verdict as composite_verdict,
        case when is_recorded then first_achieved_at else decided_at end as composite_achieved_at
    from goal_outcomes
    where
        verdict in ('achieved', 'not_achieved')
        and count_sub_goals > 0
    union all
    select
        customer_outcomes.environment,
        customer_outcomes.customer_goal,
        windows.unit_id,
        {{ agent_goals.as_type('null', 'text') }} as session_id,
        customer_outcomes.customer_id,
        customer_outcomes.goal as composite_goal,
        customer_outcomes.agent,
        customer_outcomes.window_date as unit_date,
        windows.unit_started_at,
        customer_outcomes.verdict as composite_verdict,
        case when customer_outcomes.is_recorded then customer_outcomes.first_achieved_at else customer_outcomes.decided_at end
            as composite_achieved_at
    from customer_outcomes
    inner join windows
        on
            customer_outcomes.environment = windows.environment
            and customer_outcomes.customer_goal = windows.customer_goal
            and customer_outcomes.customer_id = windows.customer_id
            and customer_outcomes.window_number = windows.window_number
    where
        customer_outcomes.is_customer_scoped
        and customer_outcomes.verdict in ('achieved', 'not_achieved')
        and customer_outcomes.count_sub_goals > 0
),

defined_steps as (
    select
        attempts.*,
        goal_definitions.goal as sub_goal,
        goal_definitions.sequence,
        goal_definitions.is_required
    from attempts
    inner join goal_links
        on
            attempts.composite_goal = goal_links.goal
            and {{ agent_goals.in_force('goal_links', 'attempts.unit_started_at') }}
    inner join goal_definitions
        on
            goal_links.depends_on_goal = goal_definitions.goal
            and goal_links.sub_goal_version = goal_definitions.definition_version
),

-- A composite that has no sub-goals by definition has those that its session recorded.
recorded_steps as (
    select
        attempts.*,
        goal_ancestors.goal as sub_goal,
        goal_definitions.sequence,
        true as is_required
    from attempts
    inner join goal_ancestors
        on
            attempts.environment = goal_ancestors.environment
            and attempts.unit_id = goal_ancestors.session_id
            and attempts.composite_goal = goal_ancestors.ancestor_goal
            and goal_ancestors.depth = 1
    left join goal_links
        on
            attempts.composite_goal = goal_links.goal
            and {{ agent_goals.in_force('goal_links', 'attempts.unit_started_at') }}
    left join goal_definitions
        on
            goal_ancestors.goal = goal_definitions.goal
            and {{ agent_goals.in_force('goal_definitions', 'attempts.unit_started_at') }}
    where
        attempts.customer_goal = ''
        and goal_links.goal is null
),

steps as (
    select * from defined_steps
    union all
    select * from recorded_steps
),

final as (
    select
        steps.environment,
        steps.customer_goal,
        steps.unit_id,
        steps.session_id,
        steps.customer_id,
        steps.composite_goal,
        steps.agent,
        steps.unit_date,
        steps.unit_started_at,
        steps.composite_verdict,
        steps.composite_achieved_at,
        steps.sub_goal,
        steps.sequence,
        steps.is_required,
        coalesce(unit_outcomes.verdict, 'missing') as verdict,
        unit_outcomes.first_event_at,
        case
            when unit_outcomes.verdict = 'achieved'
                then case when unit_outcomes.is_recorded then unit_outcomes.first_achieved_at else unit_outcomes.decided_at end
        end as achieved_at
    from steps
    left join unit_outcomes
        on
            {{ agent_goals.same_unit('steps', 'unit_outcomes') }}
            and steps.sub_goal = unit_outcomes.goal
)

select * from final
