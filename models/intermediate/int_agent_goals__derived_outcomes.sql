{#- Every level derives what rests on the levels below it. A level reads the one before only once, so that a warehouse
    which repeats a CTE wherever it is named does the work once: an outcome meets itself and the goals that rest on it in
    one join, and what belongs to one goal comes together again in one group. -#}
{%- set max_depth = agent_goals.setting('max_goal_depth') -%}
{%- set carried = [
    'verdict', 'verdict_source', 'decided_at', 'score', 'threshold', 'threshold_operator', 'count_tries',
    'time_to_goal_seconds', 'rests_on_goal', 'definition_version', 'derived_verdict', 'is_rule_derived',
    'count_sub_goals', 'count_sub_goals_achieved', 'progress', 'has_missing_sub_goals', 'has_unmet_sub_goals',
] -%}
with

recorded_outcomes as (
    select * from {{ ref('int_agent_goals__recorded_outcomes') }}
),

listed_outcomes as (
    select * from {{ ref('int_agent_goals__listed_outcomes') }}
),

rule_fields as (
    select * from {{ ref('int_agent_goals__rule_fields') }}
),

derivations as (
    select * from {{ ref('int_agent_goals__derivations') }}
),

goals as (
    select
        customer_goal,
        goal
    from derivations
    where link = 'self'
),

-- What is known before anything is derived.
known as (
    select
        recorded_outcomes.environment,
        recorded_outcomes.customer_goal,
        recorded_outcomes.unit_id,
        recorded_outcomes.goal,
        recorded_outcomes.unit_started_at,
        recorded_outcomes.verdict,
        recorded_outcomes.verdict_source,
        recorded_outcomes.decided_at,
        recorded_outcomes.score,
        recorded_outcomes.threshold,
        recorded_outcomes.threshold_operator,
        recorded_outcomes.count_tries,
        recorded_outcomes.time_to_goal_seconds,
        recorded_outcomes.definition_version,
        case when listed_outcomes.goal is not null then 'achieved' end as derived_verdict,
        1 as is_recorded
    from recorded_outcomes
    left join listed_outcomes
        on {{ agent_goals.same_unit_goal('recorded_outcomes', 'listed_outcomes') }}
    union all
    select
        listed_outcomes.environment,
        listed_outcomes.customer_goal,
        listed_outcomes.unit_id,
        listed_outcomes.goal,
        listed_outcomes.unit_started_at,
        'achieved' as verdict,
        'derived' as verdict_source,
        listed_outcomes.decided_at,
        {{ agent_goals.as_type('null', 'decimal') }} as score,
        {{ agent_goals.as_type('null', 'decimal') }} as threshold,
        {{ agent_goals.as_type('null', 'text') }} as threshold_operator,
        {{ agent_goals.as_type('null', 'integer') }} as count_tries,
        {{ agent_goals.as_type('null', 'decimal') }} as time_to_goal_seconds,
        {{ agent_goals.as_type('null', 'integer') }} as definition_version,
        'achieved' as derived_verdict,
        0 as is_recorded
    from listed_outcomes
    left join {{ ref('int_agent_goals__recorded_outcomes') }} as recorded_outcomes
        on {{ agent_goals.same_unit_goal('listed_outcomes', 'recorded_outcomes') }}
    where recorded_outcomes.goal is null
),

level_0 as (
    select
        known.*,
        known.goal as rests_on_goal,
        0 as is_rule_derived,
        {{ agent_goals.as_type('null', 'integer') }} as count_sub_goals,
        {{ agent_goals.as_type('null', 'integer') }} as count_sub_goals_achieved,
        {{ agent_goals.as_type('null', 'double') }} as progress,
        {{ agent_goals.as_type('null', 'integer') }} as has_missing_sub_goals,
        {{ agent_goals.as_type('null', 'integer') }} as has_unmet_sub_goals
    from known
    inner join goals
        on
            known.customer_goal = goals.customer_goal
            and known.goal = goals.goal
),
{% for level in range(1, max_depth + 1) %}
met_{{ level }} as (
    select
        outcomes.*,
        derivations.link,
        derivations.goal as met_goal,
        derivations.deciding_version,
        derivations.threshold as rule_threshold,
        derivations.threshold_operator as rule_operator,
        derivations.composite_rule,
        derivations.composite_threshold,
        derivations.is_required,
        derivations.weight,
        derivations.count_sub_goals as whole_count,
        derivations.count_required as whole_required,
        derivations.total_weight as whole_weight,
        derivations.field,
        case
            when derivations.field = 'score' then {{ agent_goals.as_type('outcomes.score', 'double') }}
            when derivations.field = 'count_tries' then outcomes.count_tries
            when derivations.field = 'is_achieved'
                then case outcomes.verdict when 'achieved' then 1 when 'not_achieved' then 0 end
            when derivations.field in ({{ agent_goals.text_literals(agent_goals.time_fields()) }})
                then {{ agent_goals.as_type('outcomes.time_to_goal_seconds', 'double') }}
            else rule_fields.field_value
        end as rule_value
    from level_{{ level - 1 }} as outcomes
    inner join derivations
        on
            outcomes.customer_goal = derivations.customer_goal
            and outcomes.goal = derivations.depends_on_goal
            and {{ agent_goals.in_force('derivations', 'outcomes.unit_started_at') }}
            and (derivations.link = 'self' or derivations.level = {{ level }})
    left join rule_fields
        on
            {{ agent_goals.same_unit('outcomes', 'rule_fields') }}
            and outcomes.rests_on_goal = rule_fields.goal
            and derivations.field = rule_fields.field
),

gathered_{{ level }} as (
    select
        environment,
        customer_goal,
        unit_id,
        met_goal as goal,
        max(unit_started_at) as unit_started_at,
        max(case when link = 'self' then 1 else 0 end) as is_known,
        max(case when link = 'self' then is_recorded else 0 end) as is_recorded,
        {%- for column in carried %}
        max(case when link = 'self' then {{ column }} end) as own_{{ column }},
        {%- endfor %}
        max(deciding_version) as deciding_version,

        max(case when link = 'rule' then {{ agent_goals.rule_verdict(
            'verdict', 'field', 'rule_value', 'rule_operator', 'rule_threshold'
        ) | indent(8) }} end) as rule_verdict,
        max(case when link = 'rule' then rule_value end) as rule_value,
        max(case when link = 'rule' then rule_threshold end) as rule_threshold,
        max(case when link = 'rule' then rule_operator end) as rule_operator,
        max(case when link = 'rule' then count_tries end) as rule_tries,
        max(case when link = 'rule' then time_to_goal_seconds end) as rule_time,
        max(case when link = 'rule' then rests_on_goal end) as rule_rests_on,
        max(case when link in ('rule', 'sub_goal') then decided_at end) as derived_at,

        max(composite_rule) as composite_rule,
        max(composite_threshold) as composite_threshold,
        max(whole_count) as whole_count,
        max(whole_required) as whole_required,
        max(whole_weight) as whole_weight,
        count(case when link = 'sub_goal' then 1 end) as count_found,
        {%- for verdict in ['achieved', 'not_achieved', 'not_applicable'] %}
        count(case when link = 'sub_goal' and verdict = '{{ verdict }}' then 1 end) as count_{{ verdict }},
        count(case when link = 'sub_goal' and verdict = '{{ verdict }}' and is_required then 1 end) as required_{{ verdict }},
        {{ agent_goals.as_type(
            "coalesce(sum(case when link = 'sub_goal' and verdict = '" ~ verdict ~ "' then weight end), 0)", 'decimal'
        ) }} as weight_{{ verdict }}{{ ',' if not loop.last }}
        {%- endfor %}
    from met_{{ level }}
    group by environment, customer_goal, unit_id, met_goal
),

judged_{{ level }} as (
    select
        gathered_{{ level }}.*,
        case when count_found > 0 then {{ agent_goals.composite_verdict(
            'composite_rule', 'composite_threshold', 'whole_count', 'count_not_applicable', 'whole_required',
            'required_not_applicable', 'required_achieved', 'count_achieved', 'weight_achieved',
            'whole_weight - weight_not_applicable'
        ) | indent(8) }} end as composite_verdict,
        -- What the sub-goals would say if all of which nothing is known were achieved.
        case when whole_count is not null then {{ agent_goals.composite_verdict(
            'composite_rule', 'composite_threshold', 'whole_count', 'count_not_applicable', 'whole_required',
            'required_not_applicable', '(whole_required - required_not_achieved - required_not_applicable)',
            '(whole_count - count_not_achieved - count_not_applicable)',
            'whole_weight - weight_not_achieved - weight_not_applicable', 'whole_weight - weight_not_applicable'
        ) | indent(8) }} end as best_verdict
    from gathered_{{ level }}
),

level_{{ level }} as {{ agent_goals.materialized() }} (
    select
        environment,
        customer_goal,
        unit_id,
        goal,
        unit_started_at,
        case when is_known = 1 then own_verdict else coalesce(rule_verdict, composite_verdict) end as verdict,
        case when is_known = 1 then own_verdict_source else 'derived' end as verdict_source,
        case when is_known = 1 then own_decided_at else derived_at end as decided_at,
        case
            when is_known = 1 then own_score
            when rule_verdict is not null then {{ agent_goals.double_as_decimal('rule_value') }}
        end as score,
        case when is_known = 1 then own_threshold else rule_threshold end as threshold,
        case when is_known = 1 then own_threshold_operator else rule_operator end as threshold_operator,
        case when is_known = 1 then own_count_tries else rule_tries end as count_tries,
        case when is_known = 1 then own_definition_version else deciding_version end as definition_version,
        coalesce(own_derived_verdict, rule_verdict, composite_verdict) as derived_verdict,
        is_recorded,
        case when is_known = 1 then own_rests_on_goal else coalesce(rule_rests_on, goal) end as rests_on_goal,
        case when is_known = 1 then own_is_rule_derived when rule_verdict is not null then 1 else 0 end as is_rule_derived,
        case when is_known = 1 then own_time_to_goal_seconds else rule_time end as time_to_goal_seconds,
        {{ agent_goals.as_type('coalesce(own_count_sub_goals, whole_count)', 'integer') }} as count_sub_goals,
        {{ agent_goals.as_type(
            'coalesce(own_count_sub_goals_achieved, case when whole_count is not null then count_achieved end)', 'integer'
        ) }} as count_sub_goals_achieved,
        coalesce(own_progress, {{ agent_goals.ratio('weight_achieved', 'whole_weight - weight_not_applicable') }}) as progress,
        coalesce(own_has_missing_sub_goals, case
            when composite_rule = 'all' and whole_required > required_achieved + required_not_achieved + required_not_applicable
                then 1
            when composite_rule <> 'all' and whole_count > count_achieved + count_not_achieved + count_not_applicable then 1
            when composite_rule is not null then 0
        end) as has_missing_sub_goals,
        coalesce(own_has_unmet_sub_goals, case
            when is_recorded = 1 and own_verdict = 'achieved' and best_verdict = 'not_achieved' then 1
            when composite_rule is not null then 0
        end) as has_unmet_sub_goals
    from judged_{{ level }}
),
{% endfor %}
final as (
    select
        environment,
        customer_goal,
        unit_id,
        goal,
        unit_started_at,
        is_recorded = 1 as is_recorded,
        is_rule_derived = 1 as is_rule_derived,
        verdict,
        verdict_source,
        derived_verdict,
        decided_at,
        score,
        threshold,
        threshold_operator,
        count_tries,
        time_to_goal_seconds,
        definition_version,
        rests_on_goal,
        count_sub_goals,
        count_sub_goals_achieved,
        progress,
        has_missing_sub_goals = 1 as has_missing_sub_goals,
        has_unmet_sub_goals = 1 as has_unmet_sub_goals
    from level_{{ max_depth }}
    where is_recorded = 0 or derived_verdict is not null or count_sub_goals is not null
)

select * from final
