{#- Whether a name, in lower case, is one that a rule of the price list takes.

    name   expression
    rules  alias of stg_agent_goals__model_prices or of rules drawn from it -#}
{% macro name_matches(name, rules) -%}
    case {{ rules }}.match_kind
        when 'equals' then {{ name }} = {{ rules }}.match_text
        when 'starts_with' then left({{ name }}, length({{ rules }}.match_text)) = {{ rules }}.match_text
        when 'ends_with' then right({{ name }}, length({{ rules }}.match_text)) = {{ rules }}.match_text
        when 'contains' then replace({{ name }}, {{ rules }}.match_text, '') <> {{ name }}
        when 'regex' then {{ agent_goals.matches_expression(name, rules ~ '.match_text') }}
    end
    and (
        {{ rules }}.match_except is null
        or not {{ agent_goals.matches_expression(name, rules ~ '.match_except') }}
    )
{%- endmacro %}
