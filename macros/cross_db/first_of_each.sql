{#- A query for one row of each value of a key, which is never null: the first in the given order.

    rows      a query
    key       its column
    order_by  what comes first, as SQL -#}
{% macro first_of_each(rows, key, order_by) -%}
    {{ adapter.dispatch('first_of_each', 'agent_goals')(rows, key, order_by) }}
{%- endmacro %}

{% macro default__first_of_each(rows, key, order_by) -%}
    select *
    from (
        select
            rows_of_key.*,
            row_number() over (partition by {{ key }} order by {{ order_by }}) as place_in_key
        from (
            {{ rows | indent(12) }}
        ) as rows_of_key
    ) as placed
    where place_in_key = 1
{%- endmacro %}

{#- Of keys that share a hash the window tells each from the other. It comes first because DuckDB writes the result on one core
    where the union's first part has an order to keep. -#}
{% macro duckdb__first_of_each(rows, key, order_by) -%}
    with

    {{ agent_goals.duckdb__repeated_hashes(rows, key) }}

    select * exclude (hash_of_key, place_in_key)
    from (
        select
            rows_of_key.*,
            row_number() over (partition by {{ key }} order by {{ order_by }}) as place_in_key
        from rows_of_key
        where hash_of_key in (select hash_of_key from repeated)
    ) as placed
    where place_in_key = 1
    union all
    select * exclude (hash_of_key)
    from rows_of_key
    where not exists (select 1 from repeated where repeated.hash_of_key = rows_of_key.hash_of_key)
{%- endmacro %}

{#- A query for the rows whose key comes more than once, and perhaps a few others, whose keys share a hash.

    rows  a query
    key   its column, which is never null, or several with commas -#}
{% macro rows_of_repeated(rows, key) -%}
    {{ adapter.dispatch('rows_of_repeated', 'agent_goals')(rows, key) }}
{%- endmacro %}

{% macro default__rows_of_repeated(rows, key) -%}
    select *
    from (
        {{ rows | indent(8) }}
    ) as rows_of_key
    where
        ({{ key }}) in (
            select {{ key }}
            from (
                {{ rows | indent(16) }}
            ) as counted
            group by {{ key }}
            having count(*) > 1
        )
{%- endmacro %}

{% macro duckdb__rows_of_repeated(rows, key) -%}
    with

    {{ agent_goals.duckdb__repeated_hashes(rows, key) }}

    select * exclude (hash_of_key)
    from rows_of_key
    where hash_of_key in (select hash_of_key from repeated)
{%- endmacro %}

{#- Few keys come twice, and DuckDB finds them by their hashes alone in a tenth of the time that a window over whole rows takes,
    and in a fraction of the memory that the keys would. The rows are read again rather than kept. -#}
{% macro duckdb__repeated_hashes(rows, key) -%}
    rows_of_key as not materialized (
        select
            *,
            hash({{ key }}) as hash_of_key
        from (
            {{ rows | indent(12) }}
        ) as unhashed
    ),

    repeated as (
        select hash_of_key
        from rows_of_key
        group by hash_of_key
        having count(*) > 1
    )
{%- endmacro %}
