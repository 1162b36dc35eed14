{#- Each check: its name, how bad it is, the relation it looks at, what it looks for, the id that it shows, and what it means. -#}
{%- set checks = [
    ('rejected_record', 'error', 'rejected_records', 'true', "file || ':' || cast(line as " ~ agent_goals.data_type('text') ~ ')',
        'A line that was refused: mend it and load it again. rejected_records says what is wrong.'),
    ('unconverted_amount', 'error', 'amounts', "is_unconverted", 'event_id',
        'An amount in a currency without an exchange rate for its day: add the rate. The amount counts nowhere.'),
    ('unpriced_cost', 'warning', 'cost_events', "price_status = 'unpriced'", 'event_id',
        'Tokens of a model that the price list does not know: its cost is unknown, not zero.'),
    ('unusable_tokens', 'warning', 'cost_events', "price_status = 'unusable_tokens'", 'event_id',
        'Token counts that contradict each other: more cached tokens than input tokens, say.'),
    ('cost_without_amount', 'warning', 'cost_events', "price_status = 'no_tokens'", 'event_id',
        'A cost with neither an amount nor tokens to price.'),
    ('repeated_usage', 'info', 'cost_events', "price_status = 'repeated'", 'event_id',
        'A span that repeats the usage of its inner spans: only those count.'),
    ('verdict_against_threshold', 'warning', 'goal_outcomes', 'has_verdict_against_threshold', 'session_id',
        'A sent verdict that contradicts the threshold of its goal: the verdict stands.'),
    ('negative_time_to_goal', 'warning', 'goal_outcomes', 'has_negative_time_to_goal', 'session_id',
        'A goal that was achieved before its session began: its time is left out. Look at the clocks.'),
    ('conflicting_verdicts', 'warning', 'goal_outcomes', 'has_conflicting_verdicts', 'session_id',
        'Sources that disagree: the most trusted one decides.'),
    ('composite_against_sub_goals', 'warning', 'composites', 'has_unmet_sub_goals', 'composite_id',
        'A composite that was recorded as achieved although its sub-goals say otherwise.'),
    ('missing_sub_goals', 'info', 'composites', 'has_missing_sub_goals', 'composite_id',
        'A composite of which a sub-goal has no verdict: that one counts as not achieved.'),
    ('dropped_parent', 'warning', 'goal_outcomes', 'has_dropped_parent', 'session_id',
        'A goal that named a second parent, or is on a circle of parents: it stands on top.'),
    ('expected_goal_without_verdict', 'warning', 'goal_outcomes', "is_expected and verdict = 'unjudged'", 'session_id',
        'A goal that is expected of the agent and that nobody judged: verdict coverage tells how many.'),
    ('unjudged_outcome', 'info', 'goal_outcomes', "not is_expected and verdict = 'unjudged'", 'session_id',
        'A goal that was recorded, derived or named by a cost, and has no verdict: it is in no rate.'),
    ('unrealised_value', 'info', 'goal_outcomes', 'unrealised_value <> 0', 'session_id',
        'Value that was recorded for a goal that was not achieved: it is shown apart.'),
    ('customer_goal_without_customer', 'warning', 'goal_outcomes', "goal_scope = 'customer' and customer_id is null", 'session_id',
        'A customer-scoped goal in a session whose customer nobody named: it counts for itself.'),
    ('session_without_goal', 'info', 'sessions', 'count_goals = 0', 'session_id',
        'A session in which no goal was recorded: its cost is unattributed.'),
    ('agent_changes_midway', 'warning', 'changing_sessions', 'has_several_agents', 'session_id',
        'A session whose records name several agents: it counts for the one that its session record or last goal names.'),
    ('variant_changes_midway', 'warning', 'changing_sessions', 'has_several_variants', 'session_id',
        'A session in two variants of one experiment: it belongs to neither.'),
    ('late_event', 'info', 'events', 'is_late', 'event_id',
        'An event that was loaded more than agent_goals__late_after_days days after it occurred: rates of those days changed.'),
    ('event_from_the_future', 'warning', 'events', 'is_from_the_future', 'event_id',
        'An event that had not occurred yet when it was loaded: look at the clocks.'),
] -%}
with

rejected_records as (
    select * from {{ ref('stg_agent_goals__rejected_records') }}
),

goal_events as (
    select * from {{ ref('stg_agent_goals__goal_events') }}
),

cost_events as (
    select * from {{ ref('stg_agent_goals__cost_events') }}
),

value_events as (
    select * from {{ ref('stg_agent_goals__value_events') }}
),

goal_outcomes as (
    select * from {{ ref('agent_goals__goal_outcomes') }}
),

customer_outcomes as (
    select * from {{ ref('agent_goals__customer_outcomes') }}
),

sessions as (
    select * from {{ ref('agent_goals__sessions') }}
),

changing_sessions as (
    select * from {{ ref('int_agent_goals__changing_sessions') }}
),

amounts as (
    select
        event_id,
        price_status = 'no_rate' as is_unconverted
    from cost_events
    union all
    select
        event_id,
        landed_amount is not null and amount is null as is_unconverted
    from value_events
    union all
    select
        event_id,
        has_unconverted_amount as is_unconverted
    from goal_events
),

composites as (
    select
        session_id as composite_id,
        has_unmet_sub_goals,
        has_missing_sub_goals
    from goal_outcomes
    union all
    select
        customer_id as composite_id,
        has_unmet_sub_goals,
        has_missing_sub_goals
    from customer_outcomes
),

-- Seeds carry no load time.
loaded as (
    {%- for events in ['goal_events', 'cost_events', 'value_events'] %}
    select
        event_id,
        occurred_at,
        loaded_at
    from {{ events }}
    where batch_id <> 'seed'
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

events as (
    select
        event_id,
        loaded_at > {{ agent_goals.days_after('occurred_at', agent_goals.setting('late_after_days')) }} as is_late,
        occurred_at > {{ agent_goals.days_after('loaded_at', 1) }} as is_from_the_future
    from loaded
),

findings as (
    {%- for name, severity, relation, condition, id, meaning in checks %}
    select
        '{{ name }}' as check_name,
        {{ id }} as example_id
    from {{ relation }}
    where {{ condition }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

numbered as (
    select
        check_name,
        example_id,
        row_number() over (partition by check_name order by example_id) as example_number
    from findings
),

counted as (
    select
        check_name,
        count(*) as count_found,
        max(case when example_number = 1 then example_id end)
        {%- for number in range(2, 6) %}
        || coalesce(', ' || max(case when example_number = {{ number }} then example_id end), '')
        {%- endfor %} as example_ids
    from numbered
    group by check_name
),

all_checks as (
    {%- for name, severity, relation, condition, id, meaning in checks %}
    select
        '{{ name }}' as check_name,
        '{{ severity }}' as severity,
        '{{ meaning | replace("'", "''") }}' as meaning
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

final as (
    select
        {{ agent_goals.as_type('all_checks.check_name', 'text') }} as check_name,
        {{ agent_goals.as_type('all_checks.severity', 'text') }} as severity,
        coalesce(counted.count_found, 0) as count_found,
        {{ agent_goals.as_type('counted.example_ids', 'text') }} as example_ids,
        {{ agent_goals.as_type('all_checks.meaning', 'text') }} as meaning
    from all_checks
    left join counted
        on all_checks.check_name = counted.check_name
)

select * from final
