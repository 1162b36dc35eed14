{#- Which unit of an experiment a session belongs to; null where it does not say. -#}
{% macro experiment_unit_id(sessions, experiments) -%}
    case {{ experiments }}.unit_kind
        when 'session' then {{ sessions }}.session_id
        when 'customer' then {{ sessions }}.customer_id
        when 'metadata' then {{ agent_goals.json_text_at(sessions ~ '.metadata', experiments ~ '.unit_key') }}
    end
{%- endmacro %}
