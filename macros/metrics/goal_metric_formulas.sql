{#- One macro for each goal metric: an aggregate expression over the columns of agent_goals__goal_metrics_daily.

    level       '' where the grouping includes the goal, 'top_level_' where it does not, so that nothing counts twice
    aggregated  false for an expression over one row's columns instead of a group's -#}

{% macro goal_achievement_rate(level='', aggregated=true) -%}
    {{ agent_goals.ratio(
        agent_goals.metric_part('count_achieved', level, aggregated),
        agent_goals.metric_part('count_achieved', level, aggregated)
        ~ ' + ' ~ agent_goals.metric_part('count_not_achieved', level, aggregated)
    ) }}
{%- endmacro %}

{#- What is known of the cost of judged outcomes; null where nothing is. -#}
{% macro judged_cost(level='', aggregated=true) -%}
    {{ agent_goals.sum_known(
        agent_goals.metric_part('achieved_cost', level, aggregated),
        agent_goals.metric_part('not_achieved_cost', level, aggregated)
    ) }}
{%- endmacro %}

{#- The cost or value of achieved outcomes: where nothing was achieved it is known, and zero. -#}
{% macro achieved_total(name, level='', aggregated=true) -%}
    case
        when {{ agent_goals.metric_part('count_achieved', level, aggregated) }} = 0 then 0
        else {{ agent_goals.metric_part(name, level, aggregated) }}
    end
{%- endmacro %}

{% macro cost_per_goal_achieved(level='', aggregated=true) -%}
    {{ agent_goals.ratio(
        agent_goals.metric_part('achieved_cost', level, aggregated),
        agent_goals.metric_part('count_achieved', level, aggregated)
    ) }}
{%- endmacro %}

{% macro fully_loaded_cost_per_goal(level='', aggregated=true) -%}
    {{ agent_goals.ratio(
        agent_goals.judged_cost(level, aggregated),
        agent_goals.metric_part('count_achieved', level, aggregated)
    ) }}
{%- endmacro %}

{% macro goal_efficiency(level='', aggregated=true) -%}
    {{ agent_goals.ratio(
        agent_goals.achieved_total('achieved_cost', level, aggregated),
        agent_goals.judged_cost(level, aggregated)
    ) }}
{%- endmacro %}

{% macro average_time_to_goal_seconds(level='', aggregated=true) -%}
    {{ agent_goals.ratio(
        agent_goals.metric_part('sum_time_to_goal_seconds', level, aggregated),
        agent_goals.metric_part('count_timed', level, aggregated)
    ) }}
{%- endmacro %}

{% macro value_per_goal(level='', aggregated=true) -%}
    {{ agent_goals.ratio(
        agent_goals.metric_part('achieved_value', level, aggregated),
        agent_goals.metric_part('count_achieved', level, aggregated)
    ) }}
{%- endmacro %}

{#- Null while a failed outcome has no potential value: the count of those stands beside it. -#}
{% macro value_weighted_achievement(level='', aggregated=true) -%}
    case
        when {{ agent_goals.metric_part('count_missing_potential_value', level, aggregated) }} = 0
            then {{ agent_goals.ratio(
                agent_goals.achieved_total('achieved_value', level, aggregated),
                agent_goals.metric_part('potential_value', level, aggregated)
            ) }}
    end
{%- endmacro %}

{% macro return_on_cost(level='', aggregated=true) -%}
    {{ agent_goals.ratio(
        agent_goals.achieved_total('achieved_value', level, aggregated),
        agent_goals.judged_cost(level, aggregated)
    ) }}
{%- endmacro %}

{#- Money, not a ratio, so it stays an exact decimal. Unknown value or unknown cost makes it unknown. -#}
{% macro net_value(level='', aggregated=true) -%}
    {{ agent_goals.as_type(
        '(' ~ agent_goals.achieved_total('achieved_value', level, aggregated) ~ ') - '
        ~ agent_goals.judged_cost(level, aggregated),
        'decimal'
    ) }}
{%- endmacro %}

{% macro average_score(level='', aggregated=true) -%}
    {{ agent_goals.ratio(
        agent_goals.metric_part('sum_score', level, aggregated),
        agent_goals.metric_part('count_scored', level, aggregated)
    ) }}
{%- endmacro %}

{% macro score_attainment(level='', aggregated=true) -%}
    {{ agent_goals.ratio(
        agent_goals.metric_part('sum_attainment', level, aggregated),
        agent_goals.metric_part('count_attainments', level, aggregated)
    ) }}
{%- endmacro %}

{% macro verdict_coverage(level='', aggregated=true) -%}
    {{ agent_goals.ratio(
        agent_goals.metric_part('count_expected_judged', level, aggregated),
        agent_goals.metric_part('count_expected', level, aggregated)
    ) }}
{%- endmacro %}

{#- Every goal metric by name, in the order in which the marts show them. -#}
{% macro goal_metric_formulas(level='', aggregated=true) -%}
    {{ return({
        'goal_achievement_rate': agent_goals.goal_achievement_rate(level, aggregated),
        'cost_per_goal_achieved': agent_goals.cost_per_goal_achieved(level, aggregated),
        'fully_loaded_cost_per_goal': agent_goals.fully_loaded_cost_per_goal(level, aggregated),
        'goal_efficiency': agent_goals.goal_efficiency(level, aggregated),
        'average_time_to_goal_seconds': agent_goals.average_time_to_goal_seconds(level, aggregated),
        'value_per_goal': agent_goals.value_per_goal(level, aggregated),
        'value_weighted_achievement': agent_goals.value_weighted_achievement(level, aggregated),
        'return_on_cost': agent_goals.return_on_cost(level, aggregated),
        'net_value': agent_goals.net_value(level, aggregated),
        'average_score': agent_goals.average_score(level, aggregated),
        'score_attainment': agent_goals.score_attainment(level, aggregated),
        'verdict_coverage': agent_goals.verdict_coverage(level, aggregated),
    }) }}
{%- endmacro %}
