{#- What tokens cost by the price list, in its currency, exact: to be rounded to the marts' decimal.

    Each kind of token that has a price of its own takes it; the others are part of the input or of the output and take
    that price. Products and sums stay within 38 digits, where all warehouses are exact: 15 digits of tokens times 15 of
    price, six times. The casts keep them at that. A zero that stands for no price would widen the price, and DuckDB
    multiplies two decimals of up to 18 digits in 64 bits, so the count has 19.

    counts  mapping of a price column to the expression that counts what it prices: whole numbers, not null, below 10^15
    prices  alias of the row of stg_agent_goals__model_prices; of its prices any may be null where nothing is counted -#}
{% macro priced_amount(counts, prices) -%}
    {%- set products = [] -%}
    {%- for column, count in counts.items() -%}
        {%- set price = agent_goals.as_type('coalesce(' ~ prices ~ '.' ~ column ~ ', 0)', 'price') -%}
        {%- do products.append('cast(cast(' ~ count ~ ' as decimal(19, 0)) * ' ~ price ~ ' as decimal(31, 11))') -%}
    {%- endfor -%}
    cast({{ products | join(' + ') }} as decimal(31, 11)) * cast(0.000001 as decimal(6, 6))
{%- endmacro %}
