{%- set covariate_days = agent_goals.setting('experiment_covariate_days') -%}
{%- set cost_cap = agent_goals.setting('experiment_cost_cap') -%}
{%- set double = agent_goals.data_type('double') -%}
with

experiments as (
    select * from {{ ref('int_agent_goals__experiments') }}
),

experiment_sessions as (
    select * from {{ ref('int_agent_goals__experiment_sessions') }}
),

units as (
    select * from {{ ref('int_agent_goals__experiment_units') }}
    where excluded_as is null
),

sessions as (
    select * from {{ ref('agent_goals__sessions') }}
),

goal_outcomes as (
    select * from {{ ref('agent_goals__goal_outcomes') }}
),

customer_outcomes as (
    select * from {{ ref('agent_goals__customer_outcomes') }}
),

-- Where the session is the unit, or every unit sees every variant, the sessions that carry the variant count. Otherwise all
-- sessions of the unit do, from its exposure on.
carrying as (
    select
        experiment_sessions.experiment,
        experiment_sessions.variant,
        experiment_sessions.environment,
        experiment_sessions.session_id,
        experiment_sessions.started_at,
        {{ agent_goals.experiment_unit_id('experiment_sessions', 'experiments') | indent(8) }} as unit_id
    from experiment_sessions
    inner join experiments
        on experiment_sessions.experiment = experiments.experiment
    where experiments.unit_kind = 'session' or experiments.design = 'paired'
),

unit_keys as (
    select unit_key
    from experiments
    where unit_key is not null
    group by unit_key
),

keyed_sessions as (
    select
        unit_keys.unit_key,
        sessions.environment,
        sessions.session_id,
        sessions.started_at,
        {{ agent_goals.json_text_at('sessions.metadata', 'unit_keys.unit_key') }} as unit_id
    from sessions
    cross join unit_keys
),

unit_sessions as (
    select
        units.*,
        carrying.session_id,
        carrying.started_at
    from units
    inner join carrying
        on
            units.experiment = carrying.experiment
            and units.environment = carrying.environment
            and units.unit_id = carrying.unit_id
            and units.variant = carrying.variant
    where carrying.started_at >= units.exposed_at
    union all
    select
        units.*,
        sessions.session_id,
        sessions.started_at
    from units
    inner join sessions
        on
            units.environment = sessions.environment
            and units.unit_id = sessions.customer_id
            and units.unit_kind = 'customer'
            and units.design <> 'paired'
    union all
    select
        units.*,
        keyed_sessions.session_id,
        keyed_sessions.started_at
    from units
    inner join experiments
        on
            units.experiment = experiments.experiment
            and units.unit_kind = 'metadata'
            and units.design <> 'paired'
    inner join keyed_sessions
        on
            experiments.unit_key = keyed_sessions.unit_key
            and units.environment = keyed_sessions.environment
            and units.unit_id = keyed_sessions.unit_id
),

-- A customer-scoped goal is decided once for its customer's window, which counts if it began under the variant.
outcomes as (
    select
        unit_sessions.experiment,
        unit_sessions.environment,
        unit_sessions.unit_id,
        unit_sessions.variant,
        unit_sessions.exposed_at,
        unit_sessions.counts_until,
        unit_sessions.started_at,
        goal_outcomes.goal,
        goal_outcomes.verdict,
        goal_outcomes.metric_cost,
        goal_outcomes.rolled_up_value,
        goal_outcomes.time_to_goal_seconds
    from unit_sessions
    inner join goal_outcomes
        on {{ agent_goals.same_session('unit_sessions', 'goal_outcomes') }}
    where goal_outcomes.goal_scope = 'session' or goal_outcomes.customer_id is null
    union all
    select
        units.experiment,
        units.environment,
        units.unit_id,
        units.variant,
        units.exposed_at,
        units.counts_until,
        customer_outcomes.window_started_at as started_at,
        customer_outcomes.goal,
        customer_outcomes.verdict,
        customer_outcomes.metric_cost,
        customer_outcomes.rolled_up_value,
        customer_outcomes.time_to_goal_seconds
    from units
    inner join customer_outcomes
        on
            units.environment = customer_outcomes.environment
            and units.unit_id = customer_outcomes.customer_id
            and units.unit_kind = 'customer'
            and units.design <> 'paired'
    where customer_outcomes.is_customer_scoped
),

attempted as (
    select
        outcomes.*,
        started_at < exposed_at as is_before,
        case when verdict = 'achieved' then 1 else 0 end as is_achieved
    from outcomes
    where
        verdict in ('achieved', 'not_achieved')
        and started_at < counts_until
        {%- if covariate_days is none %}
        and started_at >= exposed_at
        {%- else %}
        and started_at >= {{ agent_goals.days_after('exposed_at', '-' ~ covariate_days) }}
        {%- endif %}
),

{%- set parts = {
    'attempts': '1',
    'achieved': 'is_achieved',
    'cost': 'metric_cost',
    'achieved_cost': 'case when is_achieved = 1 then metric_cost end',
    'achieved_value': 'case when is_achieved = 1 then rolled_up_value end',
    'time_to_goal_seconds': 'case when is_achieved = 1 then time_to_goal_seconds end',
    'timed': 'case when is_achieved = 1 and time_to_goal_seconds is not null then 1 end',
    'known_costs': 'case when metric_cost is not null then 1 end',
    'known_values': 'case when is_achieved = 1 and rolled_up_value is not null then 1 end',
} %}

summed as (
    select
        experiment,
        environment,
        unit_id,
        variant,
        goal,
        {%- for prefix, condition in {'': 'not is_before', 'earlier_': 'is_before'}.items() %}
        {%- set is_last = loop.last %}
        {%- for name, part in parts.items() %}
        coalesce(cast(sum(case when {{ condition }} then {{ part }} end) as {{ double }}), 0e0) as {{ prefix }}{{ name }}
        {{- ',' if not (is_last and loop.last) }}
        {%- endfor %}
        {%- endfor %}
    from attempted
    group by experiment, environment, unit_id, variant, goal
),

{%- if cost_cap is not none %}

ranked as (
    select
        experiment,
        goal,
        cost,
        row_number() over (partition by experiment, goal order by cost) as cost_rank,
        count(*) over (partition by experiment, goal) as count_costs
    from summed
    where cost > 0
),

caps as (
    select
        experiment,
        goal,
        min(cost) as cost_cap
    from ranked
    where cost_rank >= count_costs * {{ cost_cap }}e0
    group by experiment, goal
),

-- A unit that cost more than the cap counts with the cap: all its costs shrink alike.
capped as (
    select
        summed.*,
        case when summed.cost > caps.cost_cap then caps.cost_cap / summed.cost else 1e0 end as cost_factor
    from summed
    left join caps
        on
            summed.experiment = caps.experiment
            and summed.goal = caps.goal
),
{%- else %}

capped as (
    select
        summed.*,
        1e0 as cost_factor
    from summed
),
{%- endif %}

final as (
    select
        experiment,
        environment,
        unit_id,
        variant,
        goal,
        {%- for prefix in ['', 'earlier_'] %}
        {%- set is_last = loop.last %}
        {%- for name in parts %}
        {{ prefix }}{{ name }}{{ ' * cost_factor as ' ~ name if prefix == '' and name in ['cost', 'achieved_cost'] }}
        {{- ',' if not (is_last and loop.last) }}
        {%- endfor %}
        {%- endfor %},
        cost_factor < 1 as is_cost_capped
    from capped
)

select * from final
