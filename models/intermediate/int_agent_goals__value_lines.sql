with

value_events as (
    select * from {{ ref('stg_agent_goals__value_events') }}
),

outcomes as (
    select * from {{ ref('int_agent_goals__outcomes') }}
),

share_receivers as (
    select * from {{ ref('int_agent_goals__share_receivers') }}
),

named_goals as (
    select
        environment,
        session_id,
        goal
    from value_events
    where goal is not null and amount is not null
    group by environment, session_id, goal
),

-- Money on a goal event is the goal's value unless value events name the goal.
goal_money as (
    select
        outcomes.environment,
        outcomes.session_id,
        outcomes.goal,
        outcomes.verdict,
        outcomes.goal_value as amount
    from outcomes
    left join named_goals
        on {{ agent_goals.same_goal('outcomes', 'named_goals') }}
    where outcomes.goal_value is not null and named_goals.goal is null
),

-- What no value event and no money of its own has given a value shares in the session's unnamed value.
candidates as (
    select share_receivers.*
    from share_receivers
    left join named_goals
        on {{ agent_goals.same_goal('share_receivers', 'named_goals') }}
    left join goal_money
        on {{ agent_goals.same_goal('share_receivers', 'goal_money') }}
    where
        share_receivers.verdict = 'achieved'
        and named_goals.goal is null
        and goal_money.goal is null
),

-- The achieved leaves may all have weight zero where an unachieved one has it all, so they are weighed again.
receivers as (
    {{ agent_goals.weighed_receivers('candidates') | indent(4) }}
),

unnamed as (
    select
        value_events.event_id,
        value_events.environment,
        value_events.session_id,
        value_events.amount,
        receivers.goal as receiver_goal,
        receivers.receiver_number,
        receivers.share_weight,
        receivers.count_even_receivers
    from value_events
    left join receivers
        on {{ agent_goals.same_session('value_events', 'receivers') }}
    where value_events.goal is null and value_events.amount is not null
),

-- Where a session's goals share unequally, every share depends on the others; such values are split apart from the rest.
uneven as (
    select * from unnamed
    where receiver_goal is not null and count_even_receivers is null
),

split as (
    {{ agent_goals.exact_split(
        'uneven', amount='amount', weight='share_weight', partition_by=['event_id'], order_by=['receiver_number']
    ) | indent(4) }}
),

named as (
    select
        value_events.event_id,
        value_events.environment,
        value_events.session_id,
        value_events.goal,
        value_events.amount,
        coalesce(outcomes.verdict = 'achieved', false) as is_realised
    from value_events
    left join outcomes
        on {{ agent_goals.same_goal('value_events', 'outcomes') }}
    where value_events.goal is not null and value_events.amount is not null
),

final as (
    select
        event_id,
        environment,
        session_id,
        goal,
        case when is_realised then 'direct' else 'unrealised' end as attribution,
        amount
    from named
    union all
    select
        cast(null as {{ agent_goals.data_type('text') }}) as event_id,
        environment,
        session_id,
        goal,
        case when verdict = 'achieved' then 'direct' else 'unrealised' end as attribution,
        amount
    from goal_money
    union all
    select
        event_id,
        environment,
        session_id,
        receiver_goal as goal,
        'shared' as attribution,
        split_amount as amount
    from split
    union all
    select
        event_id,
        environment,
        session_id,
        receiver_goal as goal,
        case when receiver_goal is null then 'unattributed' else 'shared' end as attribution,
        case
            when receiver_goal is null then amount
            else {{ agent_goals.even_split(
                'amount', 'share_weight', 'receiver_number', 'count_even_receivers'
            ) | indent(12) }}
        end as amount
    from unnamed
    where receiver_goal is null or count_even_receivers is not null
)

select * from final
