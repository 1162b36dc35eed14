{#- The SHA-256 of a text's UTF-8 bytes, in lower-case hexadecimal digits. -#}
{% macro hashed(text) -%}
    {{ return(adapter.dispatch('hashed', 'agent_goals')(text)) }}
{%- endmacro %}

{% macro default__hashed(text) -%}
    sha2({{ text }}, 256)
{%- endmacro %}

{% macro duckdb__hashed(text) -%}
    sha256({{ text }})
{%- endmacro %}

{% macro postgres__hashed(text) -%}
    encode(sha256(convert_to({{ text }}, 'UTF8')), 'hex')
{%- endmacro %}

{% macro redshift__hashed(text) -%}
    sha2({{ text }}, 256)
{%- endmacro %}

{% macro bigquery__hashed(text) -%}
    to_hex(sha256({{ text }}))
{%- endmacro %}
