{#- The product of both ends, over the upper one: so nothing cancels near 0. -#}
{% macro wilson_low(successes, trials, z) -%}
    case
        when {{ trials }} > 0e0
            then {{ successes }} * {{ successes }} / {{ trials }} / {{ agent_goals.wilson_reach(successes, trials, z) }}
    end
{%- endmacro %}

{% macro wilson_high(successes, trials, z) -%}
    case
        when {{ trials }} > 0e0 and {{ successes }} >= {{ trials }} then 1e0
        when {{ trials }} > 0e0
            then {{ agent_goals.wilson_reach(successes, trials, z) }} / ({{ trials }} + {{ z }} * {{ z }})
    end
{%- endmacro %}

{% macro wilson_reach(successes, trials, z) -%}
    ({{ successes }} + 5e-1 * {{ z }} * {{ z }}
    + {{ z }} * sqrt({{ successes }} * ({{ trials }} - {{ successes }}) / {{ trials }} + 2.5e-1 * {{ z }} * {{ z }}))
{%- endmacro %}
