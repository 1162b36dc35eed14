{#- The least and the greatest of several timestamps, of which any may be null. -#}
{% macro least_known(expressions) -%}
    {{ agent_goals.extreme_known('least', '9999-12-31 23:59:59', expressions) }}
{%- endmacro %}

{% macro greatest_known(expressions) -%}
    {{ agent_goals.extreme_known('greatest', '0001-01-01 00:00:00', expressions) }}
{%- endmacro %}

{#- Warehouses differ in what least and greatest make of a null, so none may reach them. -#}
{% macro extreme_known(function, beyond, expressions) -%}
    nullif(
        {{ function }}(
            {%- for expression in expressions -%}
                coalesce({{ expression }}, cast('{{ beyond }}' as timestamp)){{ ', ' if not loop.last }}
            {%- endfor -%}
        ),
        cast('{{ beyond }}' as timestamp)
    )
{%- endmacro %}

{#- The sum of two numbers of which either may be unknown; null where both are. -#}
{% macro sum_known(first, second) -%}
    coalesce({{ first }} + {{ second }}, {{ first }}, {{ second }})
{%- endmacro %}
