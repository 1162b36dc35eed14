{#- How far a verdict source is trusted, larger is more; derived verdicts always come last. -#}
{% macro verdict_trust(verdict_source) -%}
    {%- set precedence = agent_goals.setting('verdict_precedence') -%}
    case {{ verdict_source }}
        {%- for source in precedence %}
        when {{ agent_goals.text_literal(source) }} then {{ precedence | length - loop.index0 }}
        {%- endfor %}
        else 0
    end
{%- endmacro %}
