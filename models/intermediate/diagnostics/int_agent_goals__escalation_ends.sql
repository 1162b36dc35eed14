{%- set group = ['environment', 'agent', 'goal'] -%}
{%- set views = {'try': 'count_tries', 'interaction': 'count_interactions', 'cost': 'cost_decile'} -%}
with

-- A session that was handed to a human has neither failed nor succeeded by itself, whether or not it was judged.
ended as (
    select
        environment,
        coalesce(agent, 'unknown') as agent,
        goal,
        case when verdict = 'achieved' then 'achieved' when is_escalated then 'escalated' else 'not_achieved' end as outcome,
        count_tries,
        count_interactions,
        metric_cost,
        case when verdict = 'achieved' then coalesce(rolled_up_value, value_at_stake) end as achieved_value,
        case when is_escalated and verdict <> 'achieved' then value_at_stake end as escalated_value
    from {{ ref('agent_goals__goal_outcomes') }}
    where
        {{ agent_goals.is_diagnosed() | indent(8) }}
        -- What a rule derives is not tried for by itself.
        and not is_rule_derived
        and (verdict in ('achieved', 'not_achieved') or (verdict = 'unjudged' and is_escalated))
),

-- Equal costs are in one decile.
ranked as (
    select
        ended.*,
        case
            when metric_cost is not null
                then rank() over (partition by {{ group | join(', ') }} order by metric_cost)
        end as cost_rank,
        count(metric_cost) over (partition by {{ group | join(', ') }}) as count_costed
    from ended
),

placed as (
    select
        ranked.*,
        floor(
            {{ agent_goals.as_type('(cost_rank - 1) * 10', 'double') }} / {{ agent_goals.as_type('count_costed', 'double') }}
        ) + 1e0 as cost_decile
    from ranked
),

-- What an escalated goal would have been worth is what achieved ones are worth on average, where its stake is not known.
valued as (
    select
        placed.*,
        avg({{ agent_goals.as_type('achieved_value', 'double') }}) over (partition by {{ group | join(', ') }}) as mean_value
    from placed
),

seen as (
    {%- for view, column in views.items() %}
    select
        {{ group | join(',\n        ') }},
        '{{ view }}' as view_name,
        {{ agent_goals.as_type(column, 'double') }} as ended_at_step,
        outcome,
        {{ agent_goals.as_type('metric_cost', 'double') }} as cost,
        case
            when outcome = 'achieved' then {{ agent_goals.as_type('achieved_value', 'double') }}
            else 0e0
        end as value_low,
        case
            when outcome = 'achieved' then {{ agent_goals.as_type('achieved_value', 'double') }}
            when outcome = 'escalated' then coalesce({{ agent_goals.as_type('escalated_value', 'double') }}, mean_value)
            else 0e0
        end as value_high
    from valued
    where {{ column }} >= 1
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

final as (
    select
        {{ group | join(',\n        ') }},
        {{ agent_goals.as_type('view_name', 'text') }} as view_name,
        ended_at_step,
        outcome,
        count(*) as count_sessions,
        count(cost) as count_costed,
        count(case when outcome = 'achieved' and value_low is null then 1 end) as count_missing_value,
        count(case when outcome = 'escalated' and value_high is null then 1 end) as count_missing_stake,
        sum(cost) as total_cost,
        max(cost) as greatest_cost,
        {%- for bound in ['low', 'high'] %}
        sum(case when cost is not null then value_{{ bound }} end) as total_value_{{ bound }},
        coalesce(var_pop(case when cost is not null then value_{{ bound }} end), 0e0) as value_variance_{{ bound }},
        coalesce(covar_pop(cost, value_{{ bound }}), 0e0) as covariance_{{ bound }},
        {%- endfor %}
        coalesce(var_pop(cost), 0e0) as cost_variance
    from seen
    group by {{ group | join(', ') }}, view_name, ended_at_step, outcome
)

select * from final
