{%- set group = ['environment', 'agent', 'goal', 'value_band_number'] -%}
{%- set sums = [
    'model', 'attempts', 'successes', 'costed', 'cost_per_attempt', 'net_value_per_attempt', 'cost_variance',
    'success_variance', 'covariance', 'net_value_variance',
] -%}
with

arms as (
    select
        model_arms.*,
        count_costed >= {{ agent_goals.setting('diagnostics_min_attempts') }} as is_eligible
    from {{ ref('int_agent_goals__model_arms') }} as model_arms
),

eligible as (
    select
        arms.*,
        count(*) over (partition by {{ group | join(', ') }}) as count_eligible,
        -- A model whose value is not known may be the best one.
        sum(count_missing_value) over (partition by {{ group | join(', ') }}) as count_missing_values,
        row_number() over (
            partition by {{ group | join(', ') }}
            order by cost_per_attempt, {{ agent_goals.landed_text('model') }}
        ) as cost_rank,
        row_number() over (
            partition by {{ group | join(', ') }}
            order by coalesce(net_value_per_attempt, -1e300) desc, {{ agent_goals.landed_text('model') }}
        ) as net_value_rank
    from arms
    where is_eligible
),

joined as (
    select
        arms.*,
        cheapest.count_eligible,
        cheapest.count_missing_values,
        {%- for column in sums %}
        cheapest.{{ column }} as cheapest_{{ column }},
        leading_arms.{{ column }} as leading_{{ column }},
        {%- endfor %}
        arms.model = cheapest.model as is_cheapest,
        arms.model = leading_arms.model as is_leading
    from arms
    left join eligible as cheapest
        on
            cheapest.cost_rank = 1
            {%- for column in group %}
            and arms.{{ column }} = cheapest.{{ column }}
            {%- endfor %}
    left join eligible as leading_arms
        on
            leading_arms.net_value_rank = 1
            {%- for column in group %}
            and arms.{{ column }} = leading_arms.{{ column }}
            {%- endfor %}
),

compared as (
    select
        joined.*,
        is_eligible and not is_cheapest as is_compared,
        case when is_eligible and not is_cheapest then cost_per_attempt - cheapest_cost_per_attempt end as cost_difference,
        case
            when is_eligible and not is_cheapest
                then successes / attempts - cheapest_successes / cheapest_attempts
        end as rate_difference,
        case when is_eligible and not is_cheapest then cost_variance + cheapest_cost_variance end as cost_difference_variance,
        case when is_eligible and not is_cheapest then success_variance + cheapest_success_variance end
            as rate_difference_variance,
        case when is_eligible and not is_cheapest then covariance + cheapest_covariance end as difference_covariance,
        case
            when is_eligible and not is_cheapest
                then
                    coalesce(
                        {{ agent_goals.welch_degrees_of_freedom(
                            'cheapest_cost_variance', 'cheapest_costed', 'cost_variance', 'costed'
                        ) | indent(24) }},
                        cheapest_costed + costed - 2e0
                    )
        end as cost_degrees_of_freedom,
        case
            when attempts + cheapest_attempts > successes + cheapest_successes and successes + cheapest_successes > 0e0
                then
                    (successes / attempts - cheapest_successes / cheapest_attempts) / sqrt(
                        (successes + cheapest_successes) / (attempts + cheapest_attempts)
                        * (1e0 - (successes + cheapest_successes) / (attempts + cheapest_attempts))
                        * (1e0 / attempts + 1e0 / cheapest_attempts)
                    )
            when is_eligible then 0e0
        end as rate_statistic,
        case
            when is_eligible and not is_leading and net_value_variance + leading_net_value_variance > 0e0
                then
                    (leading_net_value_per_attempt - net_value_per_attempt)
                    / sqrt(net_value_variance + leading_net_value_variance)
        end as net_value_statistic,
        case
            when is_eligible and not is_leading
                then {{ agent_goals.welch_degrees_of_freedom(
                    'leading_net_value_variance', 'leading_costed', 'net_value_variance', 'costed'
                ) | indent(16) }}
        end as net_value_degrees_of_freedom
    from joined
),

{{ agent_goals.t_quantile_ctes('compared', 'alpha', 'cost_degrees_of_freedom', 'cost_t_critical', 'bounded', steps=1) }},

{{ agent_goals.t_p_value_ctes(
    'bounded', 'net_value_statistic', 'net_value_degrees_of_freedom', 'p_value_against_leading', 'tested'
) }},

final as (
    select
        environment,
        agent,
        goal,
        value_band_number,
        model,
        is_eligible,
        is_compared,
        is_cheapest,
        is_leading,
        count_eligible,
        count_missing_values,
        cheapest_model,
        leading_model,
        cheapest_attempts,
        cheapest_successes,
        cost_difference,
        cost_difference_variance,
        rate_difference,
        rate_difference_variance,
        difference_covariance,
        cost_t_critical,
        case when is_compared then {{ agent_goals.normal_two_sided_p_value('rate_statistic') }} end as rate_p_value,
        p_value_against_leading
    from tested
)

select * from final
