{% macro normal_two_sided_p_value(z) -%}
    {%- set x = '(abs(' ~ z ~ ') * 7.0710678118654752440e-1)' -%}
    {%- set square = '(5e-1 * ' ~ z ~ ' * ' ~ z ~ ')' -%}
    case when abs({{ z }}) < 1e150 then {{ agent_goals.complementary_error_function(x, square) }} end
{%- endmacro %}

{#- By the tail that z is in, so that a small chance keeps its digits. -#}
{% macro normal_cdf(z) -%}
    abs(case when {{ z }} > 0e0 then 1e0 else 0e0 end - 5e-1 * {{ agent_goals.normal_two_sided_p_value(z) }})
{%- endmacro %}
