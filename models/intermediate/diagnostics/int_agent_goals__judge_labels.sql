{%- set keys = ['environment', 'goal', 'evaluator', 'evaluator_version'] -%}
{%- set counts = {
    'judged': "judge_verdict in ('achieved', 'not_achieved')",
    'judge_achieved': "judge_verdict = 'achieved'",
    'judge_not_applicable': "judge_verdict = 'not_applicable'",
    'labelled': 'is_labelled',
    'sampled': 'is_sampled',
    'sampled_answered': 'is_sampled and human_verdict is not null',
    'sampled_labelled': 'is_sampled and is_labelled',
} -%}
{%- set cells = {
    'true_positive': "judge_verdict = 'achieved' and human_verdict = 'achieved'",
    'false_positive': "judge_verdict = 'achieved' and human_verdict = 'not_achieved'",
    'false_negative': "judge_verdict = 'not_achieved' and human_verdict = 'achieved'",
    'true_negative': "judge_verdict = 'not_achieved' and human_verdict = 'not_achieved'",
} -%}
{%- for name, condition in cells.items() -%}
    {%- do counts.update({name: condition, 'sampled_' ~ name: 'is_sampled and ' ~ condition}) -%}
{%- endfor -%}
with

judge_verdicts as (
    select * from {{ ref('int_agent_goals__judge_verdicts') }}
    where {{ agent_goals.is_shown() }}
),

goal_outcomes as (
    select * from {{ ref('agent_goals__goal_outcomes') }}
),

-- A session may have been drawn several times.
drawn as (
    select
        environment,
        session_id,
        goal,
        coalesce(evaluator, '') as evaluator
    from {{ ref('stg_agent_goals__label_samples') }}
    group by environment, session_id, goal, coalesce(evaluator, '')
),

-- A sample of all judges' sessions is one of each judge's.
drawn_of_any as (
    select * from drawn
    where evaluator = ''
),

drawn_of_one as (
    select * from drawn
    where evaluator <> ''
),

compared as (
    select
        judge_verdicts.environment,
        judge_verdicts.goal,
        judge_verdicts.evaluator,
        judge_verdicts.evaluator_version,
        judge_verdicts.judge_verdict,
        goal_outcomes.human_verdict,
        {{ agent_goals.as_type("date_trunc('week', goal_outcomes.session_date)", 'date') }} as week_start,
        coalesce(
            goal_outcomes.human_verdict in ('achieved', 'not_achieved')
            and judge_verdicts.judge_verdict in ('achieved', 'not_achieved'),
            false
        ) as is_labelled,
        (drawn_of_any.session_id is not null or drawn_of_one.session_id is not null)
        and judge_verdicts.judge_verdict in ('achieved', 'not_achieved') as is_sampled
    from judge_verdicts
    inner join goal_outcomes
        on {{ agent_goals.same_goal('judge_verdicts', 'goal_outcomes') }}
    left join drawn_of_any
        on {{ agent_goals.same_goal('judge_verdicts', 'drawn_of_any') }}
    left join drawn_of_one
        on
            {{ agent_goals.same_goal('judge_verdicts', 'drawn_of_one') }}
            and judge_verdicts.evaluator = drawn_of_one.evaluator
),

weeks as (
    select
        {{ keys | join(',\n        ') }},
        'week' as period,
        week_start as period_start,
        {%- for name, condition in counts.items() %}
        count(case when {{ condition }} then 1 end) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from compared
    group by {{ keys | join(', ') }}, week_start
),

all_weeks as (
    select
        {{ keys | join(',\n        ') }},
        'all' as period,
        min(period_start) as period_start,
        {%- for name in counts %}
        sum({{ name }}) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from weeks
    group by {{ keys | join(', ') }}
),

periods as (
    select weeks.* from weeks
    union all
    select all_weeks.* from all_weeks
),

-- A recorded random sample is believed before all other labels, once it is large enough.
based as (
    select
        periods.*,
        case
            when
                max(case when period = 'all' then sampled_labelled end) over (partition by {{ keys | join(', ') }})
                < {{ agent_goals.setting('diagnostics_min_attempts') }}
                then 'not a random sample'
            when sampled_answered < sampled then 'part of a random sample'
            else 'random sample'
        end as label_basis
    from periods
),

final as (
    select
        {{ keys | join(',\n        ') }},
        {{ agent_goals.as_type('period', 'text') }} as period,
        period_start,
        {%- for name in ['judged', 'judge_achieved', 'judge_not_applicable', 'labelled', 'sampled', 'sampled_labelled'] %}
        {{ agent_goals.as_type(name, 'integer') }} as count_{{ name }},
        {%- endfor %}
        {{ agent_goals.as_type('label_basis', 'text') }} as label_basis,
        {%- for name in cells %}
        {{ agent_goals.as_type(
            "case when label_basis = 'not a random sample' then " ~ name ~ ' else sampled_' ~ name ~ ' end', 'integer'
        ) }} as count_{{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from based
)

select * from final
