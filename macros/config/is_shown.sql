{#- The condition for a row to be of an environment that is reported on: one of `agent_goals__environments`. -#}
{% macro is_shown() -%}
    environment in ({{ agent_goals.text_literals(agent_goals.setting('environments')) }})
{%- endmacro %}
