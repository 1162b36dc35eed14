-- The core tables as one would write them for this data alone: no definitions, rules, prices, currencies or customers'
-- windows, no quality checks, each raw table read and each step taken once. Amounts are split in whole units of the tenth
-- place, as 64-bit integers, so that shares add up.
create schema by_hand;

create temp table session_records as
select * from agent_goals_raw.sessions
qualify row_number() over (partition by event_id order by loaded_at desc) = 1;

create temp table goal_events as
select
    * exclude (metadata, score, threshold, threshold_operator, expected_value, sub_goals_achieved, currency),
    json_extract_string(metadata, ['$.attempts', '$.customer_satisfaction', '$.escalated']) as lifted,
    metadata,
    case verdict_source when 'human' then 3 when 'automatic' then 2 else 1 end as trust
from agent_goals_raw.goal_events
qualify row_number() over (partition by event_id order by loaded_at desc) = 1;

create temp table cost_events as
select
    event_id, environment, session_id, occurred_at, cost_type, goal, cast(amount as decimal(18, 10)) as amount, agent, provider,
    model, input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens, latency_ms, trace_id, span_id
from agent_goals_raw.cost_events
qualify row_number() over (partition by event_id order by loaded_at desc) = 1;

create temp table value_events as
select event_id, environment, session_id, goal, cast(amount as decimal(18, 10)) as amount
from agent_goals_raw.value_events
qualify row_number() over (partition by event_id order by loaded_at desc) = 1;

-- One row per (session, goal): the most trusted source's last verdict.
create temp table outcomes as
with

ranked as (
    select
        *,
        row_number() over (
            partition by environment, session_id, goal order by trust desc, occurred_at desc, event_id desc
        ) as place
    from goal_events
    where achieved is not null
),

recorded as (
    select
        environment,
        session_id,
        goal,
        max(case when place = 1 then case when achieved then 'achieved' else 'not_achieved' end end) as verdict,
        max(case when place = 1 then verdict_source end) as verdict_source,
        max(case when place = 1 then occurred_at end) as decided_at,
        max(case when verdict_source = 'human' then achieved end) as is_achieved_by_human,
        max(case when verdict_source = 'automatic' then achieved end) as is_achieved_by_itself,
        max(case when verdict_source = 'judge' then achieved end) as is_achieved_by_judge,
        min(parent_goal) as parent_goal,
        arg_max(evaluator, occurred_at) as evaluator,
        arg_max(reason, occurred_at) as reason,
        arg_max(value, occurred_at) as goal_value,
        arg_max(metadata, occurred_at) as metadata,
        arg_max(lifted[2], occurred_at) as customer_satisfaction,
        arg_max(lifted[3], occurred_at) as is_escalated,
        min(case when verdict_source = 'automatic' and achieved then occurred_at end) as first_achieved_at,
        count(*) as count_goal_events,
        coalesce(max(cast(lifted[1] as bigint)), nullif(count_if(verdict_source = 'automatic'), 0), 1) as count_tries
    from ranked
    group by environment, session_id, goal
)

select * from recorded
union all by name
select environment, session_id, goal, 'unjudged' as verdict
from (select distinct environment, session_id, goal from cost_events where goal is not null and cost_type <> 'evaluation') as named
where not exists (
    select 1 from recorded
    where recorded.environment = named.environment and recorded.session_id = named.session_id and recorded.goal = named.goal
);

create temp table ancestors as
with

edges as (
    select children.environment, children.session_id, children.goal, children.parent_goal
    from outcomes as children
    inner join outcomes as parents
        on
            children.environment = parents.environment
            and children.session_id = parents.session_id
            and children.parent_goal = parents.goal
)

select environment, session_id, goal, parent_goal as ancestor_goal, 1 as depth from edges
union all
select below.environment, below.session_id, below.goal, above.parent_goal as ancestor_goal, 2 as depth
from edges as below
inner join edges as above
    on
        below.environment = above.environment
        and below.session_id = above.session_id
        and below.parent_goal = above.goal;

-- Recorded goals without a recorded goal below them share what names no goal, evenly.
create temp table leaves as
select
    environment,
    session_id,
    goal,
    verdict,
    goal_value,
    row_number() over (partition by environment, session_id order by goal) as place,
    count(*) over (partition by environment, session_id) as count_leaves
from outcomes
where
    verdict_source is not null
    and not exists (
        select 1
        from ancestors
        inner join outcomes as below using (environment, session_id, goal)
        where
            below.verdict_source is not null
            and ancestors.environment = outcomes.environment
            and ancestors.session_id = outcomes.session_id
            and ancestors.ancestor_goal = outcomes.goal
    );

