{#- What a project defines in seeds or models of its own, named by vars. -#}
{% macro definition_inputs() -%}
    {{ return(['goal_definitions', 'goal_experiments', 'exchange_rates', 'model_prices']) }}
{%- endmacro %}

{#- The relation of an input: a raw table, or a seed or model of that name; none when the project has no such input. -#}
{% macro input_relation(name) -%}
    {%- if name in agent_goals.definition_inputs() -%}
        {%- set example = name if project_name == 'agent_goals' and name != 'exchange_rates' else none -%}
        {%- set definition = agent_goals.setting(name) or example -%}
        {{ return(ref(definition) if definition else none) }}
    {%- elif name in ['sessions', 'conversation_turns', 'rejected_records', 'tombstones', 'label_samples']
            and name not in agent_goals.setting('optional_inputs') -%}
        {{ return(none) }}
    {#- Seeds are landed whole or not at all. -#}
    {%- elif name in ['rejected_records', 'tombstones', 'label_samples'] and agent_goals.setting('use_seeds') -%}
        {{ return(none) }}
    {%- elif agent_goals.setting('use_seeds') -%}
        {{ return(ref(agent_goals.setting(name ~ '_table'))) }}
    {%- else -%}
        {{ return(source('agent_goals_raw', name)) }}
    {%- endif -%}
{%- endmacro %}

{#- A query for the rows of an input, with its columns cast to the given kinds; no rows when the input is absent.

    name     the input's name
    columns  mapping of column name to the kind of type that it has (see data_type)
    has_load_fields  whether the load's time and batch come along -#}
{% macro raw_rows(name, columns, has_load_fields=true) -%}
    {%- set relation = agent_goals.input_relation(name) -%}
    {%- set is_definition = name in agent_goals.definition_inputs() -%}
    {%- set lists_columns = ['goal_definitions', 'goal_experiments'] -%}
    {%- set present = agent_goals.setting(name[:-1] ~ '_columns') if name in lists_columns else none -%}
    select
        {%- for column, kind in columns.items() %}
        {% if relation is none or (present is not none and column not in present) -%}
            cast(null as {{ agent_goals.data_type(kind) }}) as {{ column }}
        {%- elif is_definition -%}
            {{ agent_goals.text_as(column, kind) }} as {{ column }}
        {%- else -%}
            {{ agent_goals.raw_as(column, kind) }} as {{ column }}
        {%- endif -%}
        {{- ',' if not loop.last or has_load_fields }}
        {%- endfor %}
        {%- if not has_load_fields %}
        {%- elif is_definition or relation is none or agent_goals.setting('use_seeds') %}
        {{ agent_goals.no_load_time() }} as loaded_at,
        cast('seed' as {{ agent_goals.data_type('text') }}) as batch_id
        {%- else %}
        {{ agent_goals.as_type('loaded_at', 'timestamp') }} as loaded_at,
        {{ agent_goals.as_type('batch_id', 'text') }} as batch_id
        {%- endif %}
    {%- if relation is not none %}
    from {{ relation }}
    {%- else %}
    where false
    {%- endif %}
{%- endmacro %}

{#- The rows of a raw record table that count: of several rows with one event_id the last loaded stands, and those of
    forgotten sessions are left out. A run that works on a part of the sessions reads theirs, and whatever another session
    has sent under the id of one of them. -#}
{% macro last_loaded_rows(name, columns) -%}
    {%- set rows = agent_goals.raw_rows(name, columns) -%}
    {%- set relation = agent_goals.input_relation(name) -%}
    {%- set opened = agent_goals.opened() if relation -%}
    {%- set forgotten = agent_goals.forgotten_sessions() if relation -%}
    {%- set recency = 'loaded_at desc, batch_id desc, occurred_at desc' -%}
    select latest.*
    from (
        {{ (agent_goals.default__first_of_each(agent_goals.rows_of_open_events(name, rows), 'event_id', recency) if opened
            else agent_goals.first_of_each(rows, 'event_id', recency)) | indent(8) }}
    ) as latest
    {%- for listed, condition in [(opened, 'exists'), (forgotten, 'not exists')] if listed %}
    {{ 'where' if loop.first else 'and' }} {{ condition }} (
        select 1 from {{ listed }} as listed
        where {{ agent_goals.same_session('latest', 'listed') }}
    )
    {%- endfor %}
{%- endmacro %}

{#- A query for the rows of a raw record table that belong to open sessions, and for those of other sessions that have the id
    of one of them. Which ids several sessions have sent is kept, so that nothing looks for them among all rows. -#}
{% macro rows_of_open_events(name, rows) -%}
    select raw_rows.*
    from (
        {{ rows | indent(8) }}
    ) as raw_rows
    where
        {{ agent_goals.is_open('raw_rows') | indent(8) }}
    union all
    select raw_rows.*
    from (
        {{ rows | indent(8) }}
    ) as raw_rows
    where
        event_id in (
            select moved_events.event_id
            from {{ ref('int_agent_goals__moved_events') }} as moved_events
            where
                moved_events.record_table = '{{ name }}'
                and {{ agent_goals.is_open('moved_events') | indent(16) }}
        )
        and not exists (
            select 1 from {{ agent_goals.opened() }} as known
            where {{ agent_goals.same_session('raw_rows', 'known') }}
        )
{%- endmacro %}

{#- When what carries no load time was loaded: seeds, which are landed all at once and before anything else. -#}
{% macro no_load_time() -%}
    cast('1970-01-01 00:00:00' as timestamp)
{%- endmacro %}
