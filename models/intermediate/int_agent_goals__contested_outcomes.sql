{%- set unit_goal = 'environment, customer_goal, unit_id, goal' -%}
with

-- A goal with one event may be among them: its outcome is the same either way.
repeated as (
    {{ agent_goals.rows_of_repeated('select * from ' ~ ref('int_agent_goals__unit_verdicts'), unit_goal) | indent(4) }}
),

ordered as (
    select
        repeated.*,
        row_number() over (partition by {{ unit_goal }} order by occurred_at, loaded_at, event_id) as event_ordinal
    from repeated
),

-- The most trusted source's last verdict wins, so trust comes before the order of events.
crowned as (
    select
        ordered.*,
        verdict is not null and row_number() over (
            partition by {{ unit_goal }}
            order by case when verdict is null then 1 else 0 end, verdict_trust desc, event_ordinal desc
        ) = 1 as is_winner
    from ordered
),

-- The score is the winner's if it has one, else the latest; its threshold is that of the same event.
marked as (
    select
        crowned.*,
        score is not null and row_number() over (
            partition by {{ unit_goal }}
            order by case when score is null then 1 else 0 end, case when is_winner then 0 else 1 end, event_ordinal desc
        ) = 1 as gives_score
    from crowned
),

final as (
    select
        {{ unit_goal }},
        max(unit_started_at) as unit_started_at,
        {{ agent_goals.bool_or('is_unit_started_by_goal') }} as is_unit_started_by_goal,
        max(case when is_winner then definition_version end) as definition_version,
        coalesce(max(case when is_winner then verdict end), 'unjudged') as verdict,
        max(case when is_winner then verdict_source end) as verdict_source,
        {{ agent_goals.bool_or('is_winner and is_decided_by_definition') }} as is_decided_by_definition,
        max(case when is_winner then occurred_at end) as decided_at,
        max(case when gives_score then score end) as score,
        max(case when gives_score then threshold end) as threshold,
        max(case when gives_score then threshold_operator end) as threshold_operator,
        {%- for source in agent_goals.setting('verdict_precedence') %}
        {{ agent_goals.latest_value("case when verdict_source = '" ~ source ~ "' then verdict end", 'event_ordinal') }}
            as {{ source }}_verdict,
        {%- endfor %}
        {%- for field in agent_goals.last_recorded() %}
        {{ agent_goals.latest_value(field, 'event_ordinal') }} as {{ field }},
        {%- endfor %}
        -- A second recorded parent is dropped: the first one stands.
        {{ agent_goals.latest_value('parent_goal', '-event_ordinal') }} as parent_goal,
        min(parent_goal) <> max(parent_goal) as has_second_parent,
        {{ agent_goals.latest_value('sub_goals_achieved', 'event_ordinal') }} as sub_goals_achieved,
        {{ agent_goals.latest_value('case when sub_goals_achieved is not null then occurred_at end', 'event_ordinal') }}
            as sub_goals_achieved_at,
        {{ agent_goals.latest_value(
            "case when verdict_source = 'automatic' then time_to_goal_seconds end", 'event_ordinal'
        ) }} as reported_time_to_goal_seconds,
        min(case when verdict_source = 'automatic' and verdict = 'achieved' then occurred_at end)
            as first_automatic_achieved_at,
        min(case when verdict = 'achieved' then occurred_at end) as first_achieved_at,
        min(occurred_at) as first_event_at,
        count(*) as count_goal_events,
        max(count_attempts) as count_attempts,
        count(case when verdict_source = 'automatic' then 1 end) as count_automatic_events,
        {{ agent_goals.bool_or('contradicts_threshold') }} as has_verdict_against_threshold
    from marked
    group by {{ unit_goal }}
)

select * from final
