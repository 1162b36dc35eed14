{%- set alpha = (1 - agent_goals.setting('diagnostics_confidence')) | round(12) -%}
with

pattern_counts as (
    select * from {{ ref('int_agent_goals__pattern_counts') }}
),

pattern_tests as (
    select * from {{ ref('int_agent_goals__pattern_tests') }}
),

-- A pair is a pattern where it fails more than the rest, and more than either of its values without the other: what one
-- value alone explains is found by itself. The greatest p-value is that of all three together.
tests as (
    select
        pattern_number,
        max(case when compared_with = 'rest' then p_value end) as p_value,
        max(case when compared_with <> 'rest' then case when is_worse then p_value else 1e0 end end) as p_value_parts
    from pattern_tests
    group by pattern_number
),

counts as (
    select
        pattern_counts.*,
        tests.p_value,
        tests.p_value_parts,
        case
            when tests.p_value_parts > tests.p_value then tests.p_value_parts else tests.p_value
        end as deciding_p_value,
        {%- for column in ['attempts', 'failures', 'rest_attempts', 'rest_failures'] %}
        {{ agent_goals.as_type('pattern_counts.' ~ column, 'double') }} as n_{{ column }},
        {%- endfor %}
        -- Not a constant by itself: some planners work hard on functions of constants.
        {{ alpha / 2 }}e0 + 0e0 * tests.p_value as half_alpha
    from pattern_counts
    inner join tests
        on pattern_counts.pattern_number = tests.pattern_number
),

corrected as (
    {{ agent_goals.benjamini_hochberg_q_value(
        'counts', 'deciding_p_value', 'q_value', ['environment'], ['pattern_number']
    ) | indent(4) }}
),

with_z as (
    select
        corrected.*,
        -({{ agent_goals.normal_quantile('half_alpha') }}) as z
    from corrected
),

rates as (
    select
        with_z.*,
        n_failures / n_attempts as failure_rate,
        {{ agent_goals.wilson_low('n_failures', 'n_attempts', 'z') }} as failure_rate_low,
        {{ agent_goals.wilson_high('n_failures', 'n_attempts', 'z') }} as failure_rate_high,
        n_rest_failures / n_rest_attempts as failure_rate_rest,
        {{ agent_goals.wilson_low('n_rest_failures', 'n_rest_attempts', 'z') }} as failure_rate_rest_low,
        {{ agent_goals.wilson_high('n_rest_failures', 'n_rest_attempts', 'z') }} as failure_rate_rest_high
    from with_z
),

differences as (
    select
        rates.*,
        {{ agent_goals.rate_difference_low('failure_rate', 'failure_rate_low', 'failure_rate_rest', 'failure_rate_rest_high') }}
            as difference_low,
        {{ agent_goals.rate_difference_high('failure_rate', 'failure_rate_high', 'failure_rate_rest', 'failure_rate_rest_low') }}
            as difference_high,
        {{ agent_goals.ratio('failure_cost', 'failures - failures_without_cost') }} as cost_of_a_failure
    from rates
),

flagged as (
    select
        differences.*,
        n_failures - failure_rate_rest * n_attempts as excess_failures,
        difference_low * n_attempts as excess_failures_low,
        difference_high * n_attempts as excess_failures_high,
        q_value < {{ agent_goals.setting('failure_pattern_q_limit') }} and failure_rate > failure_rate_rest as is_pattern
    from differences
),

-- Most of what a value adds may be what one pair with it adds.
pairs as (
    {%- for second in ['', '_2'] %}
    select
        environment,
        goal,
        dimension{{ second ~ ' as dimension' if second }},
        value{{ second ~ ' as value' if second }},
        excess_failures
    from flagged
    where is_pattern and dimension_2 is not null
    {%- if loop.first %}
    union all
    {%- endif %}
    {%- endfor %}
),

greatest_pairs as (
    select
        environment,
        goal,
        dimension,
        value,
        max(excess_failures) as pair_excess
    from pairs
    group by environment, goal, dimension, value
),

carried as (
    select
        flagged.*,
        coalesce(2e0 * greatest_pairs.pair_excess > flagged.excess_failures, false) as is_carried_by_pair
    from flagged
    left join greatest_pairs
        on
            {{ agent_goals.same_columns('flagged', 'greatest_pairs', ['environment', 'goal', 'dimension', 'value']) }}
            and flagged.dimension_2 is null
            and flagged.is_pattern
),

-- By how many failures the values surely add, so that neither a great rate in a few attempts nor a slight one in many comes
-- first.
ranked as (
    select
        carried.*,
        row_number() over (
            partition by environment, goal, is_pattern
            order by
                case when is_carried_by_pair then 1 else 0 end, excess_failures_low desc, deciding_p_value, pattern_number
        ) as place
    from carried
),

final as (
    select
        environment,
        goal,
        dimension,
        value,
        dimension_2,
        value_2,

        attempts as count_attempts,
        failures as count_failures,
        failure_rate,
        failure_rate_low,
        failure_rate_high,
        rest_attempts as count_attempts_rest,
        rest_failures as count_failures_rest,
        failure_rate_rest,

        {{ agent_goals.ratio('failure_rate', 'failure_rate_rest') }} as risk_ratio,
        {{ agent_goals.rate_ratio_low('failure_rate', 'failure_rate_low', 'failure_rate_rest', 'failure_rate_rest_high') }}
            as risk_ratio_low,
        {{ agent_goals.rate_ratio_high('failure_rate', 'failure_rate_high', 'failure_rate_rest', 'failure_rate_rest_low') }}
            as risk_ratio_high,
        p_value,
        p_value_parts,
        q_value,

        {{ agent_goals.ratio('failures', 'failures + rest_failures') }} as share_of_failures,
        {{ agent_goals.ratio('attempts', 'attempts + rest_attempts') }} as share_of_attempts,
        excess_failures,
        excess_failures_low,
        excess_failures_high,
        failure_cost as wasted_cost,
        failures_without_cost as count_failures_without_cost,
        excess_failures * cost_of_a_failure as excess_cost,

        is_pattern,
        is_carried_by_pair,
        {{ agent_goals.as_type('case when is_pattern then place end', 'integer') }} as pattern_rank
    from ranked
)

select * from final
