{#- Inference that holds at every look at the data: an asymptotic confidence sequence of Waudby-Smith and others (2021,
    equations 9, 155 and 161), which is the mixture sequential probability ratio test of Johari and others (2017) with a
    normal mixture. -#}
{% macro always_valid_mixture(units, planned_units, alpha) -%}
    {{ units }} / {{ planned_units }} * (ln(1e0 - 2e0 * ln({{ alpha }})) - 2e0 * ln({{ alpha }}))
{%- endmacro %}

{% macro always_valid_half_width(standard_error, mixture, alpha) -%}
    case
        when {{ mixture }} > 0e0
            then {{ standard_error }} * sqrt(
                ({{ mixture }} + 1e0) / {{ mixture }} * (ln({{ mixture }} + 1e0) - 2e0 * ln({{ alpha }}))
            )
    end
{%- endmacro %}

{% macro always_valid_log_e_value(z, mixture) -%}
    (5e-1 * {{ mixture }} / ({{ mixture }} + 1e0) * {{ z }} * {{ z }} - 5e-1 * ln({{ mixture }} + 1e0))
{%- endmacro %}

{% macro always_valid_p_value(log_e_value) -%}
    case
        when {{ log_e_value }} <= 0e0 then 1e0
        when {{ log_e_value }} <= 6e2 then exp(-{{ log_e_value }})
        when {{ log_e_value }} > 6e2 then 0e0
    end
{%- endmacro %}
