{#- A query for every goal metric, for ad-hoc SQL: `select * from ({{ agent_goals.goal_metrics(by=['agent', 'goal']) }})`.

    by     list of dimensions: any of agent, goal, customer_segment, model, environment; none for one row a period
    grain  day, week, month, quarter or year; none for all time
    where  a condition over the columns of agent_goals__goal_metrics_daily, as SQL

    With the goal among the dimensions each goal stands for itself, with its sub-goals' cost and value rolled up into
    it. Without it only goals that have no parent count, again with everything rolled up, so nothing counts twice. -#}
{% macro goal_metrics(by=['agent', 'goal'], grain=none, where=none) -%}
    {%- set level = '' if 'goal' in by else 'top_level_' -%}
    {{ agent_goals.metrics_query(
        'goal_metrics', ref('agent_goals__goal_metrics_daily'),
        ['agent', 'goal', 'customer_segment', 'model', 'environment'], by, grain, where,
        agent_goals.goal_metric_parts().keys(), agent_goals.goal_metric_formulas(level), level
    ) }}
{%- endmacro %}

{#- The same for sessions: how many there were, how many succeeded, what they cost and brought.

    by     list of dimensions: any of agent, customer_segment, model, environment
    grain  day, week, month, quarter or year; none for all time
    where  a condition over the columns of agent_goals__session_metrics_daily, as SQL -#}
{% macro session_metrics(by=['agent'], grain=none, where=none) -%}
    {{ agent_goals.metrics_query(
        'session_metrics', ref('agent_goals__session_metrics_daily'),
        ['agent', 'customer_segment', 'model', 'environment'], by, grain, where,
        agent_goals.session_metric_parts().keys(), agent_goals.session_metric_formulas()
    ) }}
{%- endmacro %}

{% macro metrics_query(called, relation, dimensions, by, grain, where, parts, formulas, level='') -%}
    {%- set grains = ['day', 'week', 'month', 'quarter', 'year'] -%}
    {%- for dimension in by if dimension not in dimensions -%}
        {{ exceptions.raise_compiler_error(
            called ~ ': by may hold ' ~ dimensions | join(', ') ~ ', but it has ' ~ dimension ~ '.'
        ) }}
    {%- endfor -%}
    {%- if grain is not none and grain not in grains -%}
        {{ exceptions.raise_compiler_error(called ~ ': grain may be ' ~ grains | join(', ') ~ ', but it is ' ~ grain ~ '.') }}
    {%- endif -%}
    {%- set keys = by | list -%}
    {#- A column's name tells its type. -#}
    {%- set integers = [] -%}
    {%- for part in parts if part.startswith('count_') or part.endswith('_tokens') -%}
        {%- do integers.append(part) -%}
    {%- endfor -%}
    select
        {%- if grain is not none %}
        {{ agent_goals.as_type("date_trunc('" ~ grain ~ "', metric_date)", 'date') }} as period_start,
        {%- endif %}
        {%- for key in keys %}
        {{ key }},
        {%- endfor %}
        {%- for part in parts %}
        {{ agent_goals.as_type('sum(' ~ level ~ part ~ ')', 'integer' if part in integers else 'decimal') }} as {{ part }},
        {%- endfor %}
        {%- for name, formula in formulas.items() %}
        {{ formula }} as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ relation }}
    {%- if where %}
    where {{ where }}
    {%- endif %}
    {%- if grain is not none %}
    {%- set keys = [agent_goals.as_type("date_trunc('" ~ grain ~ "', metric_date)", 'date')] + keys -%}
    {%- endif %}
    {%- if keys %}
    group by {{ keys | join(', ') }}
    {%- endif %}
{%- endmacro %}
