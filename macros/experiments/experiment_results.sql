{#- A query for the results of experiments by segments of their units: as agent_goals__experiment_results shows them, but for
    verdicts, whose errors would add up over segments. q_value is over all segments of an experiment.

    by          names of columns of agent_goals__sessions, or `metadata.<key>`: a unit's segment is that of the session in
                which it was exposed, `unknown` where that does not say
    experiment  one experiment; all of them by default. Paired comparisons are left out.
    metrics     other metrics than experiment_metrics(), in its form -#}
{% macro experiment_results(by, experiment=none, metrics=none) -%}
    {%- set columns = [] -%}
    {%- for name in by -%}
        {%- do columns.append(name[9:] if name.startswith('metadata.') else name) -%}
    {%- endfor -%}
    {%- set text = agent_goals.data_type('text') -%}
with

segmented_units as (
    select
        {%- for name in by %}
        {% if name.startswith('metadata.') -%}
            coalesce({{ agent_goals.json_text('sessions.metadata', name[9:]) }}, 'unknown') as {{ name[9:] }},
        {%- else -%}
            coalesce(cast(sessions.{{ name }} as {{ text }}), 'unknown') as {{ name }},
        {%- endif %}
        {%- endfor %}
        units.*
    from {{ ref('int_agent_goals__experiment_units') }} as units
    inner join {{ ref('agent_goals__sessions') }} as sessions
        on
            units.environment = sessions.environment
            and units.first_session_id = sessions.session_id
    where
        units.design <> 'paired'
        {%- if experiment is not none %}
        and units.experiment = {{ agent_goals.text_literal(experiment) }}
        {%- endif %}
),

segment_arm_days as (
    {{ agent_goals.experiment_arm_days(
        units='segmented_units',
        unit_goals=ref('int_agent_goals__experiment_unit_goals'),
        arms=ref('int_agent_goals__experiment_arms'),
        experiments=ref('int_agent_goals__experiments'),
        by=columns,
        metrics=metrics,
    ) | indent(4) }}
),

segment_looks as (
    {{ agent_goals.experiment_looks(
        arm_days='segment_arm_days',
        arms=ref('int_agent_goals__experiment_arms'),
        experiments=ref('int_agent_goals__experiments'),
        by=columns,
    ) | indent(4) }}
),

segment_tests as (
    {{ agent_goals.experiment_tests(looks='segment_looks') | indent(4) }}
),

segment_estimates as (
    {{ agent_goals.experiment_estimates(tests='segment_tests') | indent(4) }}
),

ranked as (
    {{ agent_goals.benjamini_hochberg_q_value(
        'segment_estimates', 'p_value', 'q_value', ['experiment'], columns + ['goal', 'metric', 'variant']
    ) | indent(4) }}
)

select
    experiment,
    {%- for column in columns %}
    {{ column }},
    {%- endfor %}
    goal,
    metric,
    variant,
    control_variant,
    shown_status as status,
    {{ agent_goals.as_type('control_units', 'integer') }} as count_units_control,
    {{ agent_goals.as_type('units', 'integer') }} as count_units,
    control_estimate as estimate_control,
    estimate,
    difference,
    difference_low,
    difference_high,
    lift,
    lift_low,
    lift_high,
    p_value,
    q_value,
    chance_to_win
from ranked
{%- endmacro %}
