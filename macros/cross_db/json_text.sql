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

{#- The same, where the texts of several keys are wanted in one select: DuckDB then reads the object once for all of them.

    keys  all the keys that are wanted, the same list each time
    key   the one among them whose text this is -#}
{% macro json_text_among(json, keys, key) -%}
    {{ adapter.dispatch('json_text_among', 'agent_goals')(json, keys, key) }}
{%- endmacro %}

{% macro default__json_text_among(json, keys, key) -%}
    {{ agent_goals.json_text(json, key) }}
{%- endmacro %}

{% macro duckdb__json_text_among(json, keys, key) -%}
    {%- set paths = [] -%}
    {%- for wanted in keys -%}
        {%- do paths.append("'$.\"" ~ wanted ~ "\"'") -%}
    {%- endfor -%}
    json_extract_string({{ json }}, [{{ paths | join(', ') }}])[{{ keys.index(key) + 1 }}]
{%- endmacro %}

{#- The same for a key that a column holds. -#}
{% macro json_text_at(json, key) -%}
    {{ adapter.dispatch('json_text_at', 'agent_goals')(json, key) }}
{%- endmacro %}

{% macro default__json_text_at(json, key) -%}
    json_extract_string({{ json }}, '$."' || {{ key }} || '"')
{%- endmacro %}

{% macro postgres__json_text_at(json, key) -%}
    (cast({{ json }} as json) ->> {{ key }})
{%- endmacro %}

{% macro spark__json_text_at(json, key) -%}
    get_json_object({{ json }}, concat("$['", {{ key }}, "']"))
{%- endmacro %}

{#- A row for each text of a JSON array of texts that is held as text: an expression for the select list. -#}
{% macro json_items(json) -%}
    {{ adapter.dispatch('json_items', 'agent_goals')(json) }}
{%- endmacro %}

{% macro default__json_items(json) -%}
    unnest(cast(cast({{ json }} as json) as varchar[]))
{%- endmacro %}

{% macro postgres__json_items(json) -%}
    json_array_elements_text(cast({{ json }} as json))
{%- endmacro %}

{% macro spark__json_items(json) -%}
    explode(from_json({{ json }}, 'array<string>'))
{%- endmacro %}

{#- A JSON value's text as a decimal, a whole number or a boolean; null when it is not one. Metadata is the sender's
    own: a word where a number was expected must not stop a build. -#}
{% macro text_as_decimal(text) -%}
    case
        when {{ agent_goals.matches(text, '^[+-]?[0-9]{1,18}([.][0-9]*)?$') }}
            then {{ agent_goals.as_type(text, 'decimal') }}
        -- JSON may write a small number with an exponent.
        when {{ agent_goals.matches(text, '^[+-]?[0-9]([.][0-9]*)?[eE]([+]?0?[0-9]|1[0-1]|-[0-9]{1,2})$') }}
            then {{ agent_goals.as_type(agent_goals.as_type(text, 'double'), 'decimal') }}
    end
{%- endmacro %}

{% macro text_as_integer(text) -%}
    case when {{ agent_goals.matches(text, '^[0-9]{1,15}$') }} then {{ agent_goals.as_type(text, 'integer') }} end
{%- endmacro %}

{#- The same as a double, where true is 1 and false is 0. -#}
{% macro text_as_double(text) -%}
    case
        when lower({{ text }}) = 'true' then 1
        when lower({{ text }}) = 'false' then 0
        when {{ agent_goals.matches(text, '^[+-]?([0-9]{1,200}([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,2})?$') }}
            then {{ agent_goals.as_type(text, 'double') }}
    end
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
