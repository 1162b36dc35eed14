-- The core tables as one would write them for this data alone, with the marts' columns and types: no definitions, rules,
-- prices, currencies or customers' windows, no quality checks, each raw table read and each step taken once. A column that
-- this data says nothing for is a constant. Amounts are split in whole units of the tenth place, as 64-bit integers, so that
-- shares add up.
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
    event_id, environment, session_id, occurred_at, cost_type, goal, cast(amount as decimal(18, 10)) as amount, currency, agent,
    provider, model, input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens, latency_ms, trace_id,
    span_id
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
        case when achieved then 'achieved' else 'not_achieved' end as own_verdict,
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
        max(case when place = 1 then own_verdict end) as verdict,
        max(case when place = 1 then verdict_source end) as verdict_source,
        max(case when place = 1 then occurred_at end) as decided_at,
        arg_max(own_verdict, occurred_at) filter (where verdict_source = 'human') as human_verdict,
        arg_max(own_verdict, occurred_at) filter (where verdict_source = 'automatic') as automatic_verdict,
        arg_max(own_verdict, occurred_at) filter (where verdict_source = 'judge') as judge_verdict,
        min(parent_goal) as parent_goal,
        arg_max(evaluator, occurred_at) as evaluator,
        arg_max(reason, occurred_at) as reason,
        arg_max(value, occurred_at) as goal_value,
        arg_max(metadata, occurred_at) as metadata,
        arg_max(lifted[2], occurred_at) as customer_satisfaction,
        arg_max(lifted[3], occurred_at) as is_escalated,
        min(case when achieved then occurred_at end) as first_achieved_at,
        min(case when verdict_source = 'automatic' and achieved then occurred_at end) as first_achieved_by_itself_at,
        count(*) as count_goal_events,
        coalesce(max(cast(lifted[1] as bigint)), nullif(count(*) filter (where verdict_source = 'automatic'), 0), 1)
            as count_tries
    from ranked
    group by environment, session_id, goal
)

select * from recorded
union all by name
select environment, session_id, goal, 'unjudged' as verdict
from (
    select distinct environment, session_id, goal
    from cost_events
    where goal is not null and cost_type <> 'evaluation'
) as named
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
    cast(
        case
            when leaf is null or count_leaves = 1 then amount
            else cast(units // count_leaves + case when place = 1 then units % count_leaves else 0 end as decimal(18, 0))
            * 0.0000000001
        end as decimal(28, 10)
    ) as amount,
    cast(amount as decimal(28, 10)) as event_amount,
    cast(amount as decimal(28, 10)) as event_booked_amount,
    cast(null as decimal(28, 10)) as event_priced_amount,
    'booked' as price_status,
    cast(amount as decimal(28, 10)) as landed_amount,
    currency,
    agent,
    provider,
    model,
    input_tokens,
    cache_read_tokens,
    cache_write_tokens,
    output_tokens,
    reasoning_tokens,
    cast(latency_ms as decimal(28, 10)) as latency_ms,
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

-- Achieved leaves that have no value of their own share what names no goal.
create temp table value_receivers as
select
    environment,
    session_id,
    goal,
    row_number() over (partition by environment, session_id order by goal) as place,
    count(*) over (partition by environment, session_id) as count_receivers
from leaves
where
    verdict = 'achieved'
    and goal_value is null
    and not exists (
        select 1 from value_events
        where
            value_events.environment = leaves.environment
            and value_events.session_id = leaves.session_id
            and value_events.goal = leaves.goal
    );

-- Value that names a goal is that goal's, else its event's own money, else a share of what names none.
create temp table goal_values as
select environment, session_id, goal, sum(amount) as amount
from value_events
where goal is not null
group by environment, session_id, goal
union all
select environment, session_id, goal, goal_value as amount from goal_money
union all
select
    environment,
    session_id,
    value_receivers.goal,
    cast(
        sum(
            cast(cast(amount as double) * 10000000000 as bigint) // count_receivers
            + case when place = 1 then cast(cast(amount as double) * 10000000000 as bigint) % count_receivers else 0 end
        ) as decimal(18, 0)
    ) * 0.0000000001 as amount
from value_events
inner join value_receivers using (environment, session_id)
where value_events.goal is null
group by environment, session_id, value_receivers.goal;

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
    select
        ancestors.environment,
        ancestors.session_id,
        ancestor_goal as goal,
        sum(own_cost) as cost,
        sum(own_value) as value,
        bool_or(own.verdict_source is not null) as has_recorded_descendant,
        count(*) filter (where own.verdict_source is not null and ancestors.depth = 1) as count_sub_goals,
        count(*) filter (where own.verdict = 'achieved' and ancestors.depth = 1) as count_sub_goals_achieved
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
),

