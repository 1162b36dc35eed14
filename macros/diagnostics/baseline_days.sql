{#- The condition for a day to be in the baseline of another: before it by no more than `agent_goals__baseline_days`, and old
    enough for its verdicts to be in.

    day, earlier  relations with metric_date; the earlier one with age_days, too -#}
{% macro is_in_baseline(day, earlier) -%}
    {{ agent_goals.days_between(earlier ~ '.metric_date', day ~ '.metric_date') }} between 1 and {{ agent_goals.setting('baseline_days') }}
    and {{ earlier }}.age_days >= {{ agent_goals.setting('maturity_days') }}
{%- endmacro %}
