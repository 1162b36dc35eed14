{#- The metrics by which variants are compared, each a quotient of two sums over units.

    numerator, denominator  expressions over columns of int_agent_goals__experiment_unit_goals; a denominator of 1 counts every
                            exposed unit, whether or not it attempted the goal
    kind    rate for a share of attempts, mean for an average that may be negative, ratio for a quotient of positives
    better  1 where more is better, else -1
    needs   what has to be known of an arm before there is a number: known_costs, known_values -#}
{% macro experiment_metrics() -%}
    {{ return({
        'goal_achievement_rate': {
            'numerator': 'achieved', 'denominator': 'attempts', 'kind': 'rate', 'better': 1, 'needs': [],
        },
        'achieved_per_unit': {
            'numerator': 'achieved', 'denominator': '1', 'kind': 'rate', 'better': 1, 'needs': [],
        },
        'cost_per_goal_achieved': {
            'numerator': 'achieved_cost', 'denominator': 'achieved', 'kind': 'ratio', 'better': -1, 'needs': ['known_costs'],
        },
        'fully_loaded_cost_per_goal': {
            'numerator': 'cost', 'denominator': 'achieved', 'kind': 'ratio', 'better': -1, 'needs': ['known_costs'],
        },
        'goal_efficiency': {
            'numerator': 'achieved_cost', 'denominator': 'cost', 'kind': 'ratio', 'better': 1, 'needs': ['known_costs'],
        },
        'average_time_to_goal_seconds': {
            'numerator': 'time_to_goal_seconds', 'denominator': 'timed', 'kind': 'ratio', 'better': -1, 'needs': [],
        },
        'value_per_goal': {
            'numerator': 'achieved_value', 'denominator': 'achieved', 'kind': 'ratio', 'better': 1, 'needs': ['known_values'],
        },
        'net_value_per_unit': {
            'numerator': 'achieved_value - cost', 'denominator': '1', 'kind': 'mean', 'better': 1,
            'needs': ['known_costs', 'known_values'],
        },
    }) }}
{%- endmacro %}

{#- What of a unit and goal the metrics are made of, by name. -#}
{% macro experiment_parts() -%}
    {{ return({
        'attempts': '1',
        'achieved': 'is_achieved',
        'cost': 'metric_cost',
        'achieved_cost': 'case when is_achieved = 1 then metric_cost end',
        'achieved_value': 'case when is_achieved = 1 then rolled_up_value end',
        'time_to_goal_seconds': 'case when is_achieved = 1 then time_to_goal_seconds end',
        'timed': 'case when is_achieved = 1 and time_to_goal_seconds is not null then 1 end',
        'known_costs': 'case when metric_cost is not null then 1 end',
        'known_values': 'case when is_achieved = 1 and rolled_up_value is not null then 1 end',
    }) }}
{%- endmacro %}

{#- Whether the time before exposure is used to make estimates more precise (CUPED). -#}
{% macro has_covariate() -%}
    {{ return(agent_goals.setting('experiment_covariate_days') is not none) }}
{%- endmacro %}
