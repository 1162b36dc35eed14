{% macro chi_square_p_value(x, df, max_df=20) -%}
    {%- set half = '(5e-1 * ' ~ x ~ ')' -%}
    case
        when {{ df }} in ({{ range(1, max_df + 1) | join(', ') }}) then
            case
                when {{ x }} < 1e-100 then 1e0
                when {{ x }} <= 1.4e3 and {{ df }} in ({{ range(2, max_df + 2, 2) | join(', ') }})
                    then exp(-{{ half }}) * {{ agent_goals.chi_square_series(x, df, 2, max_df) }}
                when {{ x }} <= 1.4e3
                    then {{ agent_goals.complementary_error_function('sqrt' ~ half, half) }}
                    + case
                        when {{ df }} > 1
                            then 7.9788456080286535588e-1 * sqrt({{ x }}) * exp(-{{ half }})
                                * {{ agent_goals.chi_square_series(x, df, 3, max_df) }}
                        else 0e0
                    end
                when {{ x }} < 1e150 then 0e0
            end
    end
{%- endmacro %}

{#- 1 + x / first * (1 + x / (first + 2) * (1 + …)), as far as the degrees of freedom reach. -#}
{% macro chi_square_series(x, df, first, max_df) -%}
    {%- set divisors = range(first, max_df - 1, 2) | list -%}
    (1e0
    {%- for divisor in divisors %}
    + case when {{ df }} > {{ divisor }} then {{ x }} / {{ divisor }}e0 else 0e0 end * (1e0
    {%- endfor -%}
    {{ ')' * (divisors | length + 1) }}
{%- endmacro %}
