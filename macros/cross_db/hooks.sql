{#- What a connection needs before a model is built on it; nothing on most warehouses. -#}
{% macro before_model() -%}
    {{ adapter.dispatch('before_model', 'agent_goals')() }}
{%- endmacro %}

{% macro default__before_model() -%}
{%- endmacro %}

{#- Spark's timestamps are moments, which the session's time zone turns into the days and hours that models see. -#}
{% macro spark__before_model() -%}
    set time zone 'UTC'
{%- endmacro %}

{#- PostgreSQL would compile the long arithmetic of distributions for minutes, to run it for seconds. Until the commit. -#}
{% macro postgres__before_model() -%}
    set local jit = off
{%- endmacro %}

{#- What a table needs after it was built; nothing on most warehouses. -#}
{% macro after_model() -%}
    {{ adapter.dispatch('after_model', 'agent_goals')() }}
{%- endmacro %}

{% macro default__after_model() -%}
{%- endmacro %}

{#- PostgreSQL takes a table that it has not looked into for a small one, and joins it row by row with the next. -#}
{% macro postgres__after_model() -%}
    {%- if model.config.materialized != 'view' -%} analyze {{ this }} {%- endif -%}
{%- endmacro %}
