{#- An amount in the reporting currency, rounded once to the marts' decimal; null when there is no rate.

    A product is exact on every warehouse while it has at most 38 digits, so a rate below 1 takes all its places after
    the point and another one takes eight.

    amount    the marts' decimal, in `currency`, below 10^12
    currency  ISO 4217 code, never null
    rate      units of the reporting currency for one unit of `currency`, or null: below 10^7 -#}
{% macro in_reporting_currency(amount, currency, rate) -%}
    {%- set exact_amount = 'cast(' ~ amount ~ ' as decimal(22, 10))' -%}
    case
        when {{ currency }} = {{ agent_goals.text_literal(agent_goals.setting('reporting_currency')) }}
            then {{ amount }}
        when {{ rate }} < 1
            then {{ agent_goals.rounded('(' ~ exact_amount ~ ' * cast(' ~ rate ~ ' as decimal(15, 15)))') | indent(12) }}
        when {{ rate }} < 10000000
            then {{ agent_goals.rounded('(' ~ exact_amount ~ ' * cast(' ~ rate ~ ' as decimal(15, 8)))') | indent(12) }}
    end
{%- endmacro %}

{#- The currency that a landed amount is in. -#}
{% macro landed_currency(currency) -%}
    {{ agent_goals.upper_ascii(
        'coalesce(' ~ currency ~ ', ' ~ agent_goals.text_literal(agent_goals.setting('default_currency')) ~ ')'
    ) }}
{%- endmacro %}

{#- The join condition that gives a row of `events` the exchange rate of its currency at its time. -#}
{% macro rate_in_force(events, rates, currency='amount_currency') -%}
    {{ events }}.{{ currency }} = {{ rates }}.from_currency
    and {{ events }}.occurred_at >= {{ rates }}.valid_from
    and {{ events }}.occurred_at < {{ rates }}.valid_to
{%- endmacro %}
