{%- set alpha = (1 - agent_goals.setting('diagnostics_confidence')) | round(12) -%}
{%- set min_attempts = agent_goals.setting('diagnostics_min_attempts') -%}
{%- set group = ['environment', 'agent', 'goal', 'view_name'] -%}
with

ends as (
    select * from {{ ref('int_agent_goals__escalation_ends') }}
),

steps as (
    select * from {{ ref('int_agent_goals__escalation_steps') }}
),

-- What a goal costs that is achieved at once, and one that takes more.
by_start as (
    select
        {{ group | join(',\n        ') }},
        ended_at_step > 1e0 as is_later,
        {{ agent_goals.as_type('sum(count_costed)', 'double') }} as costed,
        sum(total_cost) as total_cost,
        -- The mean of squares less the square of the mean would lose what it is about: so by ways to end, and between them.
        sum({{ agent_goals.as_type('count_costed', 'double') }} * cost_variance) as within_cells
    from ends
    where outcome = 'achieved' and view_name <> 'cost' and count_costed > 0
    group by {{ group | join(', ') }}, ended_at_step > 1e0
),

between_cells as (
    select
        {%- for column in group %}
        by_start.{{ column }},
        {%- endfor %}
        by_start.is_later,
        max(by_start.costed) as costed,
        max(by_start.total_cost) as total_cost,
        max(by_start.within_cells) + sum(
            {{ agent_goals.as_type('ends.count_costed', 'double') }}
            * (ends.total_cost / ends.count_costed - by_start.total_cost / by_start.costed)
            * (ends.total_cost / ends.count_costed - by_start.total_cost / by_start.costed)
        ) as squares
    from by_start
    inner join ends
        on
            {%- for column in group %}
            by_start.{{ column }} = ends.{{ column }}
            and
            {%- endfor %}
            by_start.is_later = (ends.ended_at_step > 1e0)
    where ends.outcome = 'achieved' and ends.count_costed > 0
    group by
        {%- for column in group %}
        by_start.{{ column }},
        {%- endfor %}
        by_start.is_later
),

first_and_later as (
    select
        {{ group | join(',\n        ') }},
        {%- for name, condition in {'first': 'not is_later', 'later': 'is_later'}.items() %}
        max(case when {{ condition }} then total_cost / costed end) as {{ name }}_cost,
        max(case when {{ condition }} and costed > 1e0 then squares / (costed - 1e0) / costed end) as {{ name }}_variance
        {{- ',' if not loop.last }}
        {%- endfor %}
    from between_cells
    group by {{ group | join(', ') }}
),

counted as (
    select
        steps.*,
        {%- for name in ['reached', 'achieved', 'eventually_achieved'] %}
        {{ agent_goals.as_type('steps.count_' ~ name, 'double') }} as {{ name }},
        {%- endfor %}
        {{ agent_goals.as_type('steps.count_eventually_achieved + steps.count_eventually_escalated', 'double') }}
            as eventually_at_most,
        first_and_later.first_cost,
        first_and_later.later_cost,
        case
            when first_and_later.first_cost > 0e0 and first_and_later.later_cost > 0e0
                then sqrt(
                    first_and_later.first_variance / (first_and_later.first_cost * first_and_later.first_cost)
                    + first_and_later.later_variance / (first_and_later.later_cost * first_and_later.later_cost)
                )
        end as saving_error,
        case when steps.costed > 0e0 then steps.costed - 1e0 end as degrees_of_freedom,
        {{ alpha }}e0 + 0e0 * steps.step as alpha,
        5e-1 * {{ alpha }}e0 + 0e0 * steps.step as half_alpha,
        {%- for bound in ['low', 'high'] %}
        sum(steps.step_net_{{ bound }}) over (
            partition by
                {%- for column in group %}
                steps.{{ column }}{{ ',' if not loop.last }}
                {%- endfor %}
            order by steps.step
            rows between unbounded preceding and current row
        ) as net_so_far_{{ bound }}{{ ',' if not loop.last }}
        {%- endfor %}
    from steps
    left join first_and_later
        on
            {%- for column in group %}
            {{ 'and ' if not loop.first }}steps.{{ column }} = first_and_later.{{ column }}
            {%- endfor %}
),

{{ agent_goals.t_quantile_ctes('counted', 'alpha', 'degrees_of_freedom', 't_critical', 'bounded', steps=1) }},

-- The best that can come of going on, if one may stop at any later step: it is what decides whether to stop here.
planned as (
    select
        bounded.*,
        -({{ agent_goals.normal_quantile('half_alpha') }}) as z,
        {%- for bound in ['low', 'high'] %}
        (
            max(net_so_far_{{ bound }}) over (
                partition by {{ group | join(', ') }} order by step rows between current row and unbounded following
            ) - net_so_far_{{ bound }} + step_net_{{ bound }}
        ) / nullif(costed, 0e0) as best_net_{{ bound }},
        further_net_{{ bound }} / nullif(costed, 0e0) as net_{{ bound }},
        t_critical * sqrt(case when net_variance_{{ bound }} > 0e0 then net_variance_{{ bound }} else 0e0 end)
            as margin_{{ bound }},
        {%- endfor %}
        -- What an achieved goal is worth is told by all of them, at whichever step.
        max(
            case
                when step = 1e0 and eventually_at_most > 0e0 and costed > 0e0
                    then further_value_high / costed / (eventually_at_most / reached)
            end
        ) over (partition by {{ group | join(', ') }}) as mean_value,
        max(count_missing_value) over (partition by {{ group | join(', ') }}) as all_missing_values,
        max(count_missing_stake) over (partition by {{ group | join(', ') }}) as all_missing_stakes
    from bounded
),

