{#- A landed text. Which of two texts comes first, or is the greater, is decided by their code points on every warehouse. -#}
{% macro landed_text(column) -%}
    {{ adapter.dispatch('landed_text', 'agent_goals')(column) }}
{%- endmacro %}

{% macro default__landed_text(column) -%}
    {{ agent_goals.as_type(column, 'text') }}
{%- endmacro %}

{% macro redshift__landed_text(column) -%}
    {{ agent_goals.as_type(column, 'text') }}
{%- endmacro %}

{#- PostgreSQL sorts as the database's language does unless told otherwise; what is made of the column inherits the order. -#}
{% macro postgres__landed_text(column) -%}
    {{ agent_goals.as_type(column, 'text') }} collate "C"
{%- endmacro %}

{#- Text with its letters from A to Z in one case. Warehouses fold other letters in different ways: the Kelvin sign is no k. -#}
{% macro lower_ascii(text) -%}
    {{ agent_goals.fold_ascii(text, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') }}
{%- endmacro %}

{% macro upper_ascii(text) -%}
    {{ agent_goals.fold_ascii(text, 'abcdefghijklmnopqrstuvwxyz', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ') }}
{%- endmacro %}

{% macro fold_ascii(text, from_letters, to_letters) -%}
    {{ adapter.dispatch('fold_ascii', 'agent_goals')(text, from_letters, to_letters) }}
{%- endmacro %}

{% macro default__fold_ascii(text, from_letters, to_letters) -%}
    translate({{ text }}, '{{ from_letters }}', '{{ to_letters }}')
{%- endmacro %}

{#- Of text that has as many bytes as characters, all of it ASCII, the quick function makes the same. -#}
{% macro duckdb__fold_ascii(text, from_letters, to_letters) -%}
    case
        when strlen({{ text }}) = length({{ text }}) then {{ 'lower' if from_letters < to_letters else 'upper' }}({{ text }})
        else translate({{ text }}, '{{ from_letters }}', '{{ to_letters }}')
    end
{%- endmacro %}

{#- Where one text begins in another, from 1; 0 when it is not there. -#}
{% macro text_position(part, whole) -%}
    {{ adapter.dispatch('text_position', 'agent_goals')(part, whole) }}
{%- endmacro %}

{% macro default__text_position(part, whole) -%}
    position({{ part }} in {{ whole }})
{%- endmacro %}

{% macro bigquery__text_position(part, whole) -%}
    strpos({{ whole }}, {{ part }})
{%- endmacro %}
