{{ agent_goals.kept_by(['session']) }}

with

-- Of each judge the last word counts, whoever else judged the same. A judge with another version, which names its model and
-- instructions, is another judge.
ranked as (
    select
        kept.*,
        coalesce(evaluator, 'unknown') as judge,
        coalesce(evaluator_version, 'unknown') as judge_version,
        row_number() over (
            partition by environment, session_id, goal, coalesce(evaluator, 'unknown'), coalesce(evaluator_version, 'unknown')
            order by occurred_at desc, loaded_at desc, event_id desc
        ) as recency
    from (
        {{ agent_goals.open_rows(
            'int_agent_goals__goal_verdicts', condition="verdict_source = 'judge' and verdict is not null"
        ) | indent(8) }}
    ) as kept
),

final as (
    select
        environment,
        session_id,
        goal,
        judge as evaluator,
        judge_version as evaluator_version,
        verdict as judge_verdict
    from ranked
    where recency = 1
)

select * from final
