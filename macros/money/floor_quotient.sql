{#- floor(dividend / divisor), exact, for whole numbers that are held as decimal(38, 0) and are not negative. -#}
{% macro floor_quotient(dividend, divisor) -%}
    {{ adapter.dispatch('floor_quotient', 'agent_goals')(dividend, divisor) }}
{%- endmacro %}

{#- The dividend less its remainder divides without a fraction, so no engine's rounding can reach the result. -#}
{% macro default__floor_quotient(dividend, divisor) -%}
    cast(({{ dividend }} - {{ dividend }} % {{ divisor }}) / {{ divisor }} as decimal(38, 0))
{%- endmacro %}

{#- DuckDB divides decimals as doubles; its 128-bit integers divide exactly. -#}
{% macro duckdb__floor_quotient(dividend, divisor) -%}
    cast(cast({{ dividend }} as hugeint) // cast({{ divisor }} as hugeint) as decimal(38, 0))
{%- endmacro %}

{% macro bigquery__floor_quotient(dividend, divisor) -%}
    div({{ dividend }}, {{ divisor }})
{%- endmacro %}

{% macro redshift__floor_quotient(dividend, divisor) -%}
    {{ agent_goals.default__floor_quotient(dividend, divisor) }}
{%- endmacro %}

{% macro postgres__floor_quotient(dividend, divisor) -%}
    div(cast({{ dividend }} as numeric), cast({{ divisor }} as numeric))
{%- endmacro %}
