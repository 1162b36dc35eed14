{{ config(materialized='view') }}

{%- set verdict_columns = [
    'event_id', 'environment', 'session_id', 'goal', 'occurred_at', 'loaded_at', 'session_started_at',
    'is_started_by_goal', 'definition_version', 'verdict_source', 'evaluator', 'evaluator_version', 'label',
    'reason', 'verdict', 'is_decided_by_definition', 'score', 'threshold', 'threshold_operator',
    'contradicts_threshold', 'goal_value', 'expected_value', 'parent_goal', 'sub_goals_achieved',
    'time_to_goal_seconds', 'count_attempts', 'count_interactions', 'is_escalated', 'customer_satisfaction',
    'agent', 'experiment', 'variant', 'metadata', 'verdict_trust',
] -%}
with

goal_verdicts as (
    select * from {{ ref('int_agent_goals__goal_verdicts') }}
),

customer_windows as (
    select * from {{ ref('int_agent_goals__customer_windows') }}
),

members as (
    select * from {{ ref('int_agent_goals__customer_goal_members') }}
),

of_windows as (
    select
        {%- for column in verdict_columns %}
        goal_verdicts.{{ column }},
        {%- endfor %}
        customer_windows.customer_goal,
        customer_windows.unit_id,
        customer_windows.unit_started_at,
        false as is_unit_started_by_goal
    from {{ ref('int_agent_goals__goal_verdicts') }} as goal_verdicts
    inner join customer_windows
        on {{ agent_goals.same_session('goal_verdicts', 'customer_windows') }}
    where exists (
        select 1
        from members
        where
            customer_windows.customer_goal = members.customer_goal
            and goal_verdicts.goal = members.goal
            and {{ agent_goals.in_force('members', 'goal_verdicts.session_started_at') }}
    )
),

final as (
    select
        {{ verdict_columns | join(', ') }},
        '' as customer_goal,
        session_id as unit_id,
        session_started_at as unit_started_at,
        is_started_by_goal as is_unit_started_by_goal
    from goal_verdicts
    union all
    select
        {{ verdict_columns | join(', ') }},
        customer_goal,
        unit_id,
        unit_started_at,
        is_unit_started_by_goal
    from of_windows
)

select * from final
