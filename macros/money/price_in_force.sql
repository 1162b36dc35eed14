{#- The join condition that gives a cost event those prices of its model that hold at its time, for as many input tokens. -#}
{% macro price_in_force(events, prices) -%}
    {{ events }}.occurred_at >= {{ prices }}.valid_from
    and {{ events }}.occurred_at < {{ prices }}.valid_to
    and extract(hour from {{ events }}.occurred_at) * 60 + extract(minute from {{ events }}.occurred_at)
    >= {{ prices }}.minute_from
    and extract(hour from {{ events }}.occurred_at) * 60 + extract(minute from {{ events }}.occurred_at)
    < {{ prices }}.minute_to
    and coalesce({{ events }}.input_tokens, 0) > {{ prices }}.tokens_above
    and coalesce({{ events }}.input_tokens, 0) <= {{ prices }}.tokens_up_to
{%- endmacro %}
