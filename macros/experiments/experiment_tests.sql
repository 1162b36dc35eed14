{#- A query for the last of experiment_looks, with the statistic of each comparison, its degrees of freedom (Welch and
    Satterthwaite), its p-values and the critical value of t.

    looks  a relation like experiment_looks' result
    Sources: pooled z for a share of units; Welch's t (1947) else; beside a quotient's logarithm stands the test of its units
    linearised about the ratio of both arms (Budylin et al., WSDM 2018), which is defined where a ratio is not. -#}
{% macro experiment_tests(looks) -%}
with

looks as (
    select * from {{ looks }}
    where is_last_look
),

-- Both arms' units about the ratio of both arms together. Without a covariate only.
about_one_ratio as (
    select
        looks.*,
        case
            when control_denominator + denominator > 0e0
                then (control_numerator + numerator) / (control_denominator + denominator)
        end as common_ratio,
        coalesce(control_numerator / nullif(control_denominator, 0e0), 0e0) as control_own_ratio,
        coalesce(numerator / nullif(denominator, 0e0), 0e0) as own_ratio
    from looks
),

linearised as (
    select
        about_one_ratio.*,
        {%- for arm in ['control_', ''] %}
        ({{ arm }}numerator - common_ratio * {{ arm }}denominator) / nullif({{ arm }}units, 0e0) as {{ arm }}linear_mean,
        (
            {{ arm }}residual
            - 2e0 * (common_ratio - {{ arm }}own_ratio) * {{ arm }}slope
            + (common_ratio - {{ arm }}own_ratio) * (common_ratio - {{ arm }}own_ratio) * {{ arm }}spread
        ) / nullif({{ arm }}units, 0e0) as {{ arm }}linear_variance,
        {%- endfor %}
        metric_kind = 'ratio' and design <> 'paired'
        and status in ('ok', 'ratio_undefined', 'zero_variance', 'no_variation') as has_linearised
    from about_one_ratio
),

measured as (
    select
        linearised.*,
        case
            when has_linearised and control_linear_variance + linear_variance
                > (1e-13 * (control_numerator + numerator) / both_units) * (1e-13 * (control_numerator + numerator) / both_units)
                then (linear_mean - control_linear_mean) / sqrt(control_linear_variance + linear_variance)
        end as linear_statistic,
        case
            when has_linearised and control_linear_variance + linear_variance
                > (1e-13 * (control_numerator + numerator) / both_units) * (1e-13 * (control_numerator + numerator) / both_units)
                then {{ agent_goals.welch_degrees_of_freedom(
                    'control_linear_variance', 'control_units', 'linear_variance', 'units'
                ) | indent(16) }}
        end as linear_degrees_of_freedom,
        case
            when status <> 'ok' then null
            when metric_kind = 'rate'
                then
                    effect / sqrt(
                        (control_numerator + numerator) / both_units
                        * (1e0 - (control_numerator + numerator) / both_units)
                        * (1e0 / control_units + 1e0 / units)
                    )
            when effect_error > 0e0 then effect / effect_error
        end as statistic,
        case
            when status <> 'ok' or effect_error <= 0e0 or metric_kind = 'rate' then null
            when design = 'paired' then units - 1e0
            else {{ agent_goals.welch_degrees_of_freedom(
                'control_effect_variance', 'control_units', 'effect_variance', 'units'
            ) | indent(12) }}
        end as degrees_of_freedom,
        -- The same for the difference of two ratios, whose test is of their logarithms.
        case
            when status <> 'ok' or metric_kind <> 'ratio' then null
            when design = 'paired' then units - 1e0
            else {{ agent_goals.welch_degrees_of_freedom(
                'control_variance', 'control_units', 'variance', 'units'
            ) | indent(12) }}
        end as difference_degrees_of_freedom
    from linearised
),

{{ agent_goals.t_p_value_ctes('measured', 'statistic', 'degrees_of_freedom', 't_p_value', 'tested') }},

{{ agent_goals.t_p_value_ctes(
    'tested', 'linear_statistic', 'linear_degrees_of_freedom', 'p_value_linearised', 'linear_tested'
) }},

{{ agent_goals.t_quantile_ctes('linear_tested', 'alpha', 'degrees_of_freedom', 't_critical', 'bounded') }},

final as (
    select
        bounded.*,
        case when metric_kind = 'rate' then {{ agent_goals.normal_two_sided_p_value('statistic') }} end as z_p_value
    from bounded
)

select * from final
{%- endmacro %}
