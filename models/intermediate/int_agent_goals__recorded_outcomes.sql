{%- set sources = agent_goals.setting('verdict_precedence') -%}
{%- set latest_fields = [
    'evaluator', 'evaluator_version', 'label', 'reason', 'goal_value', 'expected_value', 'count_interactions',
    'is_escalated', 'customer_satisfaction', 'agent', 'customer_id', 'experiment', 'variant', 'metadata',
] -%}
with

goal_verdicts as (
    select * from {{ ref('int_agent_goals__goal_verdicts') }}
),

-- The most trusted source's last verdict wins, so trust comes before the order of events.
ranked as (
    select
        goal_verdicts.*,
        case when verdict is not null then verdict_trust * 1000000000000 + event_ordinal end as verdict_rank
    from goal_verdicts
),

crowned as (
    select
        ranked.*,
        coalesce(verdict_rank = max(verdict_rank) over (partition by environment, session_id, goal), false) as is_winner
    from ranked
),

-- The score is the winner's if it has one, else the latest; its threshold is that of the same event.
scored as (
    select
        crowned.*,
        case when score is not null then case when is_winner then 1000000000000 else event_ordinal end end as score_rank
    from crowned
),

marked as (
    select
        scored.*,
        coalesce(score_rank = max(score_rank) over (partition by environment, session_id, goal), false) as gives_score
    from scored
),

decided as (
    select
        environment,
        session_id,
        goal,
        coalesce(max(case when is_winner then verdict end), 'unjudged') as verdict,
        max(case when is_winner then verdict_source end) as verdict_source,
        max(case when is_winner then occurred_at end) as decided_at,
        max(case when gives_score then score end) as score,
        max(case when gives_score then threshold end) as threshold,
        max(case when gives_score then threshold_operator end) as threshold_operator,
        {%- for source in sources %}
        {{ agent_goals.latest_value("case when verdict_source = '" ~ source ~ "' then verdict end", 'event_ordinal') }}
            as {{ source }}_verdict,
        {%- endfor %}
        {%- for field in latest_fields %}
        {{ agent_goals.latest_value(field, 'event_ordinal') }} as {{ field }},
        {%- endfor %}
        -- A second recorded parent is dropped: the first one stands.
        {{ agent_goals.latest_value('parent_goal', '-event_ordinal') }} as parent_goal,
        min(parent_goal) <> max(parent_goal) as has_second_parent,
        {{ agent_goals.latest_value(
            "case when verdict_source = 'automatic' then time_to_goal_seconds end", 'event_ordinal'
        ) }} as reported_time_to_goal_seconds,
        min(case when verdict_source = 'automatic' and verdict = 'achieved' then occurred_at end)
            as first_automatic_achieved_at,
        min(case when verdict = 'achieved' then occurred_at end) as first_achieved_at,
        min(occurred_at) as first_event_at,
        max(occurred_at) as last_event_at,
        count(*) as count_goal_events,
        max(count_attempts) as count_attempts,
        count(case when verdict_source = 'automatic' then 1 end) as count_automatic_events,
        {{ agent_goals.bool_or('contradicts_threshold') }} as has_verdict_against_threshold
    from marked
    group by environment, session_id, goal
),

final as (
    select
        environment,
        session_id,
        goal,
        verdict,
        verdict_source,
        {%- for source in sources %}
        {{ source }}_verdict,
        {%- endfor %}
        {%- for field in latest_fields %}
        {{ field }},
        {%- endfor %}
        parent_goal,
        has_second_parent,
        score,
        threshold,
        threshold_operator,
        reported_time_to_goal_seconds,
        first_automatic_achieved_at,
        first_achieved_at,
        decided_at,
        first_event_at,
        last_event_at,
        count_goal_events,
        case
            when count_attempts is not null then count_attempts
            when count_automatic_events > 0 then count_automatic_events
            else 1
        end as count_tries,
        has_verdict_against_threshold
    from decided
)

select * from final
