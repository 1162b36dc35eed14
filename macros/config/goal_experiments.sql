{#- The columns of the experiments' plans, with the kind of type that each has. -#}
{% macro goal_experiment_columns() -%}
    {{ return({
        'experiment': 'text', 'description': 'text', 'design': 'text', 'randomisation_unit': 'text', 'variants': 'text',
        'control_variant': 'text', 'expected_split': 'text', 'primary_goal': 'text', 'primary_metric': 'text',
        'guardrails': 'text', 'planned_units': 'integer', 'starts_at': 'timestamp', 'ends_at': 'timestamp',
        'window_days': 'integer',
    }) }}
{%- endmacro %}
