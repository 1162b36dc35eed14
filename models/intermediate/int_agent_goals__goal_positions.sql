with

outcomes as (
    select * from {{ ref('int_agent_goals__outcomes') }}
),

goal_ancestors as (
    select * from {{ ref('int_agent_goals__goal_ancestors') }}
),

-- Goals that were recorded, judged or not, share the costs that name no goal.
marked as (
    select
        outcomes.*,
        is_recorded and goal_kind <> 'evaluation' and verdict <> 'not_applicable' as is_shareable
    from outcomes
),

-- Each goal below another one, with what became of both.
relations as (
    select
        goal_ancestors.environment,
        goal_ancestors.session_id,
        goal_ancestors.goal,
        goal_ancestors.ancestor_goal,
        goal_ancestors.depth,
        ancestors.is_recorded as is_ancestor_recorded,
        descendants.is_shareable,
        descendants.verdict,
        descendants.goal_weight,
        -- The sub-goals of a composite that has none by definition are those that its session recorded.
        goal_ancestors.depth = 1 and (descendants.is_recorded or descendants.verdict_source = 'derived') as is_recorded_sub_goal
    from goal_ancestors
    inner join marked as descendants
        on {{ agent_goals.same_goal('goal_ancestors', 'descendants') }}
    inner join marked as ancestors
        on
            {{ agent_goals.same_session('goal_ancestors', 'ancestors') }}
            and goal_ancestors.ancestor_goal = ancestors.goal
),

climbs as (
    select
        environment,
        session_id,
        goal,
        max(case when depth = 1 then ancestor_goal end) as parent_goal,
        max(depth) as depth,
        {{ agent_goals.bool_or('is_ancestor_recorded') }} as has_recorded_ancestor
    from relations
    group by environment, session_id, goal
),

recorded_sub_goals as (
    select
        environment,
        session_id,
        ancestor_goal as goal,
        {{ agent_goals.bool_or('is_shareable') }} as has_shareable_descendant,
        {{ agent_goals.bool_or('is_recorded_sub_goal') }} as has_sub_goals,
        count(case when is_recorded_sub_goal then 1 end) as count_sub_goals,
        count(case when is_recorded_sub_goal and verdict = 'achieved' then 1 end) as count_sub_goals_achieved,
        {{ agent_goals.ratio(
            "coalesce(sum(case when is_recorded_sub_goal and verdict = 'achieved' then goal_weight end), 0)",
            "sum(case when is_recorded_sub_goal and verdict <> 'not_applicable' then goal_weight end)"
        ) }} as progress,
        {{ agent_goals.bool_or("is_recorded_sub_goal and verdict = 'unjudged'") }} as has_missing_sub_goals,
        {{ agent_goals.bool_or("is_recorded_sub_goal and verdict = 'not_achieved'") }} as has_failed_sub_goals
    from relations
    group by environment, session_id, ancestor_goal
),

final as (
    select
        outcomes.environment,
        outcomes.session_id,
        outcomes.goal,
        outcomes.verdict,
        outcomes.goal_sequence,
        outcomes.value_per_achievement,
        climbs.parent_goal,
        {{ agent_goals.as_type('coalesce(climbs.depth, 0)', 'integer') }} as depth,
        climbs.goal is null as is_top_level,
        outcomes.is_recorded and not coalesce(climbs.has_recorded_ancestor, false) as is_recorded_top_level,
        outcomes.is_recorded and not coalesce(climbs.has_recorded_ancestor, false) and outcomes.goal_kind <> 'evaluation'
            as counts_for_success,
        outcomes.is_shareable and not coalesce(recorded_sub_goals.has_shareable_descendant, false) as is_leaf,
        outcomes.has_second_parent
        or (
            outcomes.claimed_parent_goal is not null
            and climbs.goal is null
            and claimed_parents.goal is not null
        ) as has_dropped_parent,
        {%- for column in ['count_sub_goals', 'count_sub_goals_achieved', 'progress', 'has_missing_sub_goals'] %}
        case
            when
                outcomes.count_sub_goals = 0
                and outcomes.goal_scope = 'session'
                and (outcomes.is_recorded or outcomes.verdict_source = 'derived')
                and recorded_sub_goals.has_sub_goals
                then recorded_sub_goals.{{ column }}
            else outcomes.{{ column }}
        end as {{ column }},
        {%- endfor %}
        outcomes.has_unmet_sub_goals or coalesce(
            outcomes.count_sub_goals = 0
            and outcomes.goal_scope = 'session'
            and outcomes.is_recorded
            and outcomes.verdict = 'achieved'
            and recorded_sub_goals.has_failed_sub_goals, false
        ) as has_unmet_sub_goals,
        {%- if agent_goals.setting('cost_allocation') == 'weight' %}
        outcomes.goal_weight
        {%- elif agent_goals.setting('cost_allocation') == 'primary' %}
        case when outcomes.is_primary then 1 else 0 end
        {%- else %}
        1
        {%- endif %} as share_weight
    from marked as outcomes
    {%- for part in ['climbs', 'recorded_sub_goals'] %}
    left join {{ part }}
        on {{ agent_goals.same_goal('outcomes', part) }}
    {%- endfor %}
    left join outcomes as claimed_parents
        on
            {{ agent_goals.same_session('outcomes', 'claimed_parents') }}
            and outcomes.claimed_parent_goal = claimed_parents.goal
)

select * from final