create table by_hand.cost_lines as
with

addressed as (
    select
        cost_events.*,
        cast(cast(cost_events.amount as double) * 10000000000 as bigint) as units,
        leaves.goal as leaf,
        leaves.place,
        leaves.count_leaves
    from cost_events
    left join leaves
        on
            cost_events.environment = leaves.environment
            and cost_events.session_id = leaves.session_id
            and cost_events.goal is null
            and cost_events.cost_type <> 'evaluation'
)

select
    event_id,
    environment,
    session_id,
    case when cost_type <> 'evaluation' then coalesce(leaf, goal) end as goal,
    occurred_at,
    cost_type,
    case
        when cost_type = 'evaluation' then 'evaluation'
        when leaf is not null then 'shared'
        when goal is not null then 'direct'
        else 'unattributed'
    end as attribution,
    case
        when leaf is null or count_leaves = 1 then amount
        else cast(units // count_leaves + case when place = 1 then units % count_leaves else 0 end as decimal(18, 0))
        * 0.0000000001
    end as amount,
    amount as event_amount,
    agent,
    provider,
    model,
    input_tokens,
    cache_read_tokens,
    cache_write_tokens,
    output_tokens,
    reasoning_tokens,
    latency_ms,
    trace_id,
    span_id
from addressed;

create temp table goal_money as
select environment, session_id, goal, goal_value
from outcomes
where
    goal_value is not null
    and not exists (
        select 1 from value_events
        where
            value_events.environment = outcomes.environment
            and value_events.session_id = outcomes.session_id
            and value_events.goal = outcomes.goal
    );

-- Value that names a goal is that goal's, else its event's own money, else a share of what names none among achieved leaves.
create temp table goal_values as
with

named as (
    select environment, session_id, goal, sum(amount) as amount
    from value_events
    where goal is not null
    group by environment, session_id, goal
),

receivers as (
    select
        leaves.environment,
        leaves.session_id,
        leaves.goal,
        row_number() over (partition by leaves.environment, leaves.session_id order by leaves.goal) as place,
        count(*) over (partition by leaves.environment, leaves.session_id) as count_receivers
    from leaves
    where
        leaves.verdict = 'achieved'
        and leaves.goal_value is null
        and not exists (
            select 1 from named
            where
                named.environment = leaves.environment
                and named.session_id = leaves.session_id
                and named.goal = leaves.goal
        )
),

shared as (
    select
        receivers.environment,
        receivers.session_id,
        receivers.goal,
        sum(
            cast(cast(value_events.amount as double) * 10000000000 as bigint) // count_receivers
            + case
                when place = 1 then cast(cast(value_events.amount as double) * 10000000000 as bigint) % count_receivers
                else 0
            end
        ) as units
    from value_events
    inner join receivers using (environment, session_id)
    where value_events.goal is null
    group by receivers.environment, receivers.session_id, receivers.goal
)

select environment, session_id, goal, amount from named
union all
select environment, session_id, goal, goal_value as amount from goal_money
union all
select environment, session_id, goal, cast(units as decimal(18, 0)) * 0.0000000001 as amount from shared;

create table by_hand.goal_outcomes as
with

own as (
    select
        outcomes.*,
        goal_costs.own_cost,
        case when outcomes.verdict = 'achieved' then goal_values.amount end as own_value,
        case when outcomes.verdict <> 'achieved' then goal_values.amount end as unrealised_value
    from outcomes
    left join (
        select environment, session_id, goal, sum(amount) as own_cost
        from by_hand.cost_lines
        where goal is not null
        group by environment, session_id, goal
    ) as goal_costs
        using (environment, session_id, goal)
    left join goal_values using (environment, session_id, goal)
),

below as (
    select ancestors.environment, ancestors.session_id, ancestor_goal as goal, sum(own_cost) as cost, sum(own_value) as value
    from ancestors
    inner join own using (environment, session_id, goal)
    group by ancestors.environment, ancestors.session_id, ancestor_goal
),

depths as (
    select
        ancestors.environment,
        ancestors.session_id,
        ancestors.goal,
        max(ancestors.depth) as depth,
        bool_or(above.verdict_source is not null) as has_recorded_ancestor
    from ancestors
    inner join outcomes as above
        on
            ancestors.environment = above.environment
            and ancestors.session_id = above.session_id
            and ancestors.ancestor_goal = above.goal
    group by ancestors.environment, ancestors.session_id, ancestors.goal
)

select
    own.environment,
    own.session_id,
    own.goal,
    session_records.agent,
    session_records.customer_id,
    session_records.customer_segment,
    session_records.channel,
    session_records.model,
    session_records.experiment,
    session_records.variant,
    session_records.started_at as session_started_at,
    cast(session_records.started_at as date) as session_date,
    own.verdict,
    own.verdict_source,
    own.is_achieved_by_human,
    own.is_achieved_by_itself,
    own.is_achieved_by_judge,
    own.decided_at,
    own.first_achieved_at,
    own.evaluator,
    own.reason,
    coalesce(own.count_goal_events, 0) as count_goal_events,
    own.count_tries,
    coalesce(own.is_escalated = 'true', false) as is_escalated,
    cast(own.customer_satisfaction as double) as customer_satisfaction,
    case
        when own.verdict = 'achieved' then date_diff('microsecond', session_records.started_at, own.first_achieved_at) / 1000000
    end as time_to_goal_seconds,
    case when depths.goal is not null then own.parent_goal end as parent_goal,
    coalesce(depths.depth, 0) as depth,
    own.verdict_source is not null and not coalesce(depths.has_recorded_ancestor, false) as is_recorded_top_level,
    own.own_cost,
    coalesce(own.own_cost + below.cost, own.own_cost, below.cost) as rolled_up_cost,
    own.own_value,
    own.unrealised_value,
    coalesce(own.own_value + below.value, own.own_value, below.value) as rolled_up_value,
    own.metadata
from own
inner join session_records using (environment, session_id)
left join depths using (environment, session_id, goal)
left join below using (environment, session_id, goal);

create table by_hand.sessions as
with

session_costs as (
    select
        environment,
        session_id,
        sum(amount) as total_cost,
        sum(amount) filter (where cost_type = 'llm') as llm_cost,
        sum(amount) filter (where cost_type = 'tool') as tool_cost,
        sum(amount) filter (where cost_type = 'evaluation') as evaluation_cost,
        count(*) as count_cost_events,
        sum(input_tokens) as input_tokens,
        sum(output_tokens) as output_tokens,
        max(occurred_at) as last_at
    from cost_events
    group by environment, session_id
),

session_values as (
    select environment, session_id, sum(amount) as landed_value
    from (
        select environment, session_id, amount from value_events
        union all
        select environment, session_id, goal_value as amount from goal_money
    ) as landed
    group by environment, session_id
),

session_goals as (
    select
        environment,
        session_id,
        count(*) as count_goals,
        count_if(verdict = 'achieved') as count_goals_achieved,
        count_if(verdict = 'not_achieved') as count_goals_not_achieved,
        count(*) filter (where is_recorded_top_level) as count_judged,
        count_if(is_recorded_top_level and verdict = 'not_achieved') as count_short,
        bool_or(is_escalated) as is_escalated,
        sum(own_cost) as attributed_cost,
        sum(own_value) as attributed_value
    from by_hand.goal_outcomes
    group by environment, session_id
)

select
    session_records.* exclude (event_id, occurred_at, loaded_at, batch_id),
    session_costs.* exclude (environment, session_id),
    session_goals.* exclude (environment, session_id),
    session_values.landed_value,
    case when session_goals.count_judged > 0 then session_goals.count_short = 0 end as is_successful
from session_records
left join session_costs using (environment, session_id)
left join session_goals using (environment, session_id)
left join session_values using (environment, session_id);

create table by_hand.goal_metrics_daily as
select
    session_date as metric_date,
    environment,
    agent,
    goal,
    customer_segment,
    model,
    count(*) as count_outcomes,
    count_if(verdict = 'achieved') as count_achieved,
    count_if(verdict = 'not_achieved') as count_not_achieved,
    sum(rolled_up_cost) filter (where verdict = 'achieved') as achieved_cost,
    sum(rolled_up_cost) filter (where verdict = 'not_achieved') as not_achieved_cost,
    sum(rolled_up_value) filter (where verdict = 'achieved') as achieved_value,
    sum(time_to_goal_seconds) as sum_time_to_goal_seconds,
    count(time_to_goal_seconds) as count_timed
from by_hand.goal_outcomes
where environment = 'production'
group by all;

create table by_hand.session_metrics_daily as
select
    cast(started_at as date) as metric_date,
    environment,
    agent,
    customer_segment,
    model,
    count(*) as count_sessions,
    count_if(is_successful) as count_successful_sessions,
    sum(total_cost) as total_cost,
    sum(attributed_cost) as attributed_cost,
    sum(evaluation_cost) as evaluation_cost,
    sum(landed_value) as landed_value
from by_hand.sessions
where environment = 'production'
group by all;
