{%- set group = ['environment', 'agent', 'goal', 'view_name'] -%}
{%- set last_step = agent_goals.setting('escalation_steps') -%}
with

ends as (
    select * from {{ ref('int_agent_goals__escalation_ends') }}
),

numbers as (
    {%- for number in range(1, [last_step, 10] | max + 1) %}
    select {{ number }}e0 as step
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

deciles as (
    select
        {{ group | join(',\n        ') }},
        ended_at_step as decile,
        max(decile_start) as spent_before
    from ends
    where view_name = 'cost'
    group by {{ group | join(', ') }}, ended_at_step
),

thresholds as (
    select
        deciles.*,
        lead(spent_before) over (partition by {{ group | join(', ') }} order by decile) as spent_after
    from deciles
),

-- Every step that sessions got to; the last one stands for all that follow.
reached as (
    select
        {%- for column in group %}
        ends.{{ column }},
        {%- endfor %}
        numbers.step,
        thresholds.spent_before,
        {{ agent_goals.as_type('ends.decile_start - thresholds.spent_before', 'double') }} as between_deciles,
        {{ agent_goals.as_type('thresholds.spent_after - thresholds.spent_before', 'double') }} as decile_width,
        ends.ended_at_step,
        ends.outcome,
        ends.count_sessions,
        ends.count_costed,
        ends.count_missing_value,
        ends.count_missing_stake,
        {%- for bound in ['low', 'high'] %}
        ends.total_value_{{ bound }},
        ends.total_net_{{ bound }},
        ends.net_variance_{{ bound }},
        ends.net_covariance_{{ bound }},
        {%- endfor %}
        ends.total_cost,
        ends.total_cost_in_decile,
        ends.cost_variance,
        {{ agent_goals.as_type('ends.count_costed', 'double') }} as costed,
        -- Whether the session ended in this step.
        ends.ended_at_step = numbers.step
        or (ends.view_name <> 'cost' and numbers.step = {{ last_step }}e0 and ends.ended_at_step > numbers.step) as is_end,
        -- The share of a session's cost that is still to come. Nothing tells what one try of several cost, so each is taken to
        -- have cost the same.
        case
            when ends.view_name = 'cost' then 1e0
            else (ends.ended_at_step - numbers.step + 1e0) / ends.ended_at_step
        end as further_share,
        case
            when ends.view_name = 'cost' then 1e0
            when numbers.step = {{ last_step }}e0 then (ends.ended_at_step - numbers.step + 1e0) / ends.ended_at_step
            else 1e0 / ends.ended_at_step
        end as step_share
    from ends
    inner join numbers
        on
            ends.ended_at_step >= numbers.step
            and numbers.step <= case when ends.view_name = 'cost' then 10e0 else {{ last_step }}e0 end
    left join thresholds
        on
            {%- for column in group %}
            ends.{{ column }} = thresholds.{{ column }}
            and
            {%- endfor %}
            numbers.step = thresholds.decile
    where ends.view_name <> 'cost' or thresholds.decile is not null
),

-- What is still to come from a step on: value less further cost, of the sessions that ended in one way at one step.
further as (
    select
        reached.*,
        case
            when view_name = 'cost' then total_cost_in_decile + costed * between_deciles
            else total_cost * further_share
        end as further_cost,
        case
            when view_name = 'cost' and is_end then total_cost_in_decile
            when view_name = 'cost' then costed * decile_width
            else total_cost * step_share
        end as step_cost,
        -- All that a session brought less all that it cost, but for what it had cost before it got here.
        1e0 - further_share as spent_share,
        {{ agent_goals.as_type('spent_before', 'double') }} as spent,
        case when is_end then 1 else 0 end as ends_here
    from reached
),

nets as (
    select
        further.*,
        {%- for bound in ['low', 'high'] %}
        net_variance_{{ bound }}
        + 2e0 * spent_share * net_covariance_{{ bound }}
        + spent_share * spent_share * cost_variance as spread_{{ bound }},
        case
            when outcome = 'not_achieved' or total_value_{{ bound }} = 0e0 then -further_cost
            when view_name = 'cost' then total_net_{{ bound }} + costed * spent
            else total_net_{{ bound }} + spent_share * total_cost
        end as net_{{ bound }},
        case
            when ends_here = 0 or outcome = 'not_achieved' or total_value_{{ bound }} = 0e0 then -step_cost
            when view_name = 'cost' then total_net_{{ bound }} + costed * spent
            else total_net_{{ bound }} + (1e0 - step_share) * total_cost
        end as step_net_{{ bound }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from further
),

means as (
    select
        nets.*,
        sum(costed) over (partition by {{ group | join(', ') }}, step) as all_costed,
        {%- for bound in ['low', 'high'] %}
        sum(net_{{ bound }}) over (partition by {{ group | join(', ') }}, step)
        / nullif(sum(costed) over (partition by {{ group | join(', ') }}, step), 0e0) as mean_{{ bound }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from nets
),

final as (
    select
        {{ group | join(',\n        ') }},
        step,
        max(spent) as spent_before,
        sum(count_sessions) as count_reached,
        sum(case when ends_here = 1 and outcome = 'achieved' then count_sessions else 0 end) as count_achieved,
        sum(case when ends_here = 1 and outcome = 'escalated' then count_sessions else 0 end) as count_escalated,
        sum(case when ends_here = 1 and outcome = 'not_achieved' then count_sessions else 0 end) as count_given_up,
        sum(case when outcome = 'achieved' then count_sessions else 0 end) as count_eventually_achieved,
        sum(case when outcome = 'escalated' then count_sessions else 0 end) as count_eventually_escalated,
        sum(count_costed) as count_costed,
        sum(count_missing_value) as count_missing_value,
        sum(count_missing_stake) as count_missing_stake,
        sum(step_cost) as step_cost,
        sum(further_cost) as further_cost,
        {%- for bound in ['low', 'high'] %}
        sum(total_value_{{ bound }}) as further_value_{{ bound }},
        sum(net_{{ bound }}) as further_net_{{ bound }},
        sum(step_net_{{ bound }}) as step_net_{{ bound }},
        -- Within the ways to end and between them.
        sum(
            case
                when costed > 0e0
                    then
                        costed * spread_{{ bound }}
                        + costed * (net_{{ bound }} / costed - mean_{{ bound }}) * (net_{{ bound }} / costed - mean_{{ bound }})
                else 0e0
            end
        ) / nullif(max(all_costed) - 1e0, 0e0) / nullif(max(all_costed), 0e0) as net_variance_{{ bound }},
        {%- endfor %}
        max(all_costed) as costed
    from means
    group by {{ group | join(', ') }}, step
)

select * from final
