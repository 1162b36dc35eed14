{#- Intervals of two rates' difference and ratio, made of Wilson's intervals of both. All arguments are columns of doubles: a rate
    and the low and high end of its interval. Defined without a success or a failure on one side. -#}

{#- The ends of the interval of first - second. (Newcombe 1998, method 10.) -#}
{% macro rate_difference_low(first, first_low, second, second_high) -%}
    ({{ first }} - {{ second }} - sqrt(
        ({{ first }} - {{ first_low }}) * ({{ first }} - {{ first_low }})
        + ({{ second_high }} - {{ second }}) * ({{ second_high }} - {{ second }})
    ))
{%- endmacro %}

{% macro rate_difference_high(first, first_high, second, second_low) -%}
    ({{ first }} - {{ second }} + sqrt(
        ({{ first_high }} - {{ first }}) * ({{ first_high }} - {{ first }})
        + ({{ second }} - {{ second_low }}) * ({{ second }} - {{ second_low }})
    ))
{%- endmacro %}

{#- The ends of the interval of first / second; the lower one is null where neither rate is above zero, the upper one where the
    second's interval reaches down to zero. (Donner and Zou 2012, MOVER-R.) -#}
{% macro rate_ratio_low(first, first_low, second, second_high) -%}
    {%- set reach = first ~ ' * ' ~ second -%}
    {%- set below = first_low ~ ' * (2e0 * ' ~ first ~ ' - ' ~ first_low ~ ')' -%}
    {%- set above = second_high ~ ' * (2e0 * ' ~ second ~ ' - ' ~ second_high ~ ')' -%}
    case
        when {{ first_low }} > 0e0
            then {{ below }} / ({{ reach }} + {{ agent_goals.root(reach ~ ' * ' ~ reach ~ ' - ' ~ above ~ ' * ' ~ below) }})
        when {{ second }} > 0e0 then 0e0
    end
{%- endmacro %}

{% macro rate_ratio_high(first, first_high, second, second_low) -%}
    {%- set reach = first ~ ' * ' ~ second -%}
    {%- set below = first_high ~ ' * (2e0 * ' ~ first ~ ' - ' ~ first_high ~ ')' -%}
    {%- set above = second_low ~ ' * (2e0 * ' ~ second ~ ' - ' ~ second_low ~ ')' -%}
    case
        when {{ second_low }} > 0e0
            then ({{ reach }} + {{ agent_goals.root(reach ~ ' * ' ~ reach ~ ' - ' ~ above ~ ' * ' ~ below) }}) / ({{ above }})
    end
{%- endmacro %}
