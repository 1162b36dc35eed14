{#- What an outcome's own columns say, in whatever it was decided: one formula for sessions' and customers' outcomes. -#}

{#- How far the score came to its threshold: at most 1, and no lower than a record's number may be, so that sums hold it;
    null without a score, or where more is not better. The score is asked for first, since some warehouses' least ignores
    a null. -#}
{% macro outcome_attainment() -%}
    case
        when score is not null and threshold > 0 and threshold_operator in ('>=', '>')
            then {{ agent_goals.double_as_decimal(
                'greatest(least(' ~ agent_goals.ratio('score', 'threshold') ~ ', 1), -1000000000000)'
            ) }}
    end
{%- endmacro %}

{#- What a judged outcome is worth, or would have been. -#}
{% macro outcome_potential_value() -%}
    {{ agent_goals.as_type(
        "case verdict when 'achieved' then rolled_up_value "
        ~ "when 'not_achieved' then coalesce(expected_value, goal_value, value_per_achievement) end", 'decimal'
    ) }}
{%- endmacro %}

{#- Whether a definition expects its goal of an agent; null where either names none. -#}
{% macro is_expected_of(definitions, agent) -%}
    (
        {{ definitions }}.expected_agents = ',*,'
        or {{ agent_goals.text_position("',' || " ~ agent ~ " || ','", definitions ~ '.expected_agents') }} > 0
    )
{%- endmacro %}
