{#- What the last goal event that says it says of an outcome: the columns of which nothing is weighed or counted. -#}
{% macro last_recorded() -%}
    {{ return([
        'evaluator', 'evaluator_version', 'label', 'reason', 'goal_value', 'expected_value', 'count_interactions',
        'is_escalated', 'customer_satisfaction', 'agent', 'experiment', 'variant', 'metadata',
    ]) }}
{%- endmacro %}
