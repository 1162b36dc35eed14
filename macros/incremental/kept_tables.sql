{#- Makes a model a table that is kept from run to run: a run takes out the rows of what it works on and puts new ones in,
    in one transaction where the warehouse has them. Then it notes what the table has been built from; an interrupted
    run has noted nothing, so the next one does its work again.

    keys  what the rows are of, by names in open_keys: each row of one of them; none for a table that only grows -#}
{% macro kept_by(keys) -%}
    {%- set removals = [] -%}
    {%- if not execute -%}
        {#- What the hooks read is named where dbt looks for dependencies. -#}
        {%- set noted = [ref('int_agent_goals__built_inputs'), ref('int_agent_goals__open_inputs')] -%}
    {%- endif -%}
    {%- for key in keys -%}
        {%- set opened = agent_goals.opened(key) -%}
        {%- do removals.append("{{ agent_goals.remove_open_rows('" ~ key ~ "') }}") -%}
    {%- endfor -%}
    {{ config(
        materialized='incremental' if agent_goals.keeps_tables() else 'table',
        incremental_strategy='append',
        on_schema_change='append_new_columns',
        pre_hook=["{{ agent_goals.forget_what_was_built() }}"] + removals,
        post_hook=["{{ agent_goals.unnote_what_is_gone() }}", "{{ agent_goals.note_what_was_built() }}"],
    ) }}
{%- endmacro %}

{#- The names of the tables that are kept, with whether they are there: an input is built when all of them are built from it.
    One that is not there and that nobody asks for now, in a project that builds a part of the package, waits for nothing. -#}
{% macro kept_tables() -%}
    {%- set tables = {} -%}
    {%- if execute and flags.INTROSPECT -%}
        {%- for node in graph.nodes.values() -%}
            {%- if node.resource_type == 'model' and node.package_name == 'agent_goals'
                    and node.config.materialized == 'incremental' and node.name != 'int_agent_goals__built_inputs' -%}
                {%- set found = adapter.get_relation(database=node.database, schema=node.schema, identifier=node.alias) -%}
                {%- if found or node.unique_id in selected_resources -%}
                    {%- do tables.update({node.alias: found is not none}) -%}
                {%- endif -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(tables) }}
{%- endmacro %}

{% macro remove_open_rows(key) -%}
    {%- set open = agent_goals.open_keys()[key] -%}
    {%- if is_incremental() -%}
    {%- set columns, opened = open['columns'], ref(open['model']).render() -%}
    delete from {{ this }}
    where
        ({{ columns | join(', ') }}) in (select {{ columns | join(', ') }} from {{ opened }})
        {{- agent_goals.and_in(columns[-1], opened, columns[-1]) if columns | length > 1 }}
    {%- endif -%}
{%- endmacro %}

{#- `dbt run --empty` sees none of the inputs. -#}
{% macro takes_notes() -%}
    {{ return(agent_goals.keeps_tables() and not flags.EMPTY) }}
{%- endmacro %}

{#- A table that is made anew has been built from nothing yet. -#}
{% macro forget_what_was_built() -%}
    {%- if agent_goals.takes_notes() and not is_incremental() -%}
    delete from {{ ref('int_agent_goals__built_inputs').render() }} where table_name = '{{ this.identifier }}'
    {%- endif -%}
{%- endmacro %}

{% macro unnote_what_is_gone() -%}
    {%- if agent_goals.takes_notes() -%}
    delete from {{ ref('int_agent_goals__built_inputs').render() }}
    where
        table_name = '{{ this.identifier }}'
        and input_id in (
            select input_id from {{ ref('int_agent_goals__open_inputs').render() }}
            where is_gone and invocation = '{{ invocation_id }}'
        )
    {%- endif -%}
{%- endmacro %}

{#- Only what this run found open: another run's list may be older than the rows that this table was just made of. -#}
{% macro note_what_was_built() -%}
    {%- if agent_goals.takes_notes() -%}
    insert into {{ ref('int_agent_goals__built_inputs').render() }}
    select
        '{{ this.identifier }}' as table_name,
        input_id,
        input_kind,
        subject,
        agents,
        valid_from
    from {{ ref('int_agent_goals__open_inputs').render() }}
    where
        not is_gone
        and invocation = '{{ invocation_id }}'
        and input_id not in (
            select input_id from {{ ref('int_agent_goals__built_inputs').render() }} where table_name = '{{ this.identifier }}'
        )
    {%- endif -%}
{%- endmacro %}
