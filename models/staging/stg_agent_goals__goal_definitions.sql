with

goal_definitions as (
    {{ agent_goals.raw_rows('goal_definitions', agent_goals.goal_definition_columns()) }}
),

versions as (
    select
        goal_definitions.*,
        coalesce(valid_from, {{ agent_goals.beginning_of_time() }}) as version_from
    from goal_definitions
),

numbered as (
    select
        versions.*,
        row_number() over (partition by goal order by version_from, valid_to) as definition_version,
        lead(version_from) over (partition by goal order by version_from, valid_to) as next_version_from
    from versions
),

-- A version ends where the next one begins at the latest, so that no moment has two: whoever declared more is told by a test.
dated as (
    select
        numbered.*,
        case
            when next_version_from < coalesce(valid_to, {{ agent_goals.end_of_time() }}) then next_version_from
            else coalesce(valid_to, {{ agent_goals.end_of_time() }})
        end as version_to
    from numbered
),

final as (
    select
        goal,
        {{ agent_goals.as_type('definition_version', 'integer') }} as definition_version,
        version_from as valid_from,
        version_to as valid_to,
        coalesce(valid_to > next_version_from, false) or coalesce(version_from = next_version_from, false) as has_overlap,
        coalesce(kind, case when source_goal is not null then 'derived' else 'binary' end) as kind,
        description,
        coalesce(scope, 'session') as scope,
        window_days,
        parent_goal,
        sequence,
        -- The exact split counts in ten-thousandths of a weight.
        coalesce(cast(cast(weight as decimal(12, 4)) as {{ agent_goals.data_type('decimal') }}), 1) as weight,
        coalesce(is_required, true) as is_required,
        coalesce(is_primary, false) as is_primary,
        coalesce(composite_rule, 'all') as composite_rule,
        composite_threshold,
        source_goal,
        field,
        threshold,
        coalesce(threshold_operator, '>=') as threshold_operator,
        -- A list of agents between commas, so that a name can be looked for whole; * stands for every agent.
        ',' || replace(expected_agents, ', ', ',') || ',' as expected_agents,
        value_per_achievement,
        target_achievement_rate
    from dated
)

select * from final
