{%- set keys = ['environment', 'agent', 'goal'] -%}
with

attempts as (
    select * from {{ ref('int_agent_goals__attempts') }}
),

goal_days as (
    select
        {{ keys | join(', ') }},
        metric_date,
        count(*) as attempts,
        count(case when is_achieved then 1 end) as achieved,
        sum(case when is_achieved then rolled_up_value end) as achieved_value,
        max(target_achievement_rate) as target_achievement_rate
    from attempts
    group by {{ keys | join(', ') }}, metric_date
),

newest as (
    select
        goal_days.*,
        max(metric_date) over (partition by environment) as newest_date
    from goal_days
),

days as (
    select
        newest.*,
        {{ agent_goals.as_type(agent_goals.days_between('metric_date', 'newest_date'), 'integer') }} as age_days
    from newest
),

compared as (
    select
        {%- for key in keys %}
        days.{{ key }},
        {%- endfor %}
        days.metric_date,
        earlier.metric_date as earlier_date,
        {{ agent_goals.as_type('earlier.attempts', 'double') }} as earlier_attempts,
        {{ agent_goals.as_type('earlier.achieved', 'double') }} as earlier_achieved,
        earlier.achieved_value as earlier_value
    from days
    inner join days as earlier
        on
            {{ agent_goals.same_columns('days', 'earlier', keys) }}
            and {{ agent_goals.is_in_baseline('days', 'earlier') }}
),

levels as (
    select
        compared.*,
        sum(earlier_achieved) over (partition by {{ keys | join(', ') }}, metric_date)
        / sum(earlier_attempts) over (partition by {{ keys | join(', ') }}, metric_date) as level
    from compared
),

-- How far each day of the baseline is from its level, in standard errors of as many independent attempts.
standardised as (
    select
        levels.*,
        case
            when level > 0e0 and level < 1e0
                then (earlier_achieved / earlier_attempts - level) / sqrt(level * (1e0 - level) / earlier_attempts)
        end as z
    from levels
),

moving as (
    select
        standardised.*,
        abs(z - lag(z) over (partition by {{ keys | join(', ') }}, metric_date order by earlier_date)) as moving_range
    from standardised
),

-- 1.128 is how far two normal values of standard deviation 1 are apart on average. (Laney 2002.)
baselines as (
    select
        {{ keys | join(', ') }},
        metric_date,
        count(*) as baseline_days,
        sum(earlier_attempts) as baseline_attempts,
        sum(earlier_achieved) as baseline_achieved,
        sum(earlier_value) as baseline_value,
        avg(moving_range) / 1.128e0 as sigma_z
    from moving
    group by {{ keys | join(', ') }}, metric_date
),

final as (
    select
        {%- for key in keys %}
        days.{{ key }},
        {%- endfor %}
        days.metric_date,
        days.age_days,
        {{ agent_goals.as_type('days.attempts', 'double') }} as attempts,
        {{ agent_goals.as_type('days.achieved', 'double') }} as achieved,
        {{ agent_goals.as_type('days.achieved_value', 'decimal') }} as achieved_value,
        {{ agent_goals.as_type('days.target_achievement_rate', 'double') }} as target_achievement_rate,
        coalesce(baselines.baseline_days, 0) as baseline_days,
        coalesce(baselines.baseline_attempts, 0e0) as baseline_attempts,
        coalesce(baselines.baseline_achieved, 0e0) as baseline_achieved,
        {{ agent_goals.as_type('baselines.baseline_value', 'decimal') }} as baseline_value,
        baselines.sigma_z
    from days
    left join baselines
        on {{ agent_goals.same_columns('days', 'baselines', keys + ['metric_date']) }}
)

select * from final
