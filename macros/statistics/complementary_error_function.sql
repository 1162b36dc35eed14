{#- erfc(x) of an x that is not negative: null where it is null, 0 beyond 26.5. (Cody 1969: three rational functions.)

    x       SQL, which stands in it many times
    square  x * x as SQL. The caller often has it more exactly than x itself -#}
{% macro complementary_error_function(x, square) -%}
    {%- set near = {
        'above': ['1.85777706184603153e-1', '3.16112374387056560e0', '1.13864154151050156e2', '3.77485237685302021e2',
                  '3.20937758913846947e3'],
        'below': ['1e0', '2.36012909523441209e1', '2.44024637934444173e2', '1.28261652607737228e3', '2.84423683343917062e3'],
    } -%}
    {%- set middle = {
        'above': ['2.15311535474403846e-8', '5.64188496988670089e-1', '8.88314979438837594e0', '6.61191906371416295e1',
                  '2.98635138197400131e2', '8.81952221241769090e2', '1.71204761263407058e3', '2.05107837782607147e3',
                  '1.23033935479799725e3'],
        'below': ['1e0', '1.57449261107098347e1', '1.17693950891312499e2', '5.37181101862009858e2', '1.62138957456669019e3',
                  '3.29079923573345963e3', '4.36261909014324716e3', '3.43936767414372164e3', '1.23033935480374942e3'],
    } -%}
    {%- set far = {
        'above': ['1.63153871373020978e-2', '3.05326634961232344e-1', '3.60344899949804439e-1', '1.25781726111229246e-1',
                  '1.60837851487422766e-2', '6.58749161529837803e-4', '0e0'],
        'below': ['1e0', '2.56852019228982242e0', '1.87295284992346725e0', '5.27905102951428412e-1',
                  '6.05183413124413191e-2', '2.33520497626869185e-3'],
    } -%}
    {%- set one_over_root_pi = '5.6418958354775628695e-1' -%}
    {%- set inverse_square = '(1e0 / ' ~ square ~ ')' -%}
    case
        when {{ x }} < 1e-20 then 1e0
        when {{ x }} <= 4.6875e-1 then 1e0 - {{ x }}
            * {{ agent_goals.polynomial(near.above, square) }}
            / {{ agent_goals.polynomial(near.below, square) }}
        when {{ x }} <= 4e0 then exp(-{{ square }})
            * {{ agent_goals.polynomial(middle.above, x) }}
            / {{ agent_goals.polynomial(middle.below, x) }}
        when {{ x }} <= 2.65e1 then exp(-{{ square }}) / {{ x }} * ({{ one_over_root_pi }}
            - {{ agent_goals.polynomial(far.above, inverse_square) }}
            / {{ agent_goals.polynomial(far.below, inverse_square) }})
        when {{ x }} > 2.65e1 then 0e0
    end
{%- endmacro %}
