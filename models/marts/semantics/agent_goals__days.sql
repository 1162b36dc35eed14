{{ config(enabled=agent_goals.has_semantic_layer()) }}

with

goal_metrics_daily as (
    select * from {{ ref('agent_goals__goal_metrics_daily') }}
),

session_metrics_daily as (
    select * from {{ ref('agent_goals__session_metrics_daily') }}
),

metric_dates as (
    select metric_date from goal_metrics_daily
    union all
    select metric_date from session_metrics_daily
),

bounds as (
    select
        min(metric_date) as first_date,
        {{ agent_goals.days_between('min(metric_date)', 'max(metric_date)') }} as count_days_after
    from metric_dates
),

digits as (
    {%- for digit in range(10) %}
    select {{ digit }} as digit{{ ' union all' if not loop.last }}
    {%- endfor %}
),

-- No more numbers than there are days; seven digits are more days than four-digit years have.
days_after_0 as (
    select
        first_date,
        count_days_after,
        0 as days_after
    from bounds
    where first_date is not null
),

{% for place in range(7) -%}
{%- set numbers = 'days_after_' ~ place -%}
{%- set days_after = numbers ~ '.days_after + digits.digit * ' ~ 10 ** place -%}
days_after_{{ place + 1 }} as (
    select
        {{ numbers }}.first_date,
        {{ numbers }}.count_days_after,
        {{ days_after }} as days_after
    from {{ numbers }}
    cross join digits
    where {{ days_after }} <= {{ numbers }}.count_days_after
),

{% endfor -%}
final as (
    select
        {{ agent_goals.as_type(
            agent_goals.days_after(agent_goals.as_type('first_date', 'timestamp'), 'days_after'), 'date'
        ) }} as date_day
    from days_after_7
)

select * from final
