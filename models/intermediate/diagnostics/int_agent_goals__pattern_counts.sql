{%- set dimensions = agent_goals.pattern_dimensions() -%}
{%- set min_attempts = agent_goals.setting('diagnostics_min_attempts') -%}
{%- set max_pairs = agent_goals.setting('failure_pattern_pairs') -%}
{%- set keys = ['environment', 'goal'] -%}
{%- set groups = [] -%}
{%- for column in dimensions.values() -%}
    {%- do groups.append((keys + [column]) | join(', ')) -%}
    {%- if max_pairs > 0 -%}
        {%- for other in (dimensions.values() | list)[loop.index:] -%}
            {%- do groups.append((keys + [column, other]) | join(', ')) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endfor -%}
with

attempts as (
    select * from {{ ref('int_agent_goals__attempts') }}
),

goals as (
    select
        environment,
        goal,
        count(*) as goal_attempts,
        count(case when not is_achieved then 1 end) as goal_failures
    from attempts
    group by environment, goal
),

-- Attempts that are alike in every dimension count together from here on.
alike as (
    select
        {{ (keys + dimensions.values() | list) | join(', ') }},
        count(*) as attempts,
        count(case when not is_achieved then 1 end) as failures,
        count(case when not is_achieved and metric_cost is null then 1 end) as failures_without_cost,
        sum(case when not is_achieved then metric_cost end) as failure_cost
    from attempts
    group by {{ (keys + dimensions.values() | list) | join(', ') }}
),

-- Counted by each dimension and each pair of dimensions. They have no nulls in them, so what is null is not counted by.
grouped as (
    select
        {{ (keys + dimensions.values() | list) | join(', ') }},
        {{ agent_goals.as_type('sum(attempts)', 'integer') }} as attempts,
        {{ agent_goals.as_type('sum(failures)', 'integer') }} as failures,
        {{ agent_goals.as_type('sum(failures_without_cost)', 'integer') }} as failures_without_cost,
        sum(failure_cost) as failure_cost
    from alike
    group by grouping sets ( -- noqa: PRS
        {%- for group in groups %}
        ({{ group }}){{ ',' if not loop.last }}
        {%- endfor %}
    )
    having sum(alike.attempts) >= {{ min_attempts }}
),

named as (
    select
        environment,
        goal,
        attempts,
        failures,
        failures_without_cost,
        failure_cost,
        case
            {%- for name, column in dimensions.items() %}
            when {{ column }} is not null then {{ agent_goals.text_literal(name) }}
            {%- endfor %}
        end as first_name,
        coalesce({{ dimensions.values() | join(', ') }}) as first_text,
        case
            {%- for name, column in dimensions.items() | reverse %}
            when {{ column }} is not null then {{ agent_goals.text_literal(name) }}
            {%- endfor %}
        end as last_name,
        coalesce({{ dimensions.values() | reverse | join(', ') }}) as last_text
    from grouped
),

split as (
    select
        environment,
        goal,
        attempts,
        failures,
        failures_without_cost,
        failure_cost,
        {{ agent_goals.landed_text('first_name') }} as dimension,
        {{ agent_goals.landed_text('first_text') }} as value,
        {{ agent_goals.landed_text('case when last_name <> first_name then last_name end') }} as dimension_2,
        {{ agent_goals.landed_text('case when last_name <> first_name then last_text end') }} as value_2
    from named
),

singles as (
    select * from split
    where dimension_2 is null
),

-- A pair has to be told from each of its values alone: both occur often enough without the other. Which pairs are looked at
-- does not depend on how they failed.
pairs as (
    select
        split.*,
        first_values.attempts - split.attempts as first_attempts,
        first_values.failures - split.failures as first_failures,
        second_values.attempts - split.attempts as second_attempts,
        second_values.failures - split.failures as second_failures,
        row_number() over (
            partition by split.environment, split.goal
            order by
                split.attempts desc,
                split.dimension,
                {{ agent_goals.landed_text('split.value') }},
                split.dimension_2,
                {{ agent_goals.landed_text('split.value_2') }}
        ) as pair_number
    from split
    inner join singles as first_values
        on
            {{ agent_goals.same_columns('split', 'first_values', keys + ['dimension', 'value']) }}
            and first_values.attempts - split.attempts >= {{ min_attempts }}
    inner join singles as second_values
        on
            {{ agent_goals.same_columns('split', 'second_values', keys) }}
            and split.dimension_2 = second_values.dimension
            and split.value_2 = second_values.value
            and second_values.attempts - split.attempts >= {{ min_attempts }}
),

looked_at as (
    {%- for part in ['singles', 'pairs'] %}
    select
        environment,
        goal,
        dimension,
        value,
        dimension_2,
        value_2,
        attempts,
        failures,
        failures_without_cost,
        failure_cost,
        {%- for column in ['first_attempts', 'first_failures', 'second_attempts', 'second_failures'] %}
        {{ column if part == 'pairs' else agent_goals.as_type('null', 'integer') }} as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ part }}
    {%- if part == 'pairs' %}
    where pair_number <= {{ max_pairs }}
    {%- else %}
    union all
    {%- endif %}
    {%- endfor %}
),

final as (
    select
        looked_at.environment,
        looked_at.goal,
        row_number() over (
            order by
                {%- for column in ['environment', 'goal', 'dimension', 'value'] %}
                {{ agent_goals.landed_text('looked_at.' ~ column) }},
                {%- endfor %}
                {{ agent_goals.landed_text("coalesce(looked_at.dimension_2, '')") }},
                {{ agent_goals.landed_text("coalesce(looked_at.value_2, '')") }}
        ) as pattern_number,
        looked_at.dimension,
        looked_at.value,
        looked_at.dimension_2,
        looked_at.value_2,
        looked_at.attempts,
        looked_at.failures,
        goals.goal_attempts - looked_at.attempts as rest_attempts,
        goals.goal_failures - looked_at.failures as rest_failures,
        looked_at.first_attempts,
        looked_at.first_failures,
        looked_at.second_attempts,
        looked_at.second_failures,
        looked_at.failures_without_cost,
        {{ agent_goals.as_type('looked_at.failure_cost', 'decimal') }} as failure_cost
    from looked_at
    inner join goals
        on {{ agent_goals.same_columns('looked_at', 'goals', keys) }}
    where goals.goal_attempts - looked_at.attempts >= {{ min_attempts }}
)

select * from final
