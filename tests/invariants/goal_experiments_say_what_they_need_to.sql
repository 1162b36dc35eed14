{%- set metrics = agent_goals.experiment_metrics().keys() | list -%}
{#- JSON as patterns, since not every warehouse can say of a text that it is none without an error: names in quotation marks
    and numbers that are not negative, on one line. -#}
{%- set name = '"[^"]+"' -%}
{%- set number = '[0-9]+([.][0-9]+)?([eE][+-]?[0-9]+)?' -%}
{%- set weight = name ~ ' *: *' ~ number -%}
{%- set margin = '"([^"]+[.])?(' ~ metrics | join('|') ~ ')" *: *' ~ number -%}
{%- set listed = {} -%}
{%- for kind, item in {'names': name, 'weights': weight, 'margins': margin}.items() -%}
    {%- do listed.update({kind: ' *' ~ item ~ '( *, *' ~ item ~ ')* *'}) -%}
{%- endfor -%}
-- Names every plan of an experiment that cannot be followed, with what to do. In the order of what is to be mended first.
with

goal_experiments as (
    select
        goal_experiments.*,
        count(*) over (partition by experiment) as count_plans,
        '"' || control_variant || '"' as quoted_control
    from {{ ref('stg_agent_goals__goal_experiments') }} as goal_experiments
),

problems as (
    select
        experiment,
        case
            when experiment is null then 'has no name: give it the one that sessions and events send'
            when count_plans > 1 then 'is planned more than once: leave one row'
            when design not in ('randomised', 'paired') then 'has an unknown design: make it randomised or paired'
            when not (
                coalesce(randomisation_unit, 'session') in ('session', 'customer')
                or {{ agent_goals.matches('randomisation_unit', '^metadata[.].+$') }}
            )
                then 'has an unknown randomisation_unit: make it session, customer or metadata.<key>'
            when design = 'paired' and coalesce(randomisation_unit, 'session') = 'session'
                then 'is paired, and a session sees one variant: make its randomisation_unit customer or metadata.<key>'
            when primary_metric not in ({{ agent_goals.text_literals(metrics) }})
                then 'has an unknown primary_metric: make it one of {{ metrics | join(", ") }}'
            when not (variants like '[%]' and {{ agent_goals.matches('variants', '^.' ~ listed['names'] ~ '.$') }})
                then 'has variants that are no list: write them like ["control", "other"]'
            when not {{ agent_goals.matches('expected_split', '^[{]' ~ listed['weights'] ~ '[}]$') }}
                then 'has an expected_split that is no object of weights: write it like {"control": 1, "other": 1}'
            when not {{ agent_goals.matches('guardrails', '^[{]' ~ listed['margins'] ~ '[}]$') }}
                then
                    'has guardrails that are no object of metrics and margins: write them like'
                    || ' {"fully_loaded_cost_per_goal": 0.02, "other_goal.goal_achievement_rate": 0.01}'
            when variants is not null and {{ agent_goals.text_position('quoted_control', 'variants') }} = 0
                then 'has a control_variant that is not among its variants: add it to them'
            when expected_split is not null and {{ agent_goals.text_position('quoted_control', 'expected_split') }} = 0
                then 'has a control_variant that its expected_split leaves out: give it a weight'
            when ends_at <= starts_at then 'ends before it starts: change ends_at or starts_at'
            when planned_units < 1 then 'has planned_units below 1: say how many units all variants together should get'
            when window_days < 1 then 'has window_days below 1: say for how many days sessions of a unit count'
        end as problem
    from goal_experiments
)

select * from problems
where problem is not null
