{#- What tokens cost by the price list, in its currency, exact and rounded once to the marts' decimal.

    Each kind of token that has a price of its own takes it; the others are part of the input or of the output and take
    that price. A product is exact on every warehouse while it has at most 38 digits, and a sum of products needs one
    more for each: 15 digits of tokens times a price of 15, and six of them added.

    counts  mapping of a price column to the expression that counts what it prices: whole numbers, not null, below 10^15
    prices  alias of the row of stg_agent_goals__model_prices; of its prices any may be null where nothing is counted -#}
{% macro priced_amount(counts, prices) -%}
    {%- set products = [] -%}
    {%- for column, count in counts.items() -%}
        {%- do products.append(
            'cast(' ~ count ~ ' as decimal(15, 0)) * coalesce(' ~ prices ~ '.' ~ column ~ ', 0)'
        ) -%}
    {%- endfor -%}
    {{ agent_goals.as_type(
        'cast(' ~ products | join(' + ') ~ ' as decimal(31, 11)) * cast(0.000001 as decimal(6, 6))', 'decimal'
    ) }}
{%- endmacro %}
