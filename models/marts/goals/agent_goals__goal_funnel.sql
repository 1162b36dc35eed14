{%- set funnel = ['environment', 'period_start', 'agent', 'composite_goal'] -%}
with

composite_steps as (
    select
        composite_steps.*,
        coalesce(agent, 'unknown') as known_agent,
        {{ agent_goals.as_type("date_trunc('" ~ agent_goals.setting('funnel_period') ~ "', unit_date)", 'date') }} as period_start
    from {{ ref('int_agent_goals__composite_steps') }} as composite_steps
    where {{ agent_goals.is_shown() }}
),

steps as (
    select
        environment,
        period_start,
        known_agent as agent,
        composite_goal,
        sub_goal,
        customer_goal,
        unit_id,
        composite_verdict,
        composite_achieved_at,
        verdict,
        is_required,
        sequence,
        achieved_at,
        unit_started_at,
        case
            when first_event_at is not null
                then {{ agent_goals.as_type(agent_goals.seconds_between('unit_started_at', 'first_event_at'), 'double') }}
        end as seconds_to_first_event
    from composite_steps
),

-- Steps stand in the order that definitions give them, else in the order in which they usually come.
ordered_steps as (
    select
        {{ funnel | join(', ') }},
        sub_goal,
        min(sequence) as first_sequence,
        {{ agent_goals.median('seconds_to_first_event') }} as median_seconds_to_first_event
    from steps
    where verdict <> 'not_applicable'
    group by {{ funnel | join(', ') }}, sub_goal
),

numbered_steps as (
    select
        ordered_steps.*,
        row_number() over (
            partition by {{ funnel | join(', ') }}
            order by
                case when first_sequence is null then 1 else 0 end, first_sequence,
                case when median_seconds_to_first_event is null then 1 else 0 end, median_seconds_to_first_event,
                sub_goal
        ) as step_number
    from ordered_steps
),

last_steps as (
    select
        {{ funnel | join(', ') }},
        max(step_number) as count_steps
    from numbered_steps
    group by {{ funnel | join(', ') }}
),

-- What does not apply to an attempt is no step of it.
placed as (
    select
        steps.*,
        numbered_steps.step_number
    from steps
    left join numbered_steps
        on
            steps.verdict <> 'not_applicable'
            {%- for key in funnel + ['sub_goal'] %}
            and steps.{{ key }} = numbered_steps.{{ key }}
            {%- endfor %}
),

closing as (
    select
        {{ funnel | join(', ') }},
        customer_goal,
        unit_id,
        max(composite_verdict) as composite_verdict,
        max(composite_achieved_at) as composite_achieved_at,
        max(unit_started_at) as unit_started_at,
        -- A failed attempt ends at the first required step that it did not achieve.
        case
            when max(composite_verdict) = 'not_achieved'
                then min(case when is_required and verdict <> 'achieved' then step_number end)
        end as dropped_at_step
    from placed
    group by {{ funnel | join(', ') }}, customer_goal, unit_id
),

-- The composite itself is the last step: whoever met every step and failed all the same drops off there.
all_steps as (
    select
        {%- for key in funnel %}
        placed.{{ key }},
        {%- endfor %}
        placed.customer_goal,
        placed.unit_id,
        placed.sub_goal,
        false as is_composite,
        placed.step_number,
        placed.unit_started_at,
        placed.verdict in ('achieved', 'not_achieved')
        or closing.dropped_at_step is null
        or closing.dropped_at_step >= placed.step_number as is_reached,
        placed.verdict = 'achieved' as is_achieved,
        coalesce(closing.dropped_at_step = placed.step_number, false) as is_dropped,
        placed.achieved_at
    from placed
    inner join closing
        on
            {%- for key in funnel + ['customer_goal', 'unit_id'] %}
            {{ 'and ' if not loop.first }}placed.{{ key }} = closing.{{ key }}
            {%- endfor %}
    where placed.step_number is not null
    union all
    select
        {%- for key in funnel %}
        closing.{{ key }},
        {%- endfor %}
        closing.customer_goal,
        closing.unit_id,
        closing.composite_goal as sub_goal,
        true as is_composite,
        coalesce(last_steps.count_steps, 0) + 1 as step_number,
        closing.unit_started_at,
        closing.dropped_at_step is null as is_reached,
        closing.composite_verdict = 'achieved' as is_achieved,
        closing.composite_verdict = 'not_achieved' and closing.dropped_at_step is null as is_dropped,
        case when closing.composite_verdict = 'achieved' then closing.composite_achieved_at end as achieved_at
    from closing
    left join last_steps
        on
            {%- for key in funnel %}
            {{ 'and ' if not loop.first }}closing.{{ key }} = last_steps.{{ key }}
            {%- endfor %}
),

timed as (
    select
        all_steps.*,
        case
            when all_steps.step_number = 1
                then {{ agent_goals.seconds_between('all_steps.unit_started_at', 'all_steps.achieved_at') }}
            else {{ agent_goals.seconds_between('previous_steps.achieved_at', 'all_steps.achieved_at') }}
        end as seconds_from_previous_step
    from all_steps
    left join all_steps as previous_steps
        on
            {%- for key in funnel + ['customer_goal', 'unit_id'] %}
            {{ 'and ' if not loop.first }}all_steps.{{ key }} = previous_steps.{{ key }}
            {%- endfor %}
            and all_steps.step_number = previous_steps.step_number + 1
),

counted as (
    select
        {{ funnel | join(', ') }},
        sub_goal,
        is_composite,
        step_number,
        count(case when is_reached then 1 end) as count_reached,
        count(case when is_achieved then 1 end) as count_achieved,
        count(case when is_dropped then 1 end) as count_dropped_off,
        {{ agent_goals.median(agent_goals.as_type('seconds_from_previous_step', 'double')) }} as median_seconds_from_previous_step
    from timed
    group by {{ funnel | join(', ') }}, sub_goal, is_composite, step_number
),

funnels as (
    select
        {{ funnel | join(', ') }},
        count(*) as count_attempts
    from closing
    group by {{ funnel | join(', ') }}
),

shared as (
    select
        counted.*,
        funnels.count_attempts,
        {{ agent_goals.ratio(
            'counted.count_dropped_off',
            'sum(counted.count_dropped_off) over (partition by '
            ~ ['counted.environment', 'counted.period_start', 'counted.agent', 'counted.composite_goal'] | join(', ') ~ ')'
        ) }} as drop_off_share,
        rank() over (
            partition by counted.environment, counted.period_start, counted.agent, counted.composite_goal
            order by counted.count_dropped_off desc
        ) as drop_off_rank
    from counted
    inner join funnels
        on
            {%- for key in funnel %}
            {{ 'and ' if not loop.first }}counted.{{ key }} = funnels.{{ key }}
            {%- endfor %}
),

final as (
    select
        environment,
        period_start,
        agent,
        composite_goal,
        sub_goal,
        is_composite,
        {{ agent_goals.as_type('step_number', 'integer') }} as step_number,
        count_attempts,
        count_reached,
        count_achieved,
        count_dropped_off,
        drop_off_share,
        {{ agent_goals.as_type('drop_off_rank', 'integer') }} as drop_off_rank,
        median_seconds_from_previous_step
    from shared
)

select * from final
