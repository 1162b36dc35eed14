with

outcomes as (
    select * from {{ ref('int_agent_goals__outcomes') }}
),

goal_ancestors as (
    select * from {{ ref('int_agent_goals__goal_ancestors') }}
),

climbs as (
    select
        environment,
        session_id,
        goal,
        max(case when depth = 1 then ancestor_goal end) as parent_goal,
        max(depth) as depth
    from goal_ancestors
    group by environment, session_id, goal
),

-- Goals that were recorded, judged or not, share the costs that name no goal.
shareable as (
    select
        environment,
        session_id,
        goal
    from outcomes
    where is_recorded and goal_kind <> 'evaluation' and verdict <> 'not_applicable'
),

with_recorded_descendant as (
    select
        goal_ancestors.environment,
        goal_ancestors.session_id,
        goal_ancestors.ancestor_goal as goal
    from goal_ancestors
    inner join shareable
        on {{ agent_goals.same_goal('goal_ancestors', 'shareable') }}
    group by goal_ancestors.environment, goal_ancestors.session_id, goal_ancestors.ancestor_goal
),

with_recorded_ancestor as (
    select
        goal_ancestors.environment,
        goal_ancestors.session_id,
        goal_ancestors.goal
    from goal_ancestors
    inner join outcomes
        on
            {{ agent_goals.same_session('goal_ancestors', 'outcomes') }}
            and goal_ancestors.ancestor_goal = outcomes.goal
    where outcomes.is_recorded
    group by goal_ancestors.environment, goal_ancestors.session_id, goal_ancestors.goal
),

-- The sub-goals of a composite that has none by definition are those that its session recorded.
recorded_sub_goals as (
    select
        goal_ancestors.environment,
        goal_ancestors.session_id,
        goal_ancestors.ancestor_goal as goal,
        count(*) as count_sub_goals,
        count(case when outcomes.verdict = 'achieved' then 1 end) as count_sub_goals_achieved,
        {{ agent_goals.ratio(
            "coalesce(sum(case when outcomes.verdict = 'achieved' then outcomes.goal_weight end), 0)",
            "sum(case when outcomes.verdict <> 'not_applicable' then outcomes.goal_weight end)"
        ) }} as progress,
        {{ agent_goals.bool_or("outcomes.verdict = 'unjudged'") }} as has_missing_sub_goals,
        {{ agent_goals.bool_or("outcomes.verdict = 'not_achieved'") }} as has_failed_sub_goals
    from goal_ancestors
    inner join outcomes
        on {{ agent_goals.same_goal('goal_ancestors', 'outcomes') }}
    where
        goal_ancestors.depth = 1
        and (outcomes.is_recorded or outcomes.verdict_source = 'derived')
    group by goal_ancestors.environment, goal_ancestors.session_id, goal_ancestors.ancestor_goal
),

final as (
    select
        outcomes.environment,
        outcomes.session_id,
        outcomes.goal,
        outcomes.verdict,
        outcomes.goal_sequence,
        climbs.parent_goal,
        {{ agent_goals.as_type('coalesce(climbs.depth, 0)', 'integer') }} as depth,
        climbs.goal is null as is_top_level,
        with_recorded_descendant.goal is not null as has_recorded_descendant,
        outcomes.is_recorded and with_recorded_ancestor.goal is null as is_recorded_top_level,
        shareable.goal is not null and with_recorded_descendant.goal is null as is_leaf,
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
                and recorded_sub_goals.goal is not null
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
    from outcomes
    {%- for part in ['climbs', 'shareable', 'with_recorded_descendant', 'with_recorded_ancestor', 'recorded_sub_goals'] %}
    left join {{ part }}
        on {{ agent_goals.same_goal('outcomes', part) }}
    {%- endfor %}
    left join outcomes as claimed_parents
        on
            {{ agent_goals.same_session('outcomes', 'claimed_parents') }}
            and outcomes.claimed_parent_goal = claimed_parents.goal
)

select * from final
