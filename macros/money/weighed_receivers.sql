{#- A query that gives every receiver of a share what it has in common with the others of its session: found here once, and
    not for every amount that they share. Where every weight is zero all share alike.

    relation  a relation or CTE with one row per (environment, session_id, goal), with verdict, goal_sequence and share_weight

    receiver_number       the receiver's place in the order: the first one takes the remainder
    count_even_receivers  how many have a weight, where all that have one have the same one; else null -#}
{% macro weighed_receivers(relation) -%}
    select
        environment,
        session_id,
        goal,
        verdict,
        goal_sequence,
        {{ agent_goals.as_type('case when session_weight = 0 then 1 else share_weight end', 'decimal') }} as share_weight,
        receiver_number,
        case
            when session_weight = 0 then count_receivers
            when least_weight = greatest_weight then count_weighted
        end as count_even_receivers
    from (
        select
            environment,
            session_id,
            goal,
            verdict,
            goal_sequence,
            share_weight,
            {{ agent_goals.as_type(
                'row_number() over (partition by environment, session_id order by goal_sequence, goal)', 'integer'
            ) }} as receiver_number,
            {%- for name, aggregate in {
                'session_weight': 'sum(share_weight)', 'least_weight': 'min(nullif(share_weight, 0))',
                'greatest_weight': 'max(share_weight)', 'count_weighted': 'count(nullif(share_weight, 0))',
                'count_receivers': 'count(*)',
            }.items() %}
            {{ aggregate }} over (partition by environment, session_id) as {{ name }}{{ ',' if not loop.last }}
            {%- endfor %}
        from {{ relation }}
    ) as compared
{%- endmacro %}
