{%- set keys = ['environment', 'agent', 'goal'] -%}
{%- set day = keys + ['metric_date'] -%}
{%- set dimensions = ['definition_version', 'agent_version', 'model', 'customer_segment'] -%}
with

attempts as (
    select * from {{ ref('int_agent_goals__attempts') }}
),

goal_days as (
    select * from {{ ref('int_agent_goals__goal_days') }}
),

-- What else changed is asked only where the rate did.
changed as (
    select {{ day | join(', ') }}
    from {{ ref('int_agent_goals__goal_day_tests') }}
    where status in ('decline', 'improvement')
),

changed_goals as (
    select {{ keys | join(', ') }}
    from changed
    group by {{ keys | join(', ') }}
),

described as (
    select
        {%- for column in day %}
        attempts.{{ column }},
        {%- endfor %}
        attempts.is_achieved,
        goal_days.age_days,
        coalesce({{ agent_goals.as_type('attempts.definition_version', 'text') }}, 'none') as definition_version,
        attempts.agent_version,
        attempts.model,
        attempts.customer_segment
    from attempts
    inner join goal_days
        on {{ agent_goals.same_columns('attempts', 'goal_days', day) }}
    inner join changed_goals
        on {{ agent_goals.same_columns('attempts', 'changed_goals', keys) }}
),

value_days as (
    {%- for dimension in dimensions %}
    select
        {{ day | join(', ') }},
        age_days,
        '{{ dimension }}' as dimension,
        {{ agent_goals.landed_text(dimension) }} as value,
        {{ agent_goals.as_type('count(*)', 'double') }} as attempts,
        {{ agent_goals.as_type('count(case when is_achieved then 1 end)', 'double') }} as achieved
    from described
    group by {{ day | join(', ') }}, age_days, {{ agent_goals.landed_text(dimension) }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

now_and_before as (
    select
        {%- for column in day %}
        changed.{{ column }},
        {%- endfor %}
        value_days.dimension,
        value_days.value,
        {%- for count in ['attempts', 'achieved'] %}
        sum(case when value_days.metric_date = changed.metric_date then value_days.{{ count }} else 0e0 end) as {{ count }}_now,
        sum(case when value_days.metric_date < changed.metric_date then value_days.{{ count }} else 0e0 end) as {{ count }}_before
        {{- ',' if not loop.last }}
        {%- endfor %}
    from changed
    inner join value_days
        on
            {{ agent_goals.same_columns('changed', 'value_days', keys) }}
            and (
                changed.metric_date = value_days.metric_date
                or ({{ agent_goals.is_in_baseline('changed', 'value_days') }})
            )
    group by
        {%- for column in day %}
        changed.{{ column }},
        {%- endfor %}
        value_days.dimension,
        value_days.value
),

shares as (
    select
        now_and_before.*,
        {%- for time in ['now', 'before'] %}
        attempts_{{ time }} / sum(attempts_{{ time }}) over (partition by {{ day | join(', ') }}, dimension) as share_{{ time }},
        row_number() over (
            partition by {{ day | join(', ') }}, dimension
            order by attempts_{{ time }} desc, {{ agent_goals.landed_text('value') }}
        ) as place_{{ time }},
        achieved_{{ time }} / nullif(attempts_{{ time }}, 0e0) as own_rate_{{ time }}{{ ',' if not loop.last }}
        {%- endfor %}
    from now_and_before
),

-- A value that is new, or gone, has one rate: what it brings is all mix.
rates as (
    select
        shares.*,
        coalesce(own_rate_now, own_rate_before) as rate_now,
        coalesce(own_rate_before, own_rate_now) as rate_before
    from shares
),

-- The change of the rate in two parts, neither time being the standard of the other. (Kitagawa 1955.)
parts as (
    select
        rates.*,
        (share_now - share_before) * 5e-1 * (rate_now + rate_before) as mix_part,
        5e-1 * (share_now + share_before) * (rate_now - rate_before) as within_part
    from rates
),

final as (
    select
        {{ day | join(', ') }},
        {%- for dimension in dimensions %}
        {%- set it = "dimension = '" ~ dimension ~ "'" %}
        {{ agent_goals.landed_text('max(case when ' ~ it ~ ' and place_now = 1 then value end)') }} as {{ dimension }}_now,
        {{ agent_goals.landed_text('max(case when ' ~ it ~ ' and place_before = 1 then value end)') }} as {{ dimension }}_before,
        sum(case when {{ it }} and attempts_before = 0e0 then share_now when {{ it }} then 0e0 end) as {{ dimension }}_new_share,
        sum(case when {{ it }} then 5e-1 * abs(share_now - share_before) end) as {{ dimension }}_mix_change,
        sum(case when {{ it }} then mix_part end) as {{ dimension }}_mix_effect,
        sum(case when {{ it }} then within_part end) as {{ dimension }}_within_effect{{ ',' if not loop.last }}
        {%- endfor %}
    from parts
    group by {{ day | join(', ') }}
)

select * from final
