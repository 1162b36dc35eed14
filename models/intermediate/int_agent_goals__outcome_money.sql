with

goal_ancestors as (
    select * from {{ ref('int_agent_goals__goal_ancestors') }}
),

goal_positions as (
    select * from {{ ref('int_agent_goals__goal_positions') }}
),

cost_lines as (
    {{ agent_goals.open_rows('agent_goals__cost_lines') }}
),

value_lines as (
    select * from {{ ref('int_agent_goals__value_lines') }}
),

goal_costs as (
    select
        environment,
        session_id,
        goal,
        {{ agent_goals.as_type('sum(amount)', 'decimal') }} as own_cost,
        count(case when amount is null then 1 end) as count_missing_amounts
    from cost_lines
    where goal is not null
    group by environment, session_id, goal
),

goal_values as (
    select
        environment,
        session_id,
        goal,
        {{ agent_goals.as_type("sum(case when attribution <> 'unrealised' then amount end)", 'decimal') }} as own_value,
        {{ agent_goals.as_type("sum(case when attribution = 'unrealised' then amount end)", 'decimal') }} as unrealised_value
    from value_lines
    where goal is not null
    group by environment, session_id, goal
),

own as (
    select
        goal_positions.*,
        goal_costs.own_cost,
        coalesce(goal_costs.count_missing_amounts, 0) as count_missing_amounts,
        goal_values.own_value,
        goal_values.unrealised_value,
        -- What the definition would add if neither the goal nor anything below it has a value.
        case
            when goal_positions.verdict = 'achieved' and goal_values.own_value is null then goal_positions.value_per_achievement
        end as offered_default
    from goal_positions
    left join goal_costs
        on {{ agent_goals.same_goal('goal_positions', 'goal_costs') }}
    left join goal_values
        on {{ agent_goals.same_goal('goal_positions', 'goal_values') }}
),

-- An ancestor takes its default only if nothing below it has a value; a descendant that is offered a default has one,
-- its own or that of something further down.
valued_below as (
    select
        goal_ancestors.environment,
        goal_ancestors.session_id,
        goal_ancestors.ancestor_goal as goal
    from goal_ancestors
    inner join own
        on {{ agent_goals.same_goal('goal_ancestors', 'own') }}
    where coalesce(own.own_value, own.offered_default) is not null
    group by goal_ancestors.environment, goal_ancestors.session_id, goal_ancestors.ancestor_goal
),

with_default as (
    select
        own.*,
        case when valued_below.goal is null then own.offered_default end as default_value
    from own
    left join valued_below
        on {{ agent_goals.same_goal('own', 'valued_below') }}
),

-- Own amounts reach every ancestor once, through the closure; a roll-up is never summed again.
below as (
    select
        goal_ancestors.environment,
        goal_ancestors.session_id,
        goal_ancestors.ancestor_goal as goal,
        {{ agent_goals.as_type('sum(with_default.own_cost)', 'decimal') }} as cost,
        {{ agent_goals.as_type('sum(coalesce(with_default.own_value, with_default.default_value))', 'decimal') }} as value
    from goal_ancestors
    inner join with_default
        on {{ agent_goals.same_goal('goal_ancestors', 'with_default') }}
    group by goal_ancestors.environment, goal_ancestors.session_id, goal_ancestors.ancestor_goal
),

final as (
    select
        with_default.environment,
        with_default.session_id,
        with_default.goal,
        with_default.own_cost,
        {{ agent_goals.as_type(agent_goals.sum_known('with_default.own_cost', 'below.cost'), 'decimal') }} as rolled_up_cost,
        with_default.count_missing_amounts,
        with_default.own_value,
        with_default.default_value,
        with_default.unrealised_value,
        {{ agent_goals.as_type(
            agent_goals.sum_known('coalesce(with_default.own_value, with_default.default_value)', 'below.value'), 'decimal'
        ) }} as rolled_up_value,
        -- Taken along, so that outcomes, which are wide, meet one table and not two that would be in memory at once, and
        -- sessions need no outcomes.
        with_default.verdict,
        with_default.counts_for_success,
        with_default.parent_goal,
        with_default.depth,
        with_default.is_top_level,
        with_default.is_recorded_top_level,
        with_default.is_leaf,
        with_default.has_dropped_parent,
        with_default.count_sub_goals,
        with_default.count_sub_goals_achieved,
        with_default.progress,
        with_default.has_missing_sub_goals,
        with_default.has_unmet_sub_goals
    from with_default
    left join below
        on {{ agent_goals.same_goal('with_default', 'below') }}
)

select * from final
