{{ config(materialized='view') }}

{%- set is_restated = agent_goals.setting('restate_definitions') -%}
with

goal_definitions as (
    select * from {{ ref('stg_agent_goals__goal_definitions') }}
),

-- What decides a derived goal: its version's own rule or, restated, that of the version of today where there is one.
final as (
    select
        goal_definitions.goal,
        goal_definitions.definition_version,
        goal_definitions.valid_from,
        goal_definitions.valid_to,
        goal_definitions.scope,
        {%- for column in [
            'kind', 'source_goal', 'field', 'threshold', 'threshold_operator', 'composite_rule', 'composite_threshold',
        ] %}
        {{ 'case when todays.goal is null then goal_definitions.' ~ column ~ ' else todays.' ~ column ~ ' end as ' ~ column
            if is_restated else 'goal_definitions.' ~ column }},
        {%- endfor %}
        {{ 'coalesce(todays.definition_version, goal_definitions.definition_version)'
            if is_restated else 'goal_definitions.definition_version' }} as deciding_version
    from goal_definitions
    {%- if is_restated %}
    left join goal_definitions as todays
        on
            goal_definitions.goal = todays.goal
            and {{ agent_goals.in_force('todays', agent_goals.run_started()) }}
    {%- endif %}
)

select * from final
