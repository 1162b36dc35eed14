{#- ln(k!) of a whole number k >= 0: Stirling's series of (k + 8)!, less the eight factors too many, so that it holds for the
    smallest k as well. (Abramowitz and Stegun 1964, 6.1.40.)

    k  a double, as SQL -#}
{% macro log_factorial(k) -%}
    {%- set x = '(' ~ k ~ ' + 9e0)' -%}
    {%- set series = ['-5.9523809523809524e-4', '7.9365079365079365e-4', '-2.7777777777777778e-3', '8.3333333333333333e-2'] -%}
    ((({{ k }} + 8.5e0) * ln{{ x }} - {{ x }} + 9.1893853320467274178e-1
    + {{ agent_goals.polynomial(series, '(1e0 / ' ~ x ~ ' / ' ~ x ~ ')') }} / {{ x }})
    - ln(
        {%- for factor in range(1, 9) %}
        ({{ k }} + {{ factor }}e0){{ ' *' if not loop.last }}
        {%- endfor %}
    ))
{%- endmacro %}
