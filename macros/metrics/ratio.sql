{#- numerator / denominator as a double; null, never zero or an error, where the denominator is zero. -#}
{% macro ratio(numerator, denominator) -%}
    {%- set double = agent_goals.data_type('double') -%}
    cast({{ numerator }} as {{ double }}) / nullif(cast({{ denominator }} as {{ double }}), 0)
{%- endmacro %}

{#- An additive part of a metric: its sum over the rows of a group, or the column of a row that is summed already.

    name        a column of a daily mart
    level       '' for every goal, 'top_level_' for the goals that have no parent: groupings without the goal use these
    aggregated  whether the parts stand in a group by (the default) or are a row's own columns -#}
{% macro metric_part(name, level='', aggregated=true) -%}
    {%- set total = 'sum(' ~ level ~ name ~ ')' -%}
    {%- if not aggregated -%}
        {{ level }}{{ name }}
    {%- elif name.startswith('count_') -%}
        {{ total }}
    {#- A sum of decimals is wider than they are, and some warehouses round when two such sums are added. -#}
    {%- else -%}
        {{ agent_goals.as_type(total, 'decimal') }}
    {%- endif -%}
{%- endmacro %}
