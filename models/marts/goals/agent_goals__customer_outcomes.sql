{{ agent_goals.kept_by(['customer']) }}

with

customer_windows as (
    select * from {{ ref('int_agent_goals__customer_windows') }}
),

sessions as (
    select * from {{ ref('int_agent_goals__sessions') }}
),

unit_outcomes as (
    select * from {{ ref('int_agent_goals__unit_outcomes') }}
    where customer_goal <> ''
),

goal_money as (
    select * from {{ ref('int_agent_goals__customer_goal_money') }}
),

goal_definitions as (
    select * from {{ ref('stg_agent_goals__goal_definitions') }}
),

defined_relations as (
    select * from {{ ref('int_agent_goals__defined_relations') }}
),

numbered_sessions as (
    select
        customer_windows.*,
        row_number() over (
            partition by environment, customer_goal, unit_id
            order by session_started_at, session_id
        ) as session_number,
        count(*) over (partition by environment, customer_goal, unit_id) as count_sessions
    from customer_windows
),

-- A window speaks with its first session where only one can: whose agent, which segment, on what day.
windows as (
    select
        numbered_sessions.*,
        sessions.agent,
        sessions.customer_segment,
        sessions.model,
        {{ agent_goals.local_date('numbered_sessions.session_started_at') }} as window_date
    from numbered_sessions
    inner join sessions
        on {{ agent_goals.same_session('numbered_sessions', 'sessions') }}
    where numbered_sessions.session_number = 1
),

decided as (
    select
        unit_outcomes.environment,
        unit_outcomes.customer_goal,
        unit_outcomes.goal,
        windows.customer_id,
        windows.window_number,
        windows.window_started_at,
        windows.window_ended_at,
        windows.window_date,
        windows.agent,
        windows.customer_segment,
        windows.model,
        windows.count_sessions,
        defined_relations.depth,
        goal_definitions.kind as goal_kind,
        goal_definitions.scope = 'customer' as is_customer_scoped,
        coalesce({{ agent_goals.is_expected_of('goal_definitions', 'windows.agent') | indent(8) }}, false) as is_expected,
        goal_definitions.value_per_achievement,
        goal_definitions.target_achievement_rate,
        unit_outcomes.is_recorded,
        unit_outcomes.is_rule_derived,
        unit_outcomes.verdict,
        unit_outcomes.verdict_source,
        unit_outcomes.derived_verdict,
        coalesce(unit_outcomes.definition_version, goal_definitions.definition_version) as definition_version,
        unit_outcomes.decided_at,
        unit_outcomes.first_achieved_at,
        unit_outcomes.score,
        unit_outcomes.threshold,
        unit_outcomes.threshold_operator,
        unit_outcomes.time_to_goal_seconds as recorded_time,
        {{ agent_goals.seconds_between('windows.unit_started_at', 'unit_outcomes.decided_at') }} as derived_time,
        unit_outcomes.expected_value,
        unit_outcomes.goal_value,
        unit_outcomes.count_sub_goals,
        unit_outcomes.count_sub_goals_achieved,
        unit_outcomes.progress,
        unit_outcomes.has_missing_sub_goals,
        unit_outcomes.has_unmet_sub_goals,
        goal_money.rolled_up_cost,
        case when unit_outcomes.is_rule_derived then source_money.rolled_up_cost else goal_money.rolled_up_cost end
            as metric_cost,
        goal_money.landed_value
    from unit_outcomes
    inner join windows
        on {{ agent_goals.same_unit('unit_outcomes', 'windows') }}
    inner join goal_definitions
        on
            unit_outcomes.goal = goal_definitions.goal
            and {{ agent_goals.in_force('goal_definitions', 'windows.unit_started_at') }}
    -- What only a rule of the customer's goal looks at is no part of it.
    inner join defined_relations
        on
            unit_outcomes.customer_goal = defined_relations.ancestor_goal
            and unit_outcomes.goal = defined_relations.descendant_goal
            and {{ agent_goals.in_force('defined_relations', 'windows.unit_started_at') }}
    left join goal_money
        on {{ agent_goals.same_unit_goal('unit_outcomes', 'goal_money') }}
    left join goal_money as source_money
        on
            {{ agent_goals.same_unit('unit_outcomes', 'source_money') }}
            and unit_outcomes.source_goal = source_money.goal
),

valued as (
    select
        decided.*,
        coalesce(landed_value, case when verdict = 'achieved' then value_per_achievement end) as rolled_up_value
    from decided
),

final as (
    select
        environment,
        customer_id,
        goal,
        customer_goal,
        {{ agent_goals.as_type('window_number', 'integer') }} as window_number,
        window_started_at,
        window_ended_at,
        window_date,
        count_sessions,
        agent,
        customer_segment,
        model,

        verdict,
        case verdict when 'achieved' then true when 'not_achieved' then false end as is_achieved,
        verdict_source,
        derived_verdict,
        definition_version,
        decided_at,
        first_achieved_at,
        case
            when verdict <> 'achieved' then null
            when is_recorded then recorded_time
            when derived_time >= 0 then {{ agent_goals.as_type('derived_time', 'decimal') }}
        end as time_to_goal_seconds,
        score,
        threshold,
        threshold_operator,
        {{ agent_goals.outcome_attainment() | indent(8) }} as score_attainment,

        depth,
        is_customer_scoped,
        goal_kind,
        is_recorded,
        is_rule_derived,
        is_expected,
        {{ agent_goals.as_type('count_sub_goals', 'integer') }} as count_sub_goals,
        {{ agent_goals.as_type('count_sub_goals_achieved', 'integer') }} as count_sub_goals_achieved,
        progress,
        has_missing_sub_goals,
        has_unmet_sub_goals,

        rolled_up_cost,
        metric_cost,
        {{ agent_goals.as_type('rolled_up_value', 'decimal') }} as rolled_up_value,
        {{ agent_goals.outcome_potential_value() }} as potential_value,
        target_achievement_rate
    from valued
)

select * from final
