{#- The CTEs that p-value and quantile of Student's t share. With a = df / 2 and x = 1 / (1 + t^2 / df) the two-sided p-value
    is the incomplete beta function I_x(a, 1/2), and

    1. I_x(a, 1/2) = I_x(a + 12, 1/2)
                     + x^a sqrt(1 - x) Γ(a + 1/2) / (sqrt(π) Γ(a + 1)) * (1 + x (a + 1/2) / (a + 1) * (1 + …)),
       twelve terms of one sign (Abramowitz and Stegun 1964, 26.5.16);
    2. with N = a + 12 - 1/4, u = 1 / (4 N^2) and z = -N ln(x), I_x(a + 12, 1/2) is the mean of the incomplete gamma functions
       Q(2n + 1/2, z), n = 0, 1 … 5, with weights c_n u^n (DiDonato and Morris 1992, BGRAT with b = 1/2). The weights' sum D
       gives the gamma functions of 1. as well: Γ(a + 12 + 1/2) / Γ(a + 12) = sqrt(N) / D;
    3. Q(2n + 1/2, z) = erfc(sqrt(z)) + exp(-z) sqrt(z / π) * (sum of z^m / (1/2 (1/2 + 1) … (1/2 + m)) over m < 2n).

    relation  has the columns of the next three arguments
    half      column: a
    square    column: t^2 / df
    log       column: ln(1 + t^2 / df), which is -ln(x)
    result    the p-value's column; 0 where it is below 10^-260
    prefix    names the CTEs and the working columns; the one named …_leading is the factor before the series of 1. -#}
{% macro t_tail_ctes(relation, half, square, log, result, prefix) -%}
    {%- set steps = 12 -%}
    {%- set shifted = '(' ~ half ~ ' + 1.175e1)' -%}
    {%- set weights = [
        '-2.49128615856170654e0', '3.43938827514648438e-1', '-8.19091796875e-2', '4.1015625e-2', '-6.25e-2', '1e0',
    ] -%}
    {%- set one_over_root_pi = '5.6418958354775628695e-1' -%}
    {%- set z = prefix ~ '_z' -%}
    {%- set order = '(2.5e-1 / (' ~ shifted ~ ' * ' ~ shifted ~ '))' -%}
    {{ prefix }}_terms as {{ agent_goals.materialized() }} (
        select
            {{ relation }}.*,
            {{ shifted }} * {{ log }} as {{ z }},
            sqrt({{ shifted }} * {{ log }}) as {{ prefix }}_root,
            {{ order }} as {{ prefix }}_order,
            {{ agent_goals.polynomial(weights, order) }} as {{ prefix }}_weight
        from {{ relation }}
    ),

    {{ prefix }}_series as {{ agent_goals.materialized() }} (
        select
            {{ prefix }}_terms.*,
            case
                when {{ half }} * {{ log }} <= 6e2
                    then {{ one_over_root_pi }} * exp(-{{ half }} * {{ log }}) * sqrt({{ square }} / (1e0 + {{ square }}))
                        * sqrt({{ shifted }}) / {{ prefix }}_weight / ({{ half }} + 5e-1)
                        {%- for j in range(1, steps) %}
                        * ({{ half }} + {{ j }}e0) / ({{ half }} + {{ j }}.5e0)
                        {%- endfor %}
            end as {{ prefix }}_leading
        from {{ prefix }}_terms
    ),

    {{ prefix }} as {{ agent_goals.materialized() }} (
        select
            {{ prefix }}_series.*,
            case
                when {{ half }} * {{ log }} <= 6e2
                    then {{ agent_goals.complementary_error_function(prefix ~ '_root', z) }}
                    + case
                        when {{ z }} <= 6e2
                            then {{ one_over_root_pi }} * exp(-{{ z }}) * {{ prefix }}_root / {{ prefix }}_weight
                            * {{ agent_goals.t_gamma_steps(weights, z, prefix ~ '_order') }}
                        else 0e0
                    end
                    + {{ prefix }}_leading
                    * (1e0
                    {%- for j in range(steps - 1) %}
                    + ({{ half }} + {{ j }}.5e0) / ({{ half }} + {{ j + 1 }}e0) / (1e0 + {{ square }}) * (1e0
                    {%- endfor -%}
                    {{ ')' * steps }}
                when {{ half }} * {{ log }} > 6e2 then 0e0
            end as {{ result }}
        from {{ prefix }}_series
    )
{%- endmacro %}

{#- The sum over n of c_n u^n times the finite sum of 3. -#}
{% macro t_gamma_steps(weights, z, u) -%}
    {%- set powers = [
        '1.5640056919726682336e-6', '1.4858054073740348219e-5', '1.2629345962679295986e-4', '9.4720094720094720095e-4',
        '6.1568061568061568062e-3', '3.3862433862433862434e-2', '1.5238095238095238095e-1', '5.3333333333333333333e-1',
        '1.3333333333333333333e0', '2e0',
    ] -%}
    {%- set coefficients = [] -%}
    {%- for weight in weights[:-1] -%}
        {%- do coefficients.append(weight ~ '\n * ' ~ agent_goals.polynomial(powers[2 * loop.index0:], z)) -%}
    {%- endfor -%}
    {{ agent_goals.polynomial(coefficients + ['0e0'], u) }}
{%- endmacro %}
