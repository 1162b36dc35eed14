{%- set alpha = (1 - agent_goals.setting('diagnostics_confidence')) | round(12) -%}
{%- set group = ['environment', 'agent', 'goal', 'value_band_number'] -%}
{%- set fieller = [
    'cost_difference', 'rate_difference', 'cost_difference_variance', 'rate_difference_variance',
    'difference_covariance', 'cost_t_critical',
] -%}
with

model_arms as (
    select * from {{ ref('int_agent_goals__model_arms') }}
),

model_tests as (
    select * from {{ ref('int_agent_goals__model_tests') }}
),

ranked as (
    {{ agent_goals.benjamini_hochberg_q_value(
        'model_tests', 'rate_p_value', 'rate_q_value', ['environment'], ['agent', 'goal', 'value_band_number', 'model']
    ) | indent(4) }}
),

joined as (
    select
        model_arms.*,
        ranked.is_eligible,
        ranked.is_compared,
        ranked.is_cheapest,
        ranked.is_leading,
        ranked.count_eligible,
        ranked.count_missing_values,
        ranked.cheapest_model,
        ranked.cheapest_attempts,
        ranked.cheapest_successes,
        {%- for column in fieller %}
        ranked.{{ column }},
        {%- endfor %}
        ranked.rate_p_value,
        ranked.rate_q_value,
        ranked.p_value_against_leading
    from model_arms
    inner join ranked
        on
            {%- for column in group %}
            model_arms.{{ column }} = ranked.{{ column }}
            and
            {%- endfor %}
            model_arms.model = ranked.model
),

-- A wrong leader would have to beat the truly best of the others by chance, and any of them may be the one that does.
challenged as (
    select
        joined.*,
        (count_eligible - 1) * max(p_value_against_leading) over (partition by {{ group | join(', ') }}) as challenged_p_value,
        count(p_value_against_leading) over (partition by {{ group | join(', ') }}) as count_challengers,
        max(case when is_leading then net_value_per_attempt end) over (partition by {{ group | join(', ') }})
            as leading_net_value,
        {{ agent_goals.wilson_low('successes', 'attempts', 'z') }} as rate_low,
        {{ agent_goals.wilson_high('successes', 'attempts', 'z') }} as rate_high,
        case when is_compared then {{ agent_goals.wilson_low('cheapest_successes', 'cheapest_attempts', 'z') }} end
            as cheapest_low,
        case when is_compared then {{ agent_goals.wilson_high('cheapest_successes', 'cheapest_attempts', 'z') }} end
            as cheapest_high,
        case when is_compared then successes / attempts end as compared_rate,
        case when is_compared then cheapest_successes / cheapest_attempts end as cheapest_rate
    from joined
),

led as (
    select
        challenged.*,
        case
            when is_leading and count_challengers > 0 and count_challengers = count_eligible - 1 and value_band_number > 0
                then case when challenged_p_value < 1e0 then challenged_p_value else 1e0 end
        end as leading_p_value
    from challenged
),

judged as (
    select
        led.*,
        case
            when value_band_number = 0 then 'value not known'
            when count_costed = 0 then 'cost not known'
            when not is_eligible then 'not enough attempts'
            when count_missing_values > 0 then 'value not known'
            when count_eligible = 1 then 'nothing to compare with'
            when leading_net_value <= 0e0 then 'none is worth its cost'
            when leading_p_value < {{ alpha }} then 'recommended'
            when is_leading then 'ahead, not for sure'
            when p_value_against_leading * (count_eligible - 1) < {{ alpha }} then 'worse than the leading one'
            else 'behind, not for sure'
        end as recommendation,
        case
            when is_cheapest then 'cheapest'
            when count_costed = 0 then 'cost not known'
            when not is_eligible then 'not enough attempts'
            when rate_difference <= 0e0 then 'no better'
            when {{ agent_goals.fieller_low(*fieller) | indent(12) }} is null then 'rates not distinct'
            else 'ok'
        end as break_even_status
    from led
),

final as (
    select
        environment,
        agent,
        goal,
        {{ agent_goals.value_band_name('value_band_number') | indent(8) }} as value_band,
        {{ agent_goals.as_type('value_band_number', 'integer') }} as value_band_number,
        model,
        count_attempts,
        count_achieved,
        {{ agent_goals.ratio('count_achieved', 'count_attempts') }} as achievement_rate,
        rate_low as achievement_rate_low,
        rate_high as achievement_rate_high,
        count_mixed_model,
        count_mixed_model > 0 as is_mixed_model,

        count_costed,
        total_cost,
        cost_per_attempt,
        {{ agent_goals.ratio('achieved_cost', 'count_achieved') }} as cost_per_goal_achieved,
        {{ agent_goals.ratio('total_cost', 'count_achieved') }} as fully_loaded_cost_per_goal,
        count_missing_value,
        achieved_value,
        {{ agent_goals.ratio('achieved_value', 'count_achieved') }} as value_per_goal,
        net_value_per_attempt,
        net_value_per_attempt - net_value_margin as net_value_per_attempt_low,
        net_value_per_attempt + net_value_margin as net_value_per_attempt_high,

        cheapest_model,
        rate_difference,
        {{ agent_goals.newcombe_low('cheapest_rate', 'cheapest_high', 'compared_rate', 'rate_low') | indent(8) }}
            as rate_difference_low,
        {{ agent_goals.newcombe_high('cheapest_rate', 'cheapest_low', 'compared_rate', 'rate_high') | indent(8) }}
            as rate_difference_high,
        rate_p_value as p_value,
        rate_q_value as q_value,
        cost_difference,
        cost_difference - cost_t_critical * sqrt(cost_difference_variance) as cost_difference_low,
        cost_difference + cost_t_critical * sqrt(cost_difference_variance) as cost_difference_high,
        case when rate_difference > 0e0 then cost_difference / rate_difference end as break_even_goal_value,
        case when break_even_status = 'ok' then {{ agent_goals.fieller_low(*fieller) | indent(8) }} end
            as break_even_goal_value_low,
        case when break_even_status = 'ok' then {{ agent_goals.fieller_high(*fieller) | indent(8) }} end
            as break_even_goal_value_high,
        {{ agent_goals.as_type('break_even_status', 'text') }} as break_even_status,

        leading_p_value as recommendation_p_value,
        recommendation = 'recommended' as is_recommended,
        {{ agent_goals.as_type('recommendation', 'text') }} as recommendation
    from judged
)

select * from final