joined as (
    select
        own.*,
        session_records.agent,
        session_records.customer_id,
        session_records.customer_segment,
        session_records.channel,
        session_records.model,
        session_records.experiment,
        session_records.variant,
        session_records.started_at,
        depths.depth,
        coalesce(depths.has_recorded_ancestor, false) as has_recorded_ancestor,
        coalesce(below.has_recorded_descendant, false) as has_recorded_descendant,
        own.verdict_source is not null as is_recorded,
        case when own.verdict_source is not null then coalesce(below.count_sub_goals, 0) else 0 end as count_sub_goals,
        case when own.verdict_source is not null then coalesce(below.count_sub_goals_achieved, 0) else 0 end
            as count_sub_goals_achieved,
        coalesce(own.own_cost + below.cost, own.own_cost, below.cost) as rolled_up_cost,
        coalesce(own.own_value + below.value, own.own_value, below.value) as rolled_up_value
    from own
    inner join session_records using (environment, session_id)
    left join depths using (environment, session_id, goal)
    left join below using (environment, session_id, goal)
)

select
    environment,
    session_id,
    goal,
    agent,
    customer_id,
    customer_segment,
    channel,
    model,
    experiment,
    variant,
    started_at as session_started_at,
    cast(started_at as date) as session_date,

    verdict,
    case verdict when 'achieved' then true when 'not_achieved' then false end as is_achieved,
    verdict_source,
    human_verdict,
    automatic_verdict,
    judge_verdict,
    cast(null as varchar) as derived_verdict,
    coalesce(human_verdict <> automatic_verdict, false)
    or coalesce(human_verdict <> judge_verdict, false)
    or coalesce(automatic_verdict <> judge_verdict, false) as has_conflicting_verdicts,
    cast(null as bigint) as definition_version,
    false as is_decided_by_definition,
    decided_at,
    first_achieved_at,
    evaluator,
    cast(null as varchar) as evaluator_version,
    cast(null as varchar) as label,
    reason,
    coalesce(count_goal_events, 0) as count_goal_events,
    cast(count_tries as bigint) as count_tries,
    cast(null as bigint) as count_interactions,
    coalesce(is_escalated = 'true', false) as is_escalated,
    cast(customer_satisfaction as decimal(28, 10)) as customer_satisfaction,

    cast(null as decimal(28, 10)) as score,
    cast(null as decimal(28, 10)) as threshold,
    cast(null as varchar) as threshold_operator,
    cast(null as decimal(28, 10)) as score_attainment,
    false as has_verdict_against_threshold,

    case
        when verdict = 'achieved'
            then cast(date_diff('microsecond', started_at, first_achieved_by_itself_at) * 0.000001 as decimal(28, 10))
    end as time_to_goal_seconds,
    false as has_negative_time_to_goal,

    case when depth is not null then parent_goal end as parent_goal,
    cast(coalesce(depth, 0) as bigint) as depth,
    depth is null as is_top_level,
    is_recorded and not has_recorded_ancestor as is_recorded_top_level,
    is_recorded and not has_recorded_descendant as is_leaf,
    false as has_dropped_parent,
    count_sub_goals,
    count_sub_goals_achieved,
    case when count_sub_goals > 0 then count_sub_goals_achieved / count_sub_goals end as progress,
    false as has_missing_sub_goals,
    verdict = 'achieved' and count_sub_goals_achieved < count_sub_goals as has_unmet_sub_goals,
    'binary' as goal_kind,
    'session' as goal_scope,
    is_recorded,
    false as is_derived,
    false as is_rule_derived,
    cast(null as varchar) as source_goal,
    false as is_defined,
    false as is_expected,
    false as is_primary,

    cast(own_cost as decimal(28, 10)) as own_cost,
    cast(rolled_up_cost as decimal(28, 10)) as rolled_up_cost,
    cast(rolled_up_cost as decimal(28, 10)) as metric_cost,
    cast(0 as bigint) as count_missing_amounts,
    cast(own_value as decimal(28, 10)) as own_value,
    cast(null as decimal(28, 10)) as default_value,
    cast(unrealised_value as decimal(28, 10)) as unrealised_value,
    cast(rolled_up_value as decimal(28, 10)) as rolled_up_value,
    cast(case verdict when 'achieved' then rolled_up_value when 'not_achieved' then goal_value end as decimal(28, 10))
        as potential_value,
    cast(null as decimal(28, 10)) as value_at_stake,
    cast(null as decimal(28, 10)) as target_achievement_rate,
    metadata
