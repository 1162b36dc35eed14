{%- set sources = agent_goals.setting('verdict_precedence') -%}
with

unit_outcomes as (
    select
        unit_outcomes.*,
        unit_id as session_id
    from {{ ref('int_agent_goals__unit_outcomes') }} as unit_outcomes
    where customer_goal = ''
),

sessions as (
    select * from {{ ref('int_agent_goals__sessions') }}
),

cost_events as (
    select * from {{ ref('stg_agent_goals__cost_events') }}
),

goal_definitions as (
    select * from {{ ref('stg_agent_goals__goal_definitions') }}
),

goals_with_costs as (
    select
        environment,
        session_id,
        goal
    from cost_events
    where goal is not null and cost_type <> 'evaluation'
    group by environment, session_id, goal
),

-- Agents are few: what is expected of each is found once, and not in each of its sessions.
agents as (
    select agent
    from {{ ref('int_agent_goals__sessions') }}
    group by agent
),

expectations as (
    select
        coalesce(agents.agent, '') as agent,
        agents.agent is null as is_unknown_agent,
        goal_definitions.goal,
        goal_definitions.valid_from,
        goal_definitions.valid_to
    from agents
    inner join {{ ref('stg_agent_goals__goal_definitions') }} as goal_definitions
        on {{ agent_goals.is_expected_of('goal_definitions', 'agents.agent') }}
),

expected_goals as (
    select
        sessions.environment,
        sessions.session_id,
        expectations.goal
    from {{ ref('int_agent_goals__sessions') }} as sessions
    inner join expectations
        on
            coalesce(sessions.agent, '') = expectations.agent
            and (sessions.agent is null) = expectations.is_unknown_agent
            and {{ agent_goals.in_force('expectations', 'sessions.started_at') }}
),

called_for as (
    select
        environment,
        session_id,
        goal,
        max(is_expected) as is_expected
    from (
        select environment, session_id, goal, 0 as is_expected from goals_with_costs
        union all
        select environment, session_id, goal, 1 as is_expected from expected_goals
    ) as calls
    group by environment, session_id, goal
),

-- A recorded or derived outcome, a cost that names a goal, or an expectation is each enough for an outcome to exist.
found as (
    select
        unit_outcomes.*,
        coalesce(unit_outcomes.environment, called_for.environment) as found_environment,
        coalesce(unit_outcomes.session_id, called_for.session_id) as found_session_id,
        coalesce(unit_outcomes.goal, called_for.goal) as found_goal,
        coalesce(called_for.is_expected = 1, false) as is_expected
    from unit_outcomes
    full outer join called_for
        on {{ agent_goals.same_goal('unit_outcomes', 'called_for') }}
),

final as (
    select
        found.found_environment as environment,
        found.found_session_id as session_id,
        found.found_goal as goal,
        coalesce(found.is_recorded, false) as is_recorded,
        coalesce(found.is_rule_derived, false) as is_rule_derived,
        found.source_goal,
        found.is_expected,
        goal_definitions.goal is not null as is_defined,
        -- A judge that is not told which goal its verdicts are on names one after itself.
        case
            when goal_definitions.goal is not null then goal_definitions.kind
            when found.evaluator = found.found_goal then 'evaluation'
            else 'binary'
        end as goal_kind,
        coalesce(goal_definitions.scope, 'session') as goal_scope,
        goal_definitions.sequence as goal_sequence,
        coalesce(goal_definitions.weight, 1) as goal_weight,
        coalesce(goal_definitions.is_primary, false) as is_primary,
        -- What a customer's achievement is worth counts once, on the customer's outcome.
        case when goal_definitions.scope <> 'customer' then goal_definitions.value_per_achievement end
            as value_per_achievement,
        goal_definitions.target_achievement_rate,
        -- Recorded parentage is for goals that nobody defined.
        case when goal_definitions.goal is not null then goal_definitions.parent_goal else found.parent_goal end
            as claimed_parent_goal,
        coalesce(found.has_second_parent and goal_definitions.goal is null, false) as has_second_parent,
        coalesce(found.verdict, 'unjudged') as verdict,
        found.verdict_source,
        {%- for source in sources %}
        found.{{ source }}_verdict,
        {%- endfor %}
        found.derived_verdict,
        coalesce(found.definition_version, goal_definitions.definition_version) as definition_version,
        coalesce(found.is_decided_by_definition, false) as is_decided_by_definition,
        found.decided_at,
        found.score,
        found.threshold,
        found.threshold_operator,
        coalesce(found.count_sub_goals, 0) as count_sub_goals,
        coalesce(found.count_sub_goals_achieved, 0) as count_sub_goals_achieved,
        found.progress,
        coalesce(found.has_missing_sub_goals, false) as has_missing_sub_goals,
        coalesce(found.has_unmet_sub_goals, false) as has_unmet_sub_goals,
        found.evaluator,
        found.evaluator_version,
        found.label,
        found.reason,
        found.goal_value,
        found.expected_value,
        found.count_interactions,
        found.is_escalated,
        found.customer_satisfaction,
        -- What a session says of itself is joined here once, and not again with all that belongs to an outcome.
        coalesce(found.agent, sessions.agent) as agent,
        sessions.customer_id,
        sessions.customer_segment,
        sessions.channel,
        sessions.model,
        coalesce(found.experiment, sessions.experiment) as experiment,
        coalesce(found.variant, sessions.variant) as variant,
        sessions.started_at as session_started_at,
        found.metadata,
        found.time_to_goal_seconds,
        coalesce(found.has_negative_time_to_goal, false) as has_negative_time_to_goal,
        found.first_achieved_at,
        coalesce(found.count_goal_events, 0) as count_goal_events,
        found.count_tries,
        coalesce(found.has_verdict_against_threshold, false) as has_verdict_against_threshold
    from found
    inner join sessions
        on
            found.found_environment = sessions.environment
            and found.found_session_id = sessions.session_id
    left join goal_definitions
        on
            found.found_goal = goal_definitions.goal
            and {{ agent_goals.in_force('goal_definitions', 'sessions.started_at') }}
)

select * from final
