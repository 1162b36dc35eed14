{#- The ends of Newcombe's (1998, method 10) interval of a difference of two independent rates, the second minus the first, made
    of their Wilson intervals.

    first, second  columns: the rates, doubles
    *_low, *_high  columns: the ends of their Wilson intervals -#}
{% macro newcombe_low(first, first_high, second, second_low) -%}
    ({{ second }} - {{ first }} - sqrt(
        ({{ second }} - {{ second_low }}) * ({{ second }} - {{ second_low }})
        + ({{ first_high }} - {{ first }}) * ({{ first_high }} - {{ first }})
    ))
{%- endmacro %}

{% macro newcombe_high(first, first_low, second, second_high) -%}
    ({{ second }} - {{ first }} + sqrt(
        ({{ second_high }} - {{ second }}) * ({{ second_high }} - {{ second }})
        + ({{ first }} - {{ first_low }}) * ({{ first }} - {{ first_low }})
    ))
{%- endmacro %}
