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
                then rank() over (partition by {{ group | join(', ') }} order by metric_cost nulls last)
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

decile_ends as (
    select
        {{ group | join(',\n        ') }},
        cost_decile,
        max(metric_cost) as decile_cost
    from placed
    where cost_decile is not null
    group by {{ group | join(', ') }}, cost_decile
),

-- Whoever is in a later decile has spent what ends the one before.
decile_starts as (
    select
        decile_ends.*,
        coalesce(lag(decile_cost) over (partition by {{ group | join(', ') }} order by cost_decile), 0) as decile_start
    from decile_ends
),

-- What an escalated goal would have been worth is what achieved ones are worth on average, where its stake is not known.
valued as (
    select
        placed.*,
        decile_starts.decile_start,
        avg({{ agent_goals.as_type('placed.achieved_value', 'double') }}) over (
            partition by placed.environment, placed.agent, placed.goal
        ) as mean_value
    from placed
    left join decile_starts
        on
            placed.environment = decile_starts.environment
            and placed.agent = decile_starts.agent
            and placed.goal = decile_starts.goal
            and placed.cost_decile = decile_starts.cost_decile
),

-- Value and cost are subtracted as decimals, so that nothing is lost where they are near.
seen as (
    {%- for view, column in views.items() %}
    select
        {{ group | join(',\n        ') }},
        '{{ view }}' as view_name,
        {{ agent_goals.as_type(column, 'double') }} as ended_at_step,
        outcome,
        decile_start,
        {{ agent_goals.as_type('metric_cost', 'double') }} as cost,
        {{ agent_goals.as_type('metric_cost - decile_start', 'double') }} as cost_in_decile,
        case
            when outcome = 'achieved' then {{ agent_goals.as_type('achieved_value', 'double') }}
            else 0e0
        end as value_low,
        case
            when outcome = 'achieved' then {{ agent_goals.as_type('achieved_value', 'double') }}
            when outcome = 'escalated' then coalesce({{ agent_goals.as_type('escalated_value', 'double') }}, mean_value)
            else 0e0
        end as value_high,
        case
            when outcome = 'achieved' then {{ agent_goals.as_type('achieved_value - metric_cost', 'double') }}
            else {{ agent_goals.as_type('-metric_cost', 'double') }}
        end as net_low,
        case
            when outcome = 'achieved' then {{ agent_goals.as_type('achieved_value - metric_cost', 'double') }}
            when outcome = 'escalated'
                then coalesce(
                    {{ agent_goals.as_type('escalated_value - metric_cost', 'double') }},
                    mean_value - {{ agent_goals.as_type('metric_cost', 'double') }}
                )
            else {{ agent_goals.as_type('-metric_cost', 'double') }}
        end as net_high
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
        max(decile_start) as decile_start,
        sum(cost_in_decile) as total_cost_in_decile,
        {%- for bound in ['low', 'high'] %}
        sum(case when cost is not null then value_{{ bound }} end) as total_value_{{ bound }},
        sum(net_{{ bound }}) as total_net_{{ bound }},
        coalesce(var_pop(net_{{ bound }}), 0e0) as net_variance_{{ bound }},
        coalesce(covar_pop(cost, net_{{ bound }}), 0e0) as net_covariance_{{ bound }},
        {%- endfor %}
        coalesce(var_pop(cost), 0e0) as cost_variance
    from seen
    group by {{ group | join(', ') }}, view_name, ended_at_step, outcome
)

select * from final
