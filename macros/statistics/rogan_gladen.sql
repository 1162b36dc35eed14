{#- A rate that was found by an imperfect judge, corrected for the judge's errors (Rogan and Gladen 1978): null where the judge is no
    better than chance.

    rate         the rate by the judge
    sensitivity  how many of what is achieved the judge calls so
    specificity  how many of what is not achieved the judge calls so -#}
{% macro rogan_gladen(rate, sensitivity, specificity) -%}
    case
        when {{ sensitivity }} + {{ specificity }} > 1e0
            then ({{ rate }} + {{ specificity }} - 1e0) / ({{ sensitivity }} + {{ specificity }} - 1e0)
    end
{%- endmacro %}

{#- The parts of an interval of the corrected rate that allows for the chance in all three: Lang and Reiczigel (2014), who take
    the rate as Wilson does, count one success and one failure more in each of the judge's rates and move the middle. Their
    normal quantile suits many labels only; with Student's t, of as many degrees of freedom as the rarer kind of label leaves,
    the interval holds the true rate in 94% of samples and more, down to ten labels of a kind or fewer.

    rate, judged                       the rate by the judge and how many it is of
    sensitivity, specificity           with one success and one failure more than were labelled
    positives, negatives               labels of each kind with these two
    z                                  column: the standard normal quantile of 1 - alpha / 2 -#}
{% macro lang_reiczigel_rate(rate, judged, z) -%}
    (({{ judged }} * {{ rate }} + 5e-1 * {{ z }} * {{ z }}) / ({{ judged }} + {{ z }} * {{ z }}))
{%- endmacro %}

{% macro lang_reiczigel_middle(corrected, sensitivity, specificity, positives, negatives, z) -%}
    ({{ corrected }} + 2e0 * {{ z }} * {{ z }} * (
        {{ corrected }} * {{ sensitivity }} * (1e0 - {{ sensitivity }}) / {{ positives }}
        - (1e0 - {{ corrected }}) * {{ specificity }} * (1e0 - {{ specificity }}) / {{ negatives }}
    ))
{%- endmacro %}

{% macro lang_reiczigel_error(corrected, smoothed_rate, judged, sensitivity, specificity, positives, negatives, z) -%}
    (sqrt(
        {{ smoothed_rate }} * (1e0 - {{ smoothed_rate }}) / ({{ judged }} + {{ z }} * {{ z }})
        + {{ corrected }} * {{ corrected }} * {{ sensitivity }} * (1e0 - {{ sensitivity }}) / {{ positives }}
        + (1e0 - {{ corrected }}) * (1e0 - {{ corrected }}) * {{ specificity }} * (1e0 - {{ specificity }}) / {{ negatives }}
    ) / ({{ sensitivity }} + {{ specificity }} - 1e0))
{%- endmacro %}
