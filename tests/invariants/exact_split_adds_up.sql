{{ config(tags=['engine_proof']) }}

-- The split of hostile amounts over hostile weights: every share is the floor of its part, nothing is lost, and what
-- is left over goes to the first receiver. Expected shares were worked out by hand, in units of the tenth place.
{%- set cases = [
    ('one unit over three', '0.0000000001', [('a', '1', '0.0000000001'), ('b', '1', '0'), ('c', '1', '0')]),
    ('two units over three', '0.0000000002', [('a', '1', '0.0000000002'), ('b', '1', '0'), ('c', '1', '0')]),
    ('one over three', '1', [('a', '1', '0.3333333334'), ('b', '1', '0.3333333333'), ('c', '1', '0.3333333333')]),
    ('ten over six', '10', [
        ('a', '1', '1.6666666670'), ('b', '1', '1.6666666666'), ('c', '1', '1.6666666666'),
        ('d', '1', '1.6666666666'), ('e', '1', '1.6666666666'), ('f', '1', '1.6666666666'),
    ]),
    ('a refund mirrors its cost', '-1', [('a', '1', '-0.3333333334'), ('b', '1', '-0.3333333333'), ('c', '1', '-0.3333333333')]),
    ('nothing', '0', [('a', '1', '0'), ('b', '2', '0')]),
    ('one receiver', '0.1234567891', [('a', '7', '0.1234567891')]),
    ('weights with places', '1', [('a', '0.0001', '0.0000999901'), ('b', '1', '0.9999000099')]),
    ('a weight of zero takes nothing', '5', [('a', '0', '0'), ('b', '1', '5')]),
    ('the first takes the remainder whatever its weight', '0.0000000010', [
        ('a', '0', '0.0000000001'), ('b', '1', '0.0000000003'), ('c', '1', '0.0000000003'), ('d', '1', '0.0000000003'),
    ]),
    ('the largest amount', '999999999999.9999999999', [
        ('a', '1', '333333333333.3333333333'), ('b', '1', '333333333333.3333333333'), ('c', '1', '333333333333.3333333333'),
    ]),
    ('the largest amount and weights', '999999999999.9999999999', [
        ('a', '99999999.9999', '500000000000.0000000000'), ('b', '99999999.9999', '499999999999.9999999999'),
    ]),
    ('just below two hundred thousand', '199999.9999999999', [
        ('a', '1', '66666.6666666667'), ('b', '1', '66666.6666666666'), ('c', '1', '66666.6666666666'),
    ]),
    ('a refund of two hundred thousand', '-200000', [
        ('a', '1', '-66666.6666666668'), ('b', '1', '-66666.6666666666'), ('c', '1', '-66666.6666666666'),
    ]),
    ('beyond what a double can hold', '90071992547.4099345671', [
        ('a', '1', '45035996273.7049672836'), ('b', '1', '45035996273.7049672835'),
    ]),
] %}
with

cases as (
    {%- for name, amount, receivers in cases %}
    {%- set outer = loop %}
    {%- for receiver, weight, expected in receivers %}
    select
        {{ agent_goals.text_literal(name) }} as split_case,
        '{{ receiver }}' as receiver,
        {{ agent_goals.as_type("'" ~ amount ~ "'", 'decimal') }} as amount,
        {{ agent_goals.as_type("'" ~ weight ~ "'", 'decimal') }} as weight,
        {{ agent_goals.as_type("'" ~ expected ~ "'", 'decimal') }} as expected_amount
    {{ 'union all' if not (loop.last and outer.last) }}
    {%- endfor %}
    {%- endfor %}
),

split as (
    {{ agent_goals.exact_split(
        'cases', amount='amount', weight='weight', partition_by=['split_case'], order_by=['receiver']
    ) | indent(4) }}
),

totals as (
    select
        split.*,
        sum(split_amount) over (partition by split_case) as split_total,
        row_number() over (partition by split_case order by receiver) as receiver_number,
        case
            when min(nullif(weight, 0)) over (partition by split_case) = max(weight) over (partition by split_case)
                then count(nullif(weight, 0)) over (partition by split_case)
        end as count_weighted
    from split
),

-- Equal weights have a shorter way, which has to come to the same.
both_ways as (
    select
        totals.*,
        case
            when count_weighted is not null
                then {{ agent_goals.even_split('amount', 'weight', 'receiver_number', 'count_weighted') | indent(12) }}
            else split_amount
        end as even_amount
    from totals
)

select
    split_case,
    receiver,
    amount,
    expected_amount,
    split_amount,
    split_total,
    even_amount
from both_ways
where
    split_amount is null
    or even_amount is null
    or split_amount <> expected_amount
    or even_amount <> expected_amount
    or split_total <> amount