from joined;

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
        sum(output_tokens) as output_tokens
    from cost_events
    group by environment, session_id
),

unattributed as (
    select environment, session_id, sum(amount) as unattributed_cost
    from by_hand.cost_lines
    where attribution = 'unattributed'
    group by environment, session_id
),

session_values as (
    select
        environment,
        session_id,
        sum(amount) as landed_value,
        sum(amount) filter (where is_unattributed) as unattributed_value
    from (
        select
            environment,
            session_id,
            amount,
            goal is null
            and not exists (
                select 1 from value_receivers
                where
                    value_receivers.environment = value_events.environment
                    and value_receivers.session_id = value_events.session_id
            ) as is_unattributed
        from value_events
        union all
        select environment, session_id, goal_value as amount, false as is_unattributed from goal_money
    ) as landed
    group by environment, session_id
),

session_goals as (
    select
        environment,
        session_id,
        count(*) as count_goals,
        count(*) filter (where verdict = 'achieved') as count_goals_achieved,
        count(*) filter (where verdict = 'not_achieved') as count_goals_not_achieved,
        count(*) filter (where verdict = 'unjudged') as count_goals_unjudged,
        count(*) filter (where is_recorded_top_level) as count_judged,
        count(*) filter (where is_recorded_top_level and verdict = 'not_achieved') as count_short,
        bool_or(is_escalated) as is_escalated,
        sum(own_cost) as attributed_cost,
        sum(own_cost) filter (where verdict = 'unjudged') as unjudged_cost,
        sum(own_value) as attributed_value,
        sum(unrealised_value) as unrealised_value
    from by_hand.goal_outcomes
    group by environment, session_id
)

select
    session_records.environment,
    session_records.session_id,
    agent,
    agent_version,
    customer_id,
    customer_segment,
    channel,
    model,
    experiment,
    variant,

    started_at,
    ended_at,
    cast(started_at as date) as session_date,
    true as is_start_reported,
    cast(date_diff('microsecond', started_at, ended_at) * 0.000001 as decimal(28, 10)) as duration_seconds,

    cast(0 as bigint) as count_turns,
    cast(0 as bigint) as count_user_turns,
    cast(0 as bigint) as count_tool_turns,
    coalesce(is_escalated, false) as is_escalated,

    coalesce(count_goals, 0) as count_goals,
    coalesce(count_goals_achieved + count_goals_not_achieved, 0) as count_goals_attempted,
    coalesce(count_goals_achieved, 0) as count_goals_achieved,
    coalesce(count_goals_unjudged, 0) as count_goals_unjudged,
    cast(0 as bigint) as count_goals_not_applicable,
    case when count_judged > 0 then count_short = 0 end as is_successful,

    cast(total_cost as decimal(28, 10)) as total_cost,
    cast(llm_cost as decimal(28, 10)) as llm_cost,
    cast(tool_cost as decimal(28, 10)) as tool_cost,
    cast(null as decimal(28, 10)) as retrieval_cost,
    cast(null as decimal(28, 10)) as infrastructure_cost,
    cast(null as decimal(28, 10)) as human_cost,
    cast(null as decimal(28, 10)) as other_cost,
    cast(evaluation_cost as decimal(28, 10)) as evaluation_cost,
    cast(attributed_cost as decimal(28, 10)) as attributed_cost,
    cast(unjudged_cost as decimal(28, 10)) as unjudged_cost,
    cast(unattributed_cost as decimal(28, 10)) as unattributed_cost,
    coalesce(count_cost_events, 0) as count_cost_events,
    cast(0 as bigint) as count_missing_amounts,
    cast(input_tokens as bigint) as input_tokens,
    cast(output_tokens as bigint) as output_tokens,

    cast(landed_value as decimal(28, 10)) as landed_value,
    cast(attributed_value as decimal(28, 10)) as attributed_value,
    cast(unrealised_value as decimal(28, 10)) as unrealised_value,
    cast(unattributed_value as decimal(28, 10)) as unattributed_value,
    cast(null as decimal(28, 10)) as default_value,
    metadata
