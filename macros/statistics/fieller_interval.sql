{#- The ends of Fieller's (1954) interval of a quotient of two estimates, which may be correlated. It is bounded only where the
    divisor is distinct from zero at the same confidence: null elsewhere, as then any large quotient is as likely.

    above, below                    columns: the estimates, doubles
    above_variance, below_variance  columns: the squares of their standard errors
    covariance                      column: of the two estimates
    critical                        column: the critical value of t or the normal quantile of 1 - alpha / 2 -#}
{% macro fieller_low(above, below, above_variance, below_variance, covariance, critical) -%}
    {{ agent_goals.fieller_end('-', above, below, above_variance, below_variance, covariance, critical) }}
{%- endmacro %}

{% macro fieller_high(above, below, above_variance, below_variance, covariance, critical) -%}
    {{ agent_goals.fieller_end('+', above, below, above_variance, below_variance, covariance, critical) }}
{%- endmacro %}

{#- The quotients q at which above - q * below is as far from zero as the critical value are the roots of a quadratic. -#}
{% macro fieller_end(sign, above, below, above_variance, below_variance, covariance, critical) -%}
    {%- set square = critical ~ ' * ' ~ critical -%}
    {%- set a = '(' ~ below ~ ' * ' ~ below ~ ' - ' ~ square ~ ' * ' ~ below_variance ~ ')' -%}
    {%- set b = '(' ~ above ~ ' * ' ~ below ~ ' - ' ~ square ~ ' * ' ~ covariance ~ ')' -%}
    {%- set c = '(' ~ above ~ ' * ' ~ above ~ ' - ' ~ square ~ ' * ' ~ above_variance ~ ')' -%}
    {%- set discriminant = b ~ ' * ' ~ b ~ ' - ' ~ a ~ ' * ' ~ c -%}
    case
        when {{ a }} > 0e0
            then ({{ b }} {{ sign }} sqrt(case when {{ discriminant }} > 0e0 then {{ discriminant }} else 0e0 end)) / {{ a }}
    end
{%- endmacro %}
