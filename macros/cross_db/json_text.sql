{#- The text of one top-level key of a JSON object that is held as text; null when it is absent or null. -#}
{% macro json_text(json, key) -%}
    {{ adapter.dispatch('json_text', 'agent_goals')(json, key) }}
{%- endmacro %}

{% macro default__json_text(json, key) -%}
    json_extract_string({{ json }}, '$."{{ key }}"')
{%- endmacro %}

{% macro postgres__json_text(json, key) -%}
    (cast({{ json }} as json) ->> '{{ key }}')
{%- endmacro %}

{% macro spark__json_text(json, key) -%}
    get_json_object({{ json }}, '$.{{ key }}')
{%- endmacro %}

{#- A JSON value's text as a decimal, a whole number or a boolean; null when it is not one. Metadata is the sender's
    own: a word where a number was expected must not stop a build. -#}
{% macro text_as_decimal(text) -%}
    case
        when {{ agent_goals.matches(text, '^[+-]?[0-9]{1,18}([.][0-9]*)?$') }}
            then {{ agent_goals.as_type(text, 'decimal') }}
    end
{%- endmacro %}

{% macro text_as_integer(text) -%}
    case when {{ agent_goals.matches(text, '^[0-9]{1,15}$') }} then {{ agent_goals.as_type(text, 'integer') }} end
{%- endmacro %}

{% macro text_as_boolean(text) -%}
    case lower({{ text }}) when 'true' then true when 'false' then false end
{%- endmacro %}

{% macro matches(text, pattern) -%}
    {{ agent_goals.matches_expression(text, "'" ~ pattern ~ "'") }}
{%- endmacro %}

{#- The same with a pattern that is an expression. -#}
{% macro matches_expression(text, pattern) -%}
    {{ adapter.dispatch('matches_expression', 'agent_goals')(text, pattern) }}
{%- endmacro %}

{% macro default__matches_expression(text, pattern) -%}
    regexp_matches({{ text }}, {{ pattern }})
{%- endmacro %}

{% macro postgres__matches_expression(text, pattern) -%}
    ({{ text }} ~ {{ pattern }})
{%- endmacro %}

{% macro spark__matches_expression(text, pattern) -%}
    ({{ text }} rlike {{ pattern }})
{%- endmacro %}
