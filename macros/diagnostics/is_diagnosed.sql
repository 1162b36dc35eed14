{#- Which goal outcomes the diagnostics count: those of the shown environments. A customer-scoped goal is decided for its customer
    and counts for no single session. -#}
{% macro is_diagnosed() -%}
    {{ agent_goals.is_shown() }}
    and (goal_scope = 'session' or customer_id is null)
{%- endmacro %}