-- Where few succeeded, or none, the chance that more would have is what is uncertain.
extremes as (
    select
        planned.*,
        all_missing_values = 0 and mean_value is not null as is_value_known,
        all_missing_values = 0 and all_missing_stakes = 0 and mean_value is not null as is_most_known,
        net_high + margin_high as net_by_t,
        {{ agent_goals.wilson_high('eventually_at_most', 'reached', 'z') }} * mean_value - further_cost / nullif(costed, 0e0)
            as net_by_chance
    from planned
),

judged as (
    select
        extremes.*,
        case
            when count_costed < {{ min_attempts }} then 'not enough sessions'
            when not is_value_known then 'value not known'
            when is_most_known and best_net_high <= 0e0 and net_by_t < 0e0 and net_by_chance < 0e0 then 'stop'
            when best_net_low > 0e0 then 'go on'
            else 'not sure'
        end as advice
    from extremes
),

stopped as (
    select
        judged.*,
        min(case when advice = 'stop' then step end) over (partition by {{ group | join(', ') }}) as stop_step
    from judged
),

final as (
    select
        {{ group | join(',\n        ') }},
        {{ agent_goals.as_type('step', 'integer') }} as step,
        view_name <> 'cost' and step = {{ agent_goals.setting('escalation_steps') }}e0 as is_open_ended,
        spent_before,
        {%- for name in ['reached', 'achieved', 'escalated', 'given_up'] %}
        {{ agent_goals.as_type('count_' ~ name, 'integer') }} as count_{{ name }},
        {%- endfor %}

        achieved / reached as success_rate_here,
        {{ agent_goals.wilson_low('achieved', 'reached', 'z') }} as success_rate_here_low,
        {{ agent_goals.wilson_high('achieved', 'reached', 'z') }} as success_rate_here_high,
        {{ agent_goals.as_type('count_eventually_achieved', 'integer') }} as count_eventually_achieved,
        {{ agent_goals.as_type('count_eventually_escalated', 'integer') }} as count_eventually_escalated,
        eventually_achieved / reached as eventual_success_rate_least,
        eventually_at_most / reached as eventual_success_rate_most,
        {{ agent_goals.wilson_low('eventually_achieved', 'reached', 'z') }} as eventual_success_rate_low,
        {{ agent_goals.wilson_high('eventually_at_most', 'reached', 'z') }} as eventual_success_rate_high,

        {{ agent_goals.as_type('count_costed', 'integer') }} as count_costed,
        step_cost / nullif(costed, 0e0) as expected_cost_here,
        further_cost / nullif(costed, 0e0) as expected_further_cost,
        case when is_value_known then further_value_low / nullif(costed, 0e0) end as expected_further_value_least,
        case when is_most_known then further_value_high / nullif(costed, 0e0) end as expected_further_value_most,
        case when is_value_known then net_low end as expected_net_value_least,
        case when is_most_known then net_high end as expected_net_value_most,
        case when is_value_known then net_low - margin_low end as expected_net_value_low,
        case when is_most_known then case when net_by_chance > net_by_t then net_by_chance else net_by_t end end
            as expected_net_value_high,
        case when is_value_known then best_net_low end as best_net_value_least,
        case when is_most_known then best_net_high end as best_net_value_most,
        further_cost as cost_saved_if_stopped,
        case when is_value_known then further_value_low end as value_lost_if_stopped_least,
        case when is_most_known then further_value_high end as value_lost_if_stopped_most,
        case
            when eventually_at_most > 0e0 then further_cost / nullif(costed, 0e0) / (eventually_at_most / reached)
        end as goal_value_to_go_on_least,
        case
            when eventually_achieved > 0e0 then further_cost / nullif(costed, 0e0) / (eventually_achieved / reached)
        end as goal_value_to_go_on_most,

        coalesce(step = stop_step, false) as is_recommended_stop,
        {{ agent_goals.as_type("case
            when step = stop_step then 'stop here'
            when step > stop_step then 'stop before'
            else advice
        end", 'text') }} as recommendation,

        first_cost as cost_per_goal_at_once,
        later_cost as cost_per_goal_later,
        case when first_cost > 0e0 and later_cost > 0e0 then 1e0 - first_cost / later_cost end as saving_at_once,
        case
            when saving_error is not null and z * saving_error < 6e2
                then 1e0 - first_cost / later_cost * exp(z * saving_error)
        end as saving_at_once_low,
        case
            when saving_error is not null and z * saving_error < 6e2
                then 1e0 - first_cost / later_cost * exp(-z * saving_error)
        end as saving_at_once_high
    from stopped
)

select * from final
