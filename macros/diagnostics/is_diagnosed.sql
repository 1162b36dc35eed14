{#- Which goal outcomes the diagnostics count: those of the shown environments. A customer-scoped goal is decided for its customer
    and counts for no single session. -#}
{% macro is_diagnosed() -%}
    environment in ({{ agent_goals.text_literals(agent_goals.setting('environments')) }})
    and (goal_scope = 'session' or customer_id is null)
{%- endmacro %}