from session_records
left join session_costs using (environment, session_id)
left join unattributed using (environment, session_id)
left join session_goals using (environment, session_id)
left join session_values using (environment, session_id);

create table by_hand.goal_metrics_daily as
with

parts as (
    select
        session_date as metric_date,
        environment,
        agent,
        goal,
        customer_segment,
        model,
        count(*) as count_outcomes,
        count(*) filter (where verdict = 'achieved') as count_achieved,
        count(*) filter (where verdict = 'not_achieved') as count_not_achieved,
        count(*) filter (where verdict = 'unjudged') as count_unjudged,
        cast(0 as bigint) as count_not_applicable,
        count(*) filter (where time_to_goal_seconds is not null) as count_timed,
        cast(0 as bigint) as count_scored,
        cast(0 as bigint) as count_attainments,
        count(*) filter (where verdict = 'not_achieved' and potential_value is null) as count_missing_potential_value,
        cast(0 as bigint) as count_expected,
        cast(0 as bigint) as count_expected_judged,
        cast(sum(metric_cost) filter (where verdict = 'achieved') as decimal(28, 10)) as achieved_cost,
        cast(sum(metric_cost) filter (where verdict = 'not_achieved') as decimal(28, 10)) as not_achieved_cost,
        cast(sum(metric_cost) filter (where verdict = 'unjudged') as decimal(28, 10)) as unjudged_cost,
        cast(sum(rolled_up_value) filter (where verdict = 'achieved') as decimal(28, 10)) as achieved_value,
        cast(sum(potential_value) as decimal(28, 10)) as potential_value,
        cast(sum(time_to_goal_seconds) as decimal(28, 10)) as sum_time_to_goal_seconds,
        cast(null as decimal(28, 10)) as sum_score,
        cast(null as decimal(28, 10)) as sum_attainment,
        count(*) filter (where is_top_level) as top_level_count_outcomes,
        count(*) filter (where verdict = 'achieved' and is_top_level) as top_level_count_achieved,
        count(*) filter (where verdict = 'not_achieved' and is_top_level) as top_level_count_not_achieved,
        count(*) filter (where verdict = 'unjudged' and is_top_level) as top_level_count_unjudged,
        cast(0 as bigint) as top_level_count_not_applicable,
        count(*) filter (where time_to_goal_seconds is not null and is_top_level) as top_level_count_timed,
        cast(0 as bigint) as top_level_count_scored,
        cast(0 as bigint) as top_level_count_attainments,
        count(*) filter (where verdict = 'not_achieved' and potential_value is null and is_top_level)
            as top_level_count_missing_potential_value,
        cast(0 as bigint) as top_level_count_expected,
        cast(0 as bigint) as top_level_count_expected_judged,
        cast(sum(metric_cost) filter (where verdict = 'achieved' and is_top_level) as decimal(28, 10)) as top_level_achieved_cost,
        cast(sum(metric_cost) filter (where verdict = 'not_achieved' and is_top_level) as decimal(28, 10))
            as top_level_not_achieved_cost,
        cast(sum(metric_cost) filter (where verdict = 'unjudged' and is_top_level) as decimal(28, 10)) as top_level_unjudged_cost,
        cast(sum(rolled_up_value) filter (where verdict = 'achieved' and is_top_level) as decimal(28, 10))
            as top_level_achieved_value,
        cast(sum(potential_value) filter (where is_top_level) as decimal(28, 10)) as top_level_potential_value,
        cast(sum(time_to_goal_seconds) filter (where is_top_level) as decimal(28, 10)) as top_level_sum_time_to_goal_seconds,
        cast(null as decimal(28, 10)) as top_level_sum_score,
        cast(null as decimal(28, 10)) as top_level_sum_attainment
    from by_hand.goal_outcomes
    where environment = 'production'
    group by all
),

