{% macro holm_p_value(relation, p_value, result, family, key) -%}
    {%- set adjusted -%}
        least(({{ result }}_family_size - {{ result }}_rank + 1) * {{ p_value }}, 1e0)
    {%- endset %}
    {{- agent_goals.adjusted_in_family(relation, p_value, result, family, key, 'max(' ~ adjusted ~ ')', 'asc') }}
{%- endmacro %}

{% macro benjamini_hochberg_q_value(relation, p_value, result, family, key) -%}
    {%- set adjusted -%}
        least({{ result }}_family_size * {{ p_value }} / {{ result }}_rank, 1e0)
    {%- endset %}
    {{- agent_goals.adjusted_in_family(relation, p_value, result, family, key, 'min(' ~ adjusted ~ ')', 'desc') }}
{%- endmacro %}

{#- The running extreme over the family's p-values from one end to the other. A null p-value was not tried: it adjusts no
    other's and stays null. -#}
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
