{#- CTEs that give every row of a relation the two-sided p-value of Fisher's exact test, that two rates are one: twice the chance,
    given both margins, of a first count at least as far to the side where it is. Never above its level whatever the counts,
    also far out, where a small expected count makes a normal approximation wrong by orders of magnitude. The last CTE is
    named by the prefix and has the relation's columns, the result and working columns named by the prefix.

    The chance is a tail of the hypergeometric distribution: its first twelve terms from the logarithms of factorials, and what
    is beyond them by Peizer's normal approximation (Ling and Pratt 1984). Off by less than 1 part in 100,000.

    relation                            a relation or CTE
    first_successes, first_trials       its columns: whole numbers as doubles, successes from 0 to trials
    second_successes, second_trials     likewise
    result                              the p-value's column: null where there is no trial on either side
    prefix                              names the CTEs -#}
{% macro exact_p_value_ctes(relation, first_successes, first_trials, second_successes, second_trials, result, prefix) -%}
    {%- set terms = 12 -%}
    {%- set below, above, other, rest = prefix ~ '_a', prefix ~ '_b', prefix ~ '_c', prefix ~ '_d' -%}
    {%- set first_failures = '(' ~ first_trials ~ ' - ' ~ first_successes ~ ')' -%}
    {%- set second_failures = '(' ~ second_trials ~ ' - ' ~ second_successes ~ ')' -%}
    {{ prefix }}_sided as {{ agent_goals.materialized() }} (
        select
            {{ relation }}.*,
            {{ first_successes }} * {{ second_failures }} <= {{ first_failures }} * {{ second_successes }} as {{ prefix }}_is_low
        from {{ relation }}
    ),

    -- The table of counts turned so that its first count is the one that is low.
    {{ prefix }}_cells as {{ agent_goals.materialized() }} (
        select
            {{ prefix }}_sided.*,
            case when {{ prefix }}_is_low then {{ first_successes }} else {{ first_failures }} end as {{ below }},
            case when {{ prefix }}_is_low then {{ first_failures }} else {{ first_successes }} end as {{ above }},
            case when {{ prefix }}_is_low then {{ second_successes }} else {{ second_failures }} end as {{ other }},
            case when {{ prefix }}_is_low then {{ second_failures }} else {{ second_successes }} end as {{ rest }}
        from {{ prefix }}_sided
    ),

    {{ prefix }}_terms as {{ agent_goals.materialized() }} (
        select
            {{ prefix }}_cells.*,
            {%- for margin in [(below, above), (other, rest), (below, other), (above, rest)] %}
            {{ '+ ' if not loop.first }}{{ agent_goals.log_factorial('(' ~ margin | join(' + ') ~ ')') }}
            {%- endfor %}
            - {{ agent_goals.log_factorial('(' ~ [below, above, other, rest] | join(' + ') ~ ')') }}
            {%- for cell in [below, above, other, rest] %}
            - {{ agent_goals.log_factorial(cell) }}
            {%- endfor %} as {{ prefix }}_log_chance,
            (1e0
            {%- for i in range(terms - 1) %}
            + ({{ below }} - {{ i }}e0) / ({{ above }} + {{ i + 1 }}e0)
            * (({{ rest }} - {{ i }}e0) / ({{ other }} + {{ i + 1 }}e0)) * (1e0
            {%- endfor -%}
            {{ ')' * terms }} as {{ prefix }}_series,
            {{ below }} >= {{ terms }}e0 and {{ rest }} >= {{ terms }}e0 as {{ prefix }}_has_more
        from {{ prefix }}_cells
    ),

    {{ prefix }}_beyond as {{ agent_goals.materialized() }} (
        select
            {{ prefix }}_terms.*,
            case
                when {{ prefix }}_has_more
                    then {{ agent_goals.peizer_z(
                        '(' ~ below ~ ' - ' ~ terms ~ 'e0)', '(' ~ above ~ ' + ' ~ terms ~ 'e0)',
                        '(' ~ other ~ ' + ' ~ terms ~ 'e0)', '(' ~ rest ~ ' - ' ~ terms ~ 'e0)'
                    ) }}
            end as {{ prefix }}_z
        from {{ prefix }}_terms
    ),

    {{ prefix }} as {{ agent_goals.materialized() }} (
        select
            {{ prefix }}_beyond.*,
            case
                when {{ first_trials }} > 0e0 and {{ second_trials }} > 0e0
                    then least(
                        2e0 * {{ agent_goals.bounded_exp(prefix ~ '_log_chance') }} * {{ prefix }}_series
                        + case
                            when {{ prefix }}_has_more then {{ agent_goals.normal_two_sided_p_value(prefix ~ '_z') }} else 0e0
                        end,
                        1e0
                    )
            end as {{ result }}
        from {{ prefix }}_beyond
    )
{%- endmacro %}

{#- The z below which a normal variable is with about the chance that, given the margins, the first count of a table of two by
    two is this low or lower; for a first count below what the margins make one expect.

    a, b, c, d  the table's counts as SQL, a and b being of one row, b and c at least 1 -#}
{% macro peizer_z(a, b, c, d) -%}
    {%- set n, m = '(' ~ a ~ ' + ' ~ b ~ ')', '(' ~ c ~ ' + ' ~ d ~ ')' -%}
    {%- set r, s = '(' ~ a ~ ' + ' ~ c ~ ')', '(' ~ b ~ ' + ' ~ d ~ ')' -%}
    {%- set all = '(' ~ [a, b, c, d] | join(' + ') ~ ')' -%}
    {%- set cells = [(a, '5e-1', n, r), (b, '-5e-1', n, s), (c, '-5e-1', m, r), (d, '5e-1', m, s)] -%}
    {%- set moved, mended = [], [] -%}
    {%- for cell, half, row, column in cells -%}
        {%- set x = '(' ~ cell ~ ' + ' ~ half ~ ')' -%}
        {%- do moved.append(x) -%}
        {%- do mended.append(
            '(' ~ x ~ ' + 1.6666666666666667e-1 + 2e-2 / (' ~ x ~ ' + 5e-1) + 1e-2 / (' ~ row ~ ' + 1e0) + 1e-2 / ('
            ~ column ~ ' + 1e0))'
        ) -%}
    {%- endfor -%}
    ({{ mended[0] }} * {{ mended[3] }} - {{ mended[1] }} * {{ mended[2] }})
    / ({{ moved[1] }} * {{ moved[2] }} - {{ moved[0] }} * {{ moved[3] }})
    * {{ agent_goals.root_of_deviance(cells, moved, all) }}
    * sqrt(({{ all }} - 1.6666666666666667e-1) / {{ all }}
    {%- for margin in [n, m, r, s] %}
    * ({{ margin }} / ({{ margin }} + 1.6666666666666667e-1))
    {%- endfor %})
{%- endmacro %}

{#- The root of twice the sum of each count times the logarithm of what it is to what the margins make one expect. -#}
{% macro root_of_deviance(cells, moved, all) -%}
    {%- set terms = [] -%}
    {%- for cell, half, row, column in cells -%}
        {%- do terms.append(moved[loop.index0] ~ ' * ln(' ~ moved[loop.index0] ~ ' / ' ~ row ~ ' * (' ~ all ~ ' / ' ~ column ~ '))') -%}
    {%- endfor -%}
    {{ agent_goals.root('(2e0 * (' ~ terms | join('\n + ') ~ '))') }}
{%- endmacro %}
