{%- set keys = ['metric_date', 'environment', 'agent', 'goal', 'customer_segment', 'model'] -%}
{%- set parts = agent_goals.goal_metric_parts() -%}
{%- set top_level_parts = agent_goals.goal_metric_parts("is_top_level and goal_kind <> 'evaluation'") -%}
with

goal_outcomes as (
    select
        goal_outcomes.*,
        session_date as metric_date
    from {{ ref('agent_goals__goal_outcomes') }} as goal_outcomes
    where environment in ({{ agent_goals.text_literals(agent_goals.setting('environments')) }})
),

goal_definitions as (
    select * from {{ ref('stg_agent_goals__goal_definitions') }}
),

-- A grain has no nulls in it: what nobody said is unknown.
labelled as (
    select
        environment,
        metric_date,
        goal,
        goal_kind,
        coalesce(agent, 'unknown') as agent,
        coalesce(customer_segment, 'unknown') as customer_segment,
        coalesce(model, 'unknown') as model,
        verdict,
        is_expected,
        is_top_level,
        score,
        threshold,
        threshold_operator,
        score_attainment,
        time_to_goal_seconds,
        metric_cost,
        rolled_up_value,
        potential_value
    from goal_outcomes
),

parts as (
    select
        {%- for key in keys %}
        {{ key }},
        {%- endfor %}
        {%- for name, expression in parts.items() %}
        {{ expression }} as {{ name }},
        {%- endfor %}
        {%- for name, expression in top_level_parts.items() %}
        {{ expression }} as top_level_{{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from labelled
    group by {{ keys | join(', ') }}
),

final as (
    select
        {%- for key in keys %}
        parts.{{ key }},
        {%- endfor %}
        {%- for name in parts %}
        parts.{{ name }},
        {%- endfor %}
        {%- for name, formula in agent_goals.goal_metric_formulas(aggregated=false).items() %}
        {{ formula }} as {{ name }},
        {%- endfor %}
        goal_definitions.target_achievement_rate,
        {%- for name in top_level_parts %}
        parts.top_level_{{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from parts
    left join goal_definitions
        on parts.goal = goal_definitions.goal
)

select * from final
