{#- The names by which a rule reads something else of its source's outcome than a metadata key. -#}
{% macro outcome_fields() -%}
    {{ return(['score', 'count_tries', 'is_achieved'] + agent_goals.time_fields()) }}
{%- endmacro %}

{% macro time_fields() -%}
    {{ return(['time_to_goal_seconds', 'time_to_resolution_seconds', 'resolution_time_seconds']) }}
{%- endmacro %}

{#- What a rule makes of its source's outcome.

    verdict    the source's verdict
    field      what the rule looks at, and value, what it found there: a double, or null when it is not known -#}
{% macro rule_verdict(verdict, field, value, threshold_operator, threshold) -%}
    case
        when {{ verdict }} = 'not_applicable' then 'not_applicable'
        -- What was not reached was not reached in time.
        when {{ field }} in ({{ agent_goals.text_literals(agent_goals.time_fields()) }}) and {{ verdict }} = 'not_achieved'
            then 'not_achieved'
        when {{ agent_goals.meets_threshold(value, threshold_operator, agent_goals.as_type(threshold, 'double')) }} then 'achieved'
        when {{ value }} is not null and {{ threshold }} is not null then 'not_achieved'
        else 'unjudged'
    end
{%- endmacro %}

{#- What a composite's rule makes of its sub-goals; those that are not applicable have dropped out.

    rule, threshold  the composite's rule, and how many or what share of weight it wants
    weight_left      the weight of the sub-goals that have not dropped out -#}
{% macro composite_verdict(
    rule, threshold, count_sub_goals, count_not_applicable, count_required, count_required_not_applicable,
    count_required_achieved, count_achieved, achieved_weight, weight_left
) -%}
    case
        when {{ count_not_applicable }} = {{ count_sub_goals }} then 'not_applicable'
        when {{ rule }} = 'all' and {{ count_required }} = 0 then 'unjudged'
        when {{ rule }} = 'all' and {{ count_required }} = {{ count_required_not_applicable }} then 'not_applicable'
        when {{ rule }} = 'weighted' and {{ weight_left }} = 0 then 'unjudged'
        when
            ({{ rule }} = 'all' and {{ count_required_achieved }} = {{ count_required }} - {{ count_required_not_applicable }})
            or ({{ rule }} = 'any' and {{ count_achieved }} > 0)
            or ({{ rule }} = 'at_least' and {{ count_achieved }} >= {{ threshold }})
            or (
                {{ rule }} = 'weighted'
                and cast({{ achieved_weight }} as decimal(16, 4))
                >= cast({{ threshold }} as decimal(14, 10)) * cast({{ weight_left }} as decimal(16, 4))
            )
            then 'achieved'
        else 'not_achieved'
    end
{%- endmacro %}
