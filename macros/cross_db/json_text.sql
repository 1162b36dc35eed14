{#- The text of one top-level key of a JSON object that is held as text; null when it is absent or null. -#}
{% macro json_text(json, key) -%}
    {{ adapter.dispatch('json_text', 'agent_goals')(json, key) }}
{%- endmacro %}

{% macro default__json_text(json, key) -%}
    json_extract_string({{ json }}, '$."{{ key }}"')
{%- endmacro %}

{% macro bigquery__json_text(json, key) -%}
    {{ agent_goals.json_text_at(json, "'" ~ key ~ "'") }}
{%- endmacro %}

{% macro snowflake__json_text(json, key) -%}
    {{ agent_goals.json_text_at(json, "'" ~ key ~ "'") }}
{%- endmacro %}

{% macro redshift__json_text(json, key) -%}
    {{ agent_goals.json_text_at(json, "'" ~ key ~ "'") }}
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

{#- A JSON pointer takes any key; in a path a quotation mark is an error and a star stands for every key. -#}
{% macro default__json_text_at(json, key) -%}
    json_extract_string({{ json }}, '/' || replace(replace({{ key }}, '~', '~0'), '/', '~1'))
{%- endmacro %}

{#- A JSON value takes any key as its subscript; of a text in it the quotation marks do not count. -#}
{% macro bigquery__json_text_at(json, key) -%}
    case
        when json_type(parse_json({{ json }})[{{ key }}]) = 'string' then string(parse_json({{ json }})[{{ key }}])
        when json_type(parse_json({{ json }})[{{ key }}]) <> 'null' then to_json_string(parse_json({{ json }})[{{ key }}])
    end
{%- endmacro %}

{% macro snowflake__json_text_at(json, key) -%}
    cast(get(parse_json({{ json }}), {{ key }}) as {{ agent_goals.data_type('text') }})
{%- endmacro %}

{#- Where there is no such key Redshift gives an empty text. -#}
{% macro redshift__json_text_at(json, key) -%}
    nullif(json_extract_path_text({{ json }}, {{ key }}), '')
{%- endmacro %}

{% macro postgres__json_text_at(json, key) -%}
    (cast({{ json }} as json) ->> ({{ key }}))
{%- endmacro %}

{% macro spark__json_text_at(json, key) -%}
    element_at(from_json({{ json }}, 'map<string, string>'), {{ key }})
{%- endmacro %}

{#- A query for a row of `relation` for each text of a JSON array of texts that its column `json` holds as text. -#}
{% macro each_json_item(relation, json, item) -%}
    {{ adapter.dispatch('each_json_item', 'agent_goals')(relation, json, item) }}
{%- endmacro %}

{% macro default__each_json_item(relation, json, item) -%}
    select
        {{ relation }}.*,
        unnest(cast(cast({{ json }} as json) as varchar[])) as {{ item }}
    from {{ relation }}
{%- endmacro %}

{% macro postgres__each_json_item(relation, json, item) -%}
    select
        {{ relation }}.*,
        json_array_elements_text(cast({{ json }} as json)) as {{ item }}
    from {{ relation }}
{%- endmacro %}

{% macro spark__each_json_item(relation, json, item) -%}
    select
        {{ relation }}.*,
        explode(from_json({{ json }}, 'array<string>')) as {{ item }}
    from {{ relation }}
{%- endmacro %}

{% macro bigquery__each_json_item(relation, json, item) -%}
    select
        {{ relation }}.*,
        {{ item }}
    from {{ relation }}
    cross join unnest(json_value_array({{ json }})) as {{ item }}
{%- endmacro %}

{% macro snowflake__each_json_item(relation, json, item) -%}
    select
        {{ relation }}.*,
        {{ agent_goals.as_type('items.value', 'text') }} as {{ item }}
    from {{ relation }}
    cross join lateral flatten(input => parse_json({{ relation }}.{{ json }})) as items
{%- endmacro %}

{% macro redshift__each_json_item(relation, json, item) -%}
    select
        parsed.*,
        {{ agent_goals.as_type('list_item', 'text') }} as {{ item }}
    from (
        select
            {{ relation }}.*,
            json_parse({{ json }}) as list_items
        from {{ relation }}
    ) as parsed, parsed.list_items as list_item
{%- endmacro %}

{#- A JSON value's text as a decimal, a whole number or a boolean; null when it is not one. Metadata is the sender's
    own: a word where a number was expected must not stop a build. -#}
{% macro text_as_decimal(text) -%}
    case
        when {{ agent_goals.matches(text, '^[+-]?0*[0-9]{1,12}([.][0-9]*)?$') }}
            then {{ agent_goals.as_type(text, 'decimal') }}
        -- JSON may write a small number with an exponent.
        when {{ agent_goals.matches(text, '^[+-]?[0-9]([.][0-9]*)?[eE]([+]?0?[0-9]|1[0-1]|-[0-9]{1,2})$') }}
            then {{ agent_goals.double_as_decimal(agent_goals.as_type(text, 'double')) }}
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
            then {{ agent_goals.number_as_double(text) }}
    end
{%- endmacro %}

{% macro number_as_double(text) -%}
    {{ adapter.dispatch('number_as_double', 'agent_goals')(text) }}
{%- endmacro %}

{% macro default__number_as_double(text) -%}
    {{ agent_goals.as_type(text, 'double') }}
{%- endmacro %}

{#- To PostgreSQL a number that is too small for a double is an error, not zero. -#}
{% macro redshift__number_as_double(text) -%}
    {{ agent_goals.as_type(text, 'double') }}
{%- endmacro %}

{% macro postgres__number_as_double(text) -%}
    {{ agent_goals.as_type('round(cast(' ~ text ~ ' as numeric), 300)', 'double') }}
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

{#- A dot is any character but a line feed, and the end is the end of the text, whatever its last character is. -#}
{% macro default__matches_expression(text, pattern) -%}
    regexp_matches({{ text }}, {{ pattern }})
{%- endmacro %}

{% macro bigquery__matches_expression(text, pattern) -%}
    regexp_contains({{ text }}, {{ pattern }})
{%- endmacro %}

{#- Snowflake's regexp_like takes only what matches as a whole. -#}
{% macro snowflake__matches_expression(text, pattern) -%}
    (regexp_instr({{ text }}, {{ pattern }}) > 0)
{%- endmacro %}

{% macro redshift__matches_expression(text, pattern) -%}
    ({{ text }} ~ {{ pattern }})
{%- endmacro %}

{% macro postgres__matches_expression(text, pattern) -%}
    ({{ text }} ~ ('(?p)' || {{ pattern }}))
{%- endmacro %}

{% macro spark__matches_expression(text, pattern) -%}
    ({{ text }} rlike replace('(?d)' || {{ pattern }}, '$', '\\z'))
{%- endmacro %}
