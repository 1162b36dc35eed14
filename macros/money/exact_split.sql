{#- A query that gives every row of `relation` its exact share of an amount, as the column `split_amount`.

    The amount is cut into units of its last (tenth) place. Each receiver gets floor(units * weight / total weight)
    of them and the first receiver gets what is left over, so the shares always add up to the amount. A negative
    amount is split as its positive and given the sign back: a refund takes away just what the cost had put there.
    The casts keep every product within 38 digits, where all warehouses are exact.

    relation      a relation or CTE with one row per (amount, receiver)
    amount        column: decimal(28, 10), below 10^15; the same in all rows of the amount; not null
    weight        column: not negative, below 10^8, with at most 4 places; not zero in all rows of an amount
    partition_by  columns that identify the amount
    order_by      columns that order its receivers, without ties; the first one gets the remainder -#}
{% macro exact_split(relation, amount, weight, partition_by, order_by) -%}
    {%- set partition = partition_by | join(', ') %}
    select
        receivers.*,
        cast(
            cast(
                (case when {{ amount }} < 0 then -1 else 1 end)
                * case
                    when split_receiver = 1
                        then split_units - sum(split_floor) over (partition by {{ partition }}) + split_floor
                    else split_floor
                end as decimal(25, 0)
            )
            * cast(0.0000000001 as decimal(10, 10)) as {{ agent_goals.data_type('decimal') }}
        ) as split_amount
    from (
        select
            weighed.*,
            {{ agent_goals.floor_quotient('cast(split_units * split_parts as decimal(38, 0))', 'split_all_parts') }}
                as split_floor
        from (
            select
                {{ relation }}.*,
                cast(cast(abs({{ amount }}) as decimal(25, 10)) * cast(10000000000 as decimal(11, 0)) as decimal(25, 0))
                    as split_units,
                cast({{ weight }} * 10000 as decimal(12, 0)) as split_parts,
                cast(sum(cast({{ weight }} * 10000 as decimal(12, 0))) over (partition by {{ partition }}) as decimal(18, 0))
                    as split_all_parts,
                row_number() over (partition by {{ partition }} order by {{ order_by | join(', ') }}) as split_receiver
            from {{ relation }}
        ) as weighed
    ) as receivers
{%- endmacro %}

{#- The same share as an expression, where all receivers that have a weight have the same one: no look at the others is
    needed, so no window, which costs more than all else where every amount has few receivers.

    amount           decimal(28, 10), below 10^15; not null
    weight           this receiver's weight
    receiver_number  this receiver's place in the order: 1 takes the remainder
    count_weighted   how many receivers have a weight -#}
{% macro even_split(amount, weight, receiver_number, count_weighted) -%}
    {{ adapter.dispatch('even_split', 'agent_goals')(amount, weight, receiver_number, count_weighted) }}
{%- endmacro %}

{% macro default__even_split(amount, weight, receiver_number, count_weighted) -%}
    {%- set units -%}
        cast(cast(abs({{ amount }}) as decimal(25, 10)) * cast(10000000000 as decimal(11, 0)) as decimal(25, 0))
    {%- endset -%}
    {%- set count -%} cast({{ count_weighted }} as decimal(12, 0)) {%- endset -%}
    {%- set even_units -%} cast({{ agent_goals.floor_quotient(units, count) }} as decimal(25, 0)) {%- endset -%}
    case
        when {{ count_weighted }} = 1 and {{ weight }} > 0 then {{ amount }}
        when {{ count_weighted }} = 1 then cast(0 as {{ agent_goals.data_type('decimal') }})
        else cast(
            cast(
                (case when {{ amount }} < 0 then -1 else 1 end) * (
                    case when {{ weight }} > 0 then {{ even_units }} else 0 end
                    + case when {{ receiver_number }} = 1 then {{ units }} - {{ even_units }} * {{ count }} else 0 end
                ) as decimal(25, 0)
            )
            * cast(0.0000000001 as decimal(10, 10)) as {{ agent_goals.data_type('decimal') }}
        )
    end
{%- endmacro %}

{#- Units of most amounts fit into 64 bits, which DuckDB divides many times faster than 128; a double holds those of an
    amount below 200,000 exactly. -#}
{% macro duckdb__even_split(amount, weight, receiver_number, count_weighted) -%}
    {%- set units = 'cast(cast(' ~ amount ~ ' as double) * 10000000000 as bigint)' -%}
    case
        when {{ count_weighted }} = 1 and {{ weight }} > 0 then {{ amount }}
        when abs({{ amount }}) < 200000
            then cast(
                case when {{ weight }} > 0 then {{ units }} // {{ count_weighted }} else 0 end
                + case when {{ receiver_number }} = 1 then {{ units }} % {{ count_weighted }} else 0 end as decimal(18, 0)
            ) * cast(0.0000000001 as decimal(10, 10))
        else {{ agent_goals.default__even_split(amount, weight, receiver_number, count_weighted) | indent(8) }}
    end
{%- endmacro %}
