{#- The join conditions of the two keys that run through the package: a session, and a goal of a session. -#}
{% macro same_session(one, other) -%}
    {{ one }}.environment = {{ other }}.environment and {{ one }}.session_id = {{ other }}.session_id
{%- endmacro %}

{% macro same_goal(one, other) -%}
    {{ agent_goals.same_session(one, other) }} and {{ one }}.goal = {{ other }}.goal
{%- endmacro %}
