{#- The join conditions of the keys that run through the package: a session, and a goal of a session. -#}
{% macro same_session(one, other) -%}
    {{ one }}.environment = {{ other }}.environment and {{ one }}.session_id = {{ other }}.session_id
{%- endmacro %}

{% macro same_goal(one, other) -%}
    {{ agent_goals.same_session(one, other) }} and {{ one }}.goal = {{ other }}.goal
{%- endmacro %}

{#- A unit is what outcomes are decided in: a session, whose customer_goal is empty, or a window of a customer-scoped goal. -#}
{% macro same_unit(one, other) -%}
    {{ one }}.environment = {{ other }}.environment
    and {{ one }}.customer_goal = {{ other }}.customer_goal
    and {{ one }}.unit_id = {{ other }}.unit_id
{%- endmacro %}

{% macro same_unit_goal(one, other) -%}
    {{ agent_goals.same_unit(one, other) }} and {{ one }}.goal = {{ other }}.goal
{%- endmacro %}

{#- The join condition of columns that two relations share, none of which is ever null. -#}
{% macro same_columns(one, other, columns) -%}
    {%- for column in columns -%}
        {{ one }}.{{ column }} = {{ other }}.{{ column }}{{ ' and ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