judged as (
    select
        *,
        count_achieved + count_not_achieved as count_judged,
        coalesce(achieved_cost + not_achieved_cost, achieved_cost, not_achieved_cost) as judged_cost,
        case when count_achieved = 0 then 0 else achieved_cost end as cost_of_achieved,
        case when count_achieved = 0 then 0 else achieved_value end as value_of_achieved
    from parts
)

select
    metric_date,
    environment,
    agent,
    goal,
    customer_segment,
    model,
    count_outcomes,
    count_achieved,
    count_not_achieved,
    count_unjudged,
    count_not_applicable,
    count_timed,
    count_scored,
    count_attainments,
    count_missing_potential_value,
    count_expected,
    count_expected_judged,
    achieved_cost,
    not_achieved_cost,
    unjudged_cost,
    achieved_value,
    potential_value,
    sum_time_to_goal_seconds,
    sum_score,
    sum_attainment,
    count_achieved / nullif(count_judged, 0) as goal_achievement_rate,
    achieved_cost / nullif(count_achieved, 0) as cost_per_goal_achieved,
    judged_cost / nullif(count_achieved, 0) as fully_loaded_cost_per_goal,
    cost_of_achieved / nullif(judged_cost, 0) as goal_efficiency,
    sum_time_to_goal_seconds / nullif(count_timed, 0) as average_time_to_goal_seconds,
    achieved_value / nullif(count_achieved, 0) as value_per_goal,
    case when count_missing_potential_value = 0 then value_of_achieved / nullif(potential_value, 0) end
        as value_weighted_achievement,
    value_of_achieved / nullif(judged_cost, 0) as return_on_cost,
    cast(value_of_achieved - judged_cost as decimal(28, 10)) as net_value,
    cast(null as double) as average_score,
    cast(null as double) as score_attainment,
    cast(null as double) as verdict_coverage,
    cast(null as decimal(28, 10)) as target_achievement_rate,
    top_level_count_outcomes,
    top_level_count_achieved,
    top_level_count_not_achieved,
    top_level_count_unjudged,
    top_level_count_not_applicable,
    top_level_count_timed,
    top_level_count_scored,
    top_level_count_attainments,
    top_level_count_missing_potential_value,
    top_level_count_expected,
    top_level_count_expected_judged,
    top_level_achieved_cost,
    top_level_not_achieved_cost,
    top_level_unjudged_cost,
    top_level_achieved_value,
    top_level_potential_value,
    top_level_sum_time_to_goal_seconds,
    top_level_sum_score,
    top_level_sum_attainment
from judged;

create table by_hand.session_metrics_daily as
with

parts as (
    select
        session_date as metric_date,
        environment,
        agent,
        customer_segment,
        model,
        count(*) as count_sessions,
        count(is_successful) as count_judged_sessions,
        count(*) filter (where is_successful) as count_successful_sessions,
        count(*) filter (where is_escalated) as count_escalated_sessions,
        cast(sum(total_cost) as decimal(28, 10)) as total_cost,
        cast(sum(attributed_cost) as decimal(28, 10)) as attributed_cost,
        cast(sum(unjudged_cost) as decimal(28, 10)) as unjudged_cost,
        cast(sum(unattributed_cost) as decimal(28, 10)) as unattributed_cost,
        cast(sum(evaluation_cost) as decimal(28, 10)) as evaluation_cost,
        cast(sum(landed_value) as decimal(28, 10)) as landed_value,
        cast(sum(attributed_value) as decimal(28, 10)) as attributed_value,
        cast(sum(unrealised_value) as decimal(28, 10)) as unrealised_value,
        cast(sum(unattributed_value) as decimal(28, 10)) as unattributed_value,
        cast(sum(default_value) as decimal(28, 10)) as default_value,
        cast(sum(count_cost_events) as bigint) as count_cost_events,
        cast(sum(count_missing_amounts) as bigint) as count_missing_amounts,
        cast(sum(input_tokens) as bigint) as input_tokens,
        cast(sum(output_tokens) as bigint) as output_tokens
    from by_hand.sessions
    where environment = 'production'
    group by all
)

select
    *,
    count_successful_sessions / nullif(count_judged_sessions, 0) as session_success_rate,
    coalesce(attributed_cost + unattributed_cost, attributed_cost, unattributed_cost) / count_sessions as cost_per_session
from parts;
