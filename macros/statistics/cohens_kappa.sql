{#- Agreement of two raters on yes or no beyond what chance would bring: Cohen's (1960) kappa. Null where chance alone would agree
    always, since both raters only ever say the same one thing.

    both, first, second, neither  columns: how many both raters, only one of them and neither said yes to, as doubles -#}
{% macro cohens_kappa(both, first, second, neither) -%}
    {%- set chance = agent_goals.chance_agreement(both, first, second, neither) -%}
    {%- set n = agent_goals.count_rated(both, first, second, neither) -%}
    case when {{ n }} > 0e0 and {{ chance }} < 1e0 then (({{ both }} + {{ neither }}) / {{ n }} - {{ chance }}) / (1e0 - {{ chance }}) end
{%- endmacro %}

{#- The variance of kappa (Fleiss, Cohen and Everitt 1969), of which intervals are made.

    kappa  column: cohens_kappa -#}
{% macro cohens_kappa_variance(kappa, both, first, second, neither) -%}
    {%- set chance = agent_goals.chance_agreement(both, first, second, neither) -%}
    {%- set n = agent_goals.count_rated(both, first, second, neither) -%}
    {%- set rest = '(1e0 - ' ~ kappa ~ ')' -%}
    {%- set yes = '(2e0 * ' ~ both ~ ' + ' ~ first ~ ' + ' ~ second ~ ') / ' ~ n -%}
    {%- set no = '(2e0 * ' ~ neither ~ ' + ' ~ first ~ ' + ' ~ second ~ ') / ' ~ n -%}
    {#- What one rater calls yes and the other no lies in one's column of yes and the other's of no. -#}
    {%- set only_first = '((' ~ both ~ ' + ' ~ second ~ ') + (' ~ neither ~ ' + ' ~ second ~ ')) / ' ~ n -%}
    {%- set only_second = '((' ~ both ~ ' + ' ~ first ~ ') + (' ~ neither ~ ' + ' ~ first ~ ')) / ' ~ n -%}
    case
        when {{ n }} > 0e0 and {{ chance }} < 1e0
            then (
                {{ both }} / {{ n }} * (1e0 - {{ yes }} * {{ rest }}) * (1e0 - {{ yes }} * {{ rest }})
                + {{ neither }} / {{ n }} * (1e0 - {{ no }} * {{ rest }}) * (1e0 - {{ no }} * {{ rest }})
                + {{ rest }} * {{ rest }} * (
                    {{ first }} / {{ n }} * {{ only_first }} * {{ only_first }}
                    + {{ second }} / {{ n }} * {{ only_second }} * {{ only_second }}
                )
                - ({{ kappa }} - {{ chance }} * {{ rest }}) * ({{ kappa }} - {{ chance }} * {{ rest }})
            ) / ({{ n }} * (1e0 - {{ chance }}) * (1e0 - {{ chance }}))
    end
{%- endmacro %}

{#- The share on which raters with these rates of yes would agree if one knew nothing of the other. -#}
{% macro chance_agreement(both, first, second, neither) -%}
    {%- set n = agent_goals.count_rated(both, first, second, neither) -%}
    ((({{ both }} + {{ first }}) / {{ n }}) * (({{ both }} + {{ second }}) / {{ n }})
    + (({{ neither }} + {{ first }}) / {{ n }}) * (({{ neither }} + {{ second }}) / {{ n }}))
{%- endmacro %}

{% macro count_rated(both, first, second, neither) -%}
    nullif({{ both }} + {{ first }} + {{ second }} + {{ neither }}, 0e0)
{%- endmacro %}
