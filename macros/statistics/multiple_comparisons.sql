{#- Queries for the rows of `relation` with a p-value or q-value adjusted for how many were tried, and two working columns
    named by the result. A null p-value was not tried: it adjusts no other's and stays null.

    relation  a relation or CTE
    p_value   its column: a double
    result    the adjusted value's column
    family    columns that identify what is adjusted together; empty for all rows
    key       columns that identify a row within its family and order equal p-values -#}

{#- The chance that any of the family's null hypotheses is found wrong although it holds. (Holm 1979.) -#}
{% macro holm_p_value(relation, p_value, result, family, key) -%}
    {%- set adjusted -%}
        least(({{ result }}_family_size - {{ result }}_rank + 1) * {{ p_value }}, 1e0)
    {%- endset %}
    {{- agent_goals.adjusted_in_family(relation, p_value, result, family, key, 'max(' ~ adjusted ~ ')', 'asc') }}
{%- endmacro %}

{#- The share of the hypotheses found wrong that hold, if all with as small a value are. (Benjamini and Hochberg 1995.) -#}
{% macro benjamini_hochberg_q_value(relation, p_value, result, family, key) -%}
    {%- set adjusted -%}
        least({{ result }}_family_size * {{ p_value }} / {{ result }}_rank, 1e0)
    {%- endset %}
    {{- agent_goals.adjusted_in_family(relation, p_value, result, family, key, 'min(' ~ adjusted ~ ')', 'desc') }}
{%- endmacro %}

{#- The running extreme over the family's p-values from one end to the other, by their rank. -#}
{% macro adjusted_in_family(relation, p_value, result, family, key, extreme, direction) -%}
    {%- set tried_in_family = (family + ['case when ' ~ p_value ~ ' is null then 1 else 0 end']) | join(', ') -%}
    select
        ranked.*,
        case
            when {{ p_value }} is not null
                then {{ extreme }} over (
                    partition by {{ tried_in_family }}
                    order by {{ result }}_rank {{ direction }}
                    rows between unbounded preceding and current row
                )
        end as {{ result }}
    from (
        select
            {{ relation }}.*,
            count(*) over (partition by {{ tried_in_family }}) as {{ result }}_family_size,
            row_number() over (
                partition by {{ tried_in_family }} order by {{ ([p_value] + key) | join(', ') }}
            ) as {{ result }}_rank
        from {{ relation }}
    ) as ranked
{%- endmacro %}
