{#- Whether a score meets its threshold by its operator; null when one of them is null. -#}
{% macro meets_threshold(score, threshold_operator, threshold) -%}
    case {{ threshold_operator }}
        when '>=' then {{ score }} >= {{ threshold }}
        when '>' then {{ score }} > {{ threshold }}
        when '<=' then {{ score }} <= {{ threshold }}
        when '<' then {{ score }} < {{ threshold }}
        when '=' then {{ score }} = {{ threshold }}
    end
{%- endmacro %}
