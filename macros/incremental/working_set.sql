{#- Whether the package keeps its tables of sessions from run to run. Seeds say nothing of what is new in them, so what is
    made of seeds is made anew. -#}
{% macro keeps_tables() -%}
    {{ return(agent_goals.setting('incremental') and not agent_goals.setting('use_seeds')) }}
{%- endmacro %}

{#- Whether this run works on a part of the sessions: those that are touched by new loads or changed inputs. -#}
{% macro is_partial_run() -%}
    {{ return(agent_goals.keeps_tables() and not flags.FULL_REFRESH and model.resource_type != 'unit_test') }}
{%- endmacro %}

{#- The relation that lists what this run is about; none in a full run. dbt looks for dependencies before it runs anything. -#}
{% macro opened(key='session') -%}
    {{ return(ref(agent_goals.open_keys()[key]['model']) if not execute or agent_goals.is_partial_run() else none) }}
{%- endmacro %}

{#- The relation that lists the sessions of which nothing may be known any more; none where nobody can have been forgotten. -#}
{% macro forgotten_sessions() -%}
    {%- set may_forget = model.resource_type != 'unit_test' and agent_goals.input_relation('tombstones') is not none -%}
    {{ return(ref('int_agent_goals__forgotten_sessions') if not execute or may_forget else none) }}
{%- endmacro %}

{#- A query for those rows of a model that belong to what this run works on: all rows in a full run.

    model_name  a model
    key         open_keys' name of what the rows are of: session, customer or day
    columns     the columns that say which it is, where they have other names here
    condition   what else holds of the rows -#}
{% macro open_rows(model_name, key='session', columns=none, condition=none) -%}
    {%- set opened = agent_goals.opened(key) -%}
    select kept.*
    from {{ ref(model_name) }} as kept
    {%- if opened %}
    where
        {{ agent_goals.is_open('kept', key, columns) | indent(8) }}
        {{- '\n        and ' ~ condition if condition }}
    {%- elif condition %}
    where {{ condition }}
    {%- endif -%}
{%- endmacro %}

{#- The condition that a row belongs to what this run works on, where it works on a part. -#}
{% macro is_open(rows, key='session', columns=none) -%}
    {%- set opened = agent_goals.opened(key) -%}
    {%- set names = agent_goals.open_keys()[key]['columns'] -%}
    {%- set columns = columns or names -%}
    exists (
        select 1 from {{ opened }} as opened
        where
            {%- for name in names %}
            {{ 'and ' if not loop.first }}{{ rows }}.{{ columns[loop.index0] }} = opened.{{ name }}
            {%- endfor %}
    )
    {{- agent_goals.and_in(rows ~ '.' ~ columns[-1], opened, names[-1]) if names | length > 1 }}
{%- endmacro %}

{#- What a run can be about: the model that lists it, and the columns that say which it is. -#}
{% macro open_keys() -%}
    {{ return({
        'session': {'model': 'int_agent_goals__open_sessions', 'columns': ['environment', 'session_id']},
        'customer': {'model': 'int_agent_goals__open_customers', 'columns': ['environment', 'customer_id']},
        'day': {'model': 'int_agent_goals__open_days', 'columns': ['metric_date']},
    }) }}
{%- endmacro %}
