{#- The chance that a standard normal variable is further from 0 than z; null where z is no number below 1e150. -#}
{% macro normal_two_sided_p_value(z) -%}
    {%- set x = '(abs(' ~ z ~ ') * 7.0710678118654752440e-1)' -%}
    {%- set square = '(5e-1 * ' ~ z ~ ' * ' ~ z ~ ')' -%}
    case when abs({{ z }}) < 1e150 then {{ agent_goals.complementary_error_function(x, square) }} end
{%- endmacro %}

{#- The chance that a standard normal variable is below z, exact to the last digits in the lower tail, too. -#}
{% macro normal_cdf(z) -%}
    abs(case when {{ z }} > 0e0 then 1e0 else 0e0 end - 5e-1 * {{ agent_goals.normal_two_sided_p_value(z) }})
{%- endmacro %}
