{#- The one type map. `kind` is text, boolean, integer, decimal, landed (a number with the places
    it was sent with), rate (a currency's), price (of a million tokens), double, timestamp or date;
    the result is the warehouse's name for it. The marts' contracts use the same names, so a wrong entry fails the build. -#}
{% macro data_type(kind) -%}
    {{ return(adapter.dispatch('data_type', 'agent_goals')(kind)) }}
{%- endmacro %}

{% macro default__data_type(kind) -%}
    {{ return({
        'text': api.Column.translate_type('string'),
        'boolean': 'boolean',
        'integer': 'bigint',
        'decimal': 'decimal(28, 10)',
        'landed': 'decimal(38, 18)',
        'rate': 'decimal(30, 15)',
        'price': 'decimal(15, 11)',
        'double': agent_goals.setting('double_types').get(target.type, 'double precision'),
        'timestamp': 'timestamp',
        'date': 'date',
    }[kind]) }}
{%- endmacro %}
