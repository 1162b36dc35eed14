{{ agent_goals.kept_by(['day']) }}

{%- set keys = ['metric_date', 'environment', 'agent', 'goal', 'customer_segment', 'model'] -%}
{%- set parts = agent_goals.goal_metric_parts('counts_for_its_goal') -%}
{%- set top_level_parts = agent_goals.goal_metric_parts('counts_at_the_top') -%}
{%- set columns = [
    'environment', 'goal', 'verdict', 'is_expected', 'score', 'threshold', 'threshold_operator', 'score_attainment',
    'time_to_goal_seconds', 'metric_cost', 'rolled_up_value', 'potential_value', 'target_achievement_rate',
] -%}
with

goal_outcomes as (
    {{ agent_goals.open_rows('agent_goals__goal_outcomes', 'day', ['session_date'], condition=agent_goals.is_shown()) }}
),

customer_outcomes as (
    {{ agent_goals.open_rows('agent_goals__customer_outcomes', 'day', ['window_date'], condition=agent_goals.is_shown()) }}
),

-- A customer-scoped goal counts once for its customer, however many sessions it took; what those cost and brought stays
-- with them where goals are not told apart.
counted as (
    select
        {{ columns | join(', ') }},
        session_date as metric_date,
        agent,
        customer_segment,
        model,
        goal_scope = 'session' or customer_id is null as counts_for_its_goal,
        is_top_level and goal_kind <> 'evaluation' and not is_rule_derived as counts_at_the_top
    from goal_outcomes
    union all
    select
        {{ columns | join(', ') }},
        window_date as metric_date,
        agent,
        customer_segment,
        model,
        true as counts_for_its_goal,
        false as counts_at_the_top
    from customer_outcomes
    where is_customer_scoped
),

-- A grain has no nulls in it: what nobody said is unknown.
labelled as (
    select
        {{ columns | join(', ') }},
        metric_date,
        counts_for_its_goal,
        counts_at_the_top,
        coalesce(agent, 'unknown') as agent,
        coalesce(customer_segment, 'unknown') as customer_segment,
        coalesce(model, 'unknown') as model
    from counted
    where counts_for_its_goal or counts_at_the_top
),

parts as (
    select
        {%- for key in keys %}
        {{ key }},
        {%- endfor %}
        {%- for name, expression in parts.items() %}
        {{ expression }} as {{ name }},
        {%- endfor %}
        max(target_achievement_rate) as target_achievement_rate,
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
        parts.target_achievement_rate,
        {%- for name in top_level_parts %}
        parts.top_level_{{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from parts
)

select * from final
