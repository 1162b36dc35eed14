{#- The ends of Wilson's (1927) score interval of a rate: 0 without a success, 1 without a failure, null without a trial.
    The lower end is written as the product of both ends over the upper one, so that nothing cancels near 0.

    successes  column: a double, from 0 to trials
    trials     column: a double
    z          column: the standard normal quantile of 1 - alpha / 2, above 0 -#}
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
