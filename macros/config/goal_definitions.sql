{#- The columns of the goal definitions, with the kind of type that each has. -#}
{% macro goal_definition_columns() -%}
    {{ return({
        'goal': 'text', 'kind': 'text', 'description': 'text', 'scope': 'text', 'window_days': 'integer',
        'parent_goal': 'text', 'sequence': 'integer', 'weight': 'decimal', 'is_required': 'boolean', 'is_primary': 'boolean',
        'composite_rule': 'text', 'composite_threshold': 'decimal', 'source_goal': 'text', 'field': 'text',
        'threshold': 'decimal', 'threshold_operator': 'text', 'expected_agents': 'text', 'value_per_achievement': 'decimal',
        'target_achievement_rate': 'decimal', 'valid_from': 'timestamp', 'valid_to': 'timestamp',
    }) }}
{%- endmacro %}

{#- When a definition without valid_from begins and one without valid_to ends. -#}
{% macro beginning_of_time() -%}
    cast('1970-01-01 00:00:00' as timestamp)
{%- endmacro %}

{% macro end_of_time() -%}
    cast('9999-12-31 00:00:00' as timestamp)
{%- endmacro %}

{#- When this run began, in UTC: what "today's definitions" are in force at. -#}
{% macro run_started() -%}
    cast('{{ run_started_at.astimezone(modules.pytz.utc).strftime("%Y-%m-%d %H:%M:%S") }}' as timestamp)
{%- endmacro %}

{#- The join condition for the rows of `versions` (with valid_from and valid_to) that hold at a moment. -#}
{% macro in_force(versions, at) -%}
    {{ at }} >= {{ versions }}.valid_from and {{ at }} < {{ versions }}.valid_to
{%- endmacro %}

{#- The join condition for rows of two relations (with valid_from and valid_to) that hold at one moment together, and the
    moments between which they do. -#}
{% macro hold_together(one, other) -%}
    {{ one }}.valid_to > {{ other }}.valid_from
    and {{ one }}.valid_from < {{ other }}.valid_to
{%- endmacro %}

{% macro both_from(one, other) -%}
    case when {{ other }}.valid_from > {{ one }}.valid_from then {{ other }}.valid_from else {{ one }}.valid_from end
{%- endmacro %}

{% macro both_to(one, other) -%}
    case when {{ other }}.valid_to < {{ one }}.valid_to then {{ other }}.valid_to else {{ one }}.valid_to end
{%- endmacro %}
