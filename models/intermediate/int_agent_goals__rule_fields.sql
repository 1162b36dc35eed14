with

unit_verdicts as (
    select * from {{ ref('int_agent_goals__unit_verdicts') }}
),

derivations as (
    select * from {{ ref('int_agent_goals__derivations') }}
),

goal_dependencies as (
    select * from {{ ref('int_agent_goals__goal_dependencies') }}
),

-- A rule may rest on a derived goal, and then reads the metadata of what that one rests on.
wanted as (
    select
        goal_dependencies.depends_on_goal as goal,
        derivations.field
    from derivations
    inner join goal_dependencies
        on derivations.goal = goal_dependencies.goal
    where
        derivations.link = 'rule'
        and derivations.field not in ({{ agent_goals.text_literals(agent_goals.outcome_fields()) }})
    group by goal_dependencies.depends_on_goal, derivations.field
),

sent as (
    select
        unit_verdicts.environment,
        unit_verdicts.customer_goal,
        unit_verdicts.unit_id,
        unit_verdicts.goal,
        unit_verdicts.occurred_at,
        unit_verdicts.loaded_at,
        unit_verdicts.event_id,
        wanted.field,
        {{ agent_goals.json_text_at('unit_verdicts.metadata', 'wanted.field') }} as field_text
    from unit_verdicts
    inner join wanted
        on unit_verdicts.goal = wanted.goal
    where unit_verdicts.metadata is not null
),

ranked as (
    select
        sent.*,
        row_number() over (
            partition by environment, customer_goal, unit_id, goal, field
            order by occurred_at desc, loaded_at desc, event_id desc
        ) as recency
    from sent
    where field_text is not null
),

valued as (
    select
        ranked.*,
        {{ agent_goals.text_as_double('field_text') }} as field_value
    from ranked
    where recency = 1
),

-- A number that no score could be is not known.
final as (
    select
        environment,
        customer_goal,
        unit_id,
        goal,
        field,
        field_value
    from valued
    where abs(field_value) < 1000000000000
)

select * from final
