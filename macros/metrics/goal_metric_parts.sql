{#- The additive parts of every goal metric: each a mapping from the part's name to an aggregate over goal outcomes.

    condition  which outcomes count -#}
{% macro goal_metric_parts(condition='true') -%}
    {%- set is_judged = "verdict in ('achieved', 'not_achieved')" -%}
    {%- set has_attainment = is_judged ~ " and score is not null and threshold > 0 and threshold_operator in ('>=', '>')" -%}
    {%- set counts = {
        'count_outcomes': 'true',
        'count_achieved': "verdict = 'achieved'",
        'count_not_achieved': "verdict = 'not_achieved'",
        'count_unjudged': "verdict = 'unjudged'",
        'count_not_applicable': "verdict = 'not_applicable'",
        'count_timed': "verdict = 'achieved' and time_to_goal_seconds is not null",
        'count_scored': 'score is not null',
        'count_attainments': has_attainment,
        'count_missing_potential_value': "verdict = 'not_achieved' and potential_value is null",
        'count_expected': "is_expected and verdict <> 'not_applicable'",
        'count_expected_judged': 'is_expected and ' ~ is_judged,
    } -%}
    {%- set sums = {
        'achieved_cost': ("verdict = 'achieved'", 'metric_cost'),
        'not_achieved_cost': ("verdict = 'not_achieved'", 'metric_cost'),
        'unjudged_cost': ("verdict = 'unjudged'", 'metric_cost'),
        'achieved_value': ("verdict = 'achieved'", 'rolled_up_value'),
        'potential_value': (is_judged, 'potential_value'),
        'sum_time_to_goal_seconds': ("verdict = 'achieved'", 'time_to_goal_seconds'),
        'sum_score': ('true', 'score'),
        'sum_attainment': (has_attainment, 'score_attainment'),
    } -%}
    {%- set parts = {} -%}
    {%- for name, counted in counts.items() -%}
        {%- do parts.update({name: 'count(case when ' ~ condition ~ ' and ' ~ counted ~ ' then 1 end)'}) -%}
    {%- endfor -%}
    {%- for name, (counted, column) in sums.items() -%}
        {%- do parts.update({
            name: agent_goals.as_type('sum(case when ' ~ condition ~ ' and ' ~ counted ~ ' then ' ~ column ~ ' end)', 'decimal')
        }) -%}
    {%- endfor -%}
    {{ return(parts) }}
{%- endmacro %}
