{#- Inference that holds at every look at the data: an asymptotic confidence sequence of Waudby-Smith and others (2021,
    equations 9, 155 and 161), which is the mixture sequential probability ratio test of Johari and others (2017) with a
    normal mixture. All arguments are columns of doubles. -#}

{#- How wide the mixture is, in units of the variance of the estimate: narrowest interval where `planned_units` are there.

    units          units so far, of all arms compared
    planned_units  units that the experiment should have at its end, of the same arms
    alpha          1 - confidence -#}
{% macro always_valid_mixture(units, planned_units, alpha) -%}
    {{ units }} / {{ planned_units }} * (ln(1e0 - 2e0 * ln({{ alpha }})) - 2e0 * ln({{ alpha }}))
{%- endmacro %}

{#- Half the width of the confidence sequence.

    standard_error  of the estimate
    mixture         column: always_valid_mixture
    alpha           1 - confidence -#}
{% macro always_valid_half_width(standard_error, mixture, alpha) -%}
    case
        when {{ mixture }} > 0e0
            then {{ standard_error }} * sqrt(
                ({{ mixture }} + 1e0) / {{ mixture }} * (ln({{ mixture }} + 1e0) - 2e0 * ln({{ alpha }}))
            )
    end
{%- endmacro %}

{#- The logarithm of the evidence against there being no difference: an e-value.

    z        estimate / standard error
    mixture  column: always_valid_mixture -#}
{% macro always_valid_log_e_value(z, mixture) -%}
    (5e-1 * {{ mixture }} / ({{ mixture }} + 1e0) * {{ z }} * {{ z }} - 5e-1 * ln({{ mixture }} + 1e0))
{%- endmacro %}

{#- The p-value at one look; the least one over all looks up to now is valid, too.

    log_e_value  column: always_valid_log_e_value -#}
{% macro always_valid_p_value(log_e_value) -%}
    case
        when {{ log_e_value }} <= 0e0 then 1e0
        when {{ log_e_value }} <= 6e2 then exp(-{{ log_e_value }})
        when {{ log_e_value }} > 6e2 then 0e0
    end
{%- endmacro %}
