{#- ln(1 + x), to the last digits also where x is so small that 1 + x forgets most of them: what is forgotten is forgotten
    in the divisor as well. (Kahan; Goldberg 1991, theorem 4.) -#}
{% macro log_of_one_plus(x) -%}
    case when 1e0 + {{ x }} = 1e0 then {{ x }} else ln(1e0 + {{ x }}) * {{ x }} / ((1e0 + {{ x }}) - 1e0) end
{%- endmacro %}

{#- exp(x) - 1, likewise. (Kahan; Higham 2002, section 1.14.1.) -#}
{% macro exp_minus_one(x) -%}
    case when exp({{ x }}) = 1e0 then {{ x }} else (exp({{ x }}) - 1e0) * {{ x }} / ln(exp({{ x }})) end
{%- endmacro %}
