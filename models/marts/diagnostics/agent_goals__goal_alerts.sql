{%- set day = ['environment', 'agent', 'goal', 'metric_date'] -%}
with

goal_day_tests as (
    select * from {{ ref('int_agent_goals__goal_day_tests') }}
),

goal_day_changes as (
    select * from {{ ref('int_agent_goals__goal_day_changes') }}
),

corrected as (
    {{ agent_goals.benjamini_hochberg_q_value(
        'goal_day_tests', 'p_value', 'q_value', ['environment'], ['agent', 'goal', 'metric_date']
    ) | indent(4) }}
),

-- What a goal was worth while its rate was still what it used to be, else what it is worth on the day itself.
valued as (
    select
        corrected.*,
        status = 'decline' as is_decline,
        (baseline_rate - rate) * attempts as missing_goals,
        coalesce(
            {{ agent_goals.ratio('baseline_value', 'baseline_achieved') }},
            {{ agent_goals.ratio('achieved_value', 'achieved') }}
        ) as value_of_a_goal
    from corrected
),

losses as (
    select
        valued.*,
        case when is_decline then missing_goals end as lost_goals,
        case when is_decline then missing_goals * value_of_a_goal end as lost_value
    from valued
),

ranked as (
    select
        losses.*,
        row_number() over (
            partition by environment, is_decline
            order by
                coalesce(lost_value, -1e0) desc,
                coalesce(lost_goals, 0e0) desc,
                metric_date,
                {{ agent_goals.landed_text('agent') }},
                {{ agent_goals.landed_text('goal') }}
        ) as place
    from losses
),

final as (
    select
        {%- for column in day %}
        ranked.{{ column }},
        {%- endfor %}
        ranked.age_days,
        {{ agent_goals.as_type('ranked.attempts', 'integer') }} as count_attempts,
        {{ agent_goals.as_type('ranked.achieved', 'integer') }} as count_achieved,
        ranked.rate as achievement_rate,
        ranked.rate_low as achievement_rate_low,
        ranked.rate_high as achievement_rate_high,

        {{ agent_goals.as_type('ranked.baseline_days', 'integer') }} as count_baseline_days,
        {{ agent_goals.as_type('ranked.baseline_attempts', 'integer') }} as count_baseline_attempts,
        ranked.baseline_rate,
        ranked.sigma_z,
        ranked.control_low,
        ranked.control_high,
        ranked.p_value,
        ranked.q_value,
        {{ agent_goals.as_type('ranked.status', 'text') }} as status,
        ranked.is_decline,

        ranked.target_achievement_rate,
        coalesce(
            ranked.status not in ('too_young', 'too_few_attempts') and ranked.rate_high < ranked.target_achievement_rate, false
        ) as is_below_target,

        ranked.lost_goals,
        ranked.value_of_a_goal,
        ranked.lost_value,
        {{ agent_goals.as_type('case when ranked.is_decline then ranked.place end', 'integer') }} as decline_rank,

        ranked.rate - ranked.baseline_rate as rate_change,
        {%- for dimension in ['definition_version', 'agent_version'] %}
        goal_day_changes.{{ dimension }}_now,
        goal_day_changes.{{ dimension }}_before,
        goal_day_changes.{{ dimension }}_new_share,
        {%- endfor %}
        {%- for dimension in ['model', 'customer_segment'] %}
        goal_day_changes.{{ dimension }}_mix_change,
        {%- endfor %}
        {%- for dimension in ['definition_version', 'agent_version', 'model', 'customer_segment'] %}
        goal_day_changes.{{ dimension }}_mix_effect,
        goal_day_changes.{{ dimension }}_within_effect{{ ',' if not loop.last }}
        {%- endfor %}
    from ranked
    left join goal_day_changes
        on {{ agent_goals.same_columns('ranked', 'goal_day_changes', day) }}
)

select * from final
