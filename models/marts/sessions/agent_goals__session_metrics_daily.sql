{{ agent_goals.kept_by(['day']) }}

{%- set keys = ['metric_date', 'environment', 'agent', 'customer_segment', 'model'] -%}
{%- set parts = agent_goals.session_metric_parts() -%}
with

sessions as (
    {{ agent_goals.open_rows('agent_goals__sessions', 'day', ['session_date'], condition=agent_goals.is_shown()) }}
),

-- A grain has no nulls in it: what nobody said is unknown.
labelled as (
    select
        session_date as metric_date,
        environment,
        coalesce(agent, 'unknown') as agent,
        coalesce(customer_segment, 'unknown') as customer_segment,
        coalesce(model, 'unknown') as model,
        is_successful,
        is_escalated,
        total_cost,
        attributed_cost,
        unjudged_cost,
        unattributed_cost,
        evaluation_cost,
        landed_value,
        attributed_value,
        unrealised_value,
        unattributed_value,
        default_value,
        count_cost_events,
        count_missing_amounts,
        input_tokens,
        output_tokens
    from sessions
),

parts as (
    select
        {%- for key in keys %}
        {{ key }},
        {%- endfor %}
        {%- for name, expression in parts.items() %}
        {{ expression }} as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from labelled
    group by {{ keys | join(', ') }}
),

final as (
    select
        parts.*,
        {%- for name, formula in agent_goals.session_metric_formulas(aggregated=false).items() %}
        {{ formula }} as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from parts
)

select * from final
