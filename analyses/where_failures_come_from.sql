-- Where do a goal's failures come from that chance does not explain, and what do they waste? Values that one pair carries
-- come last.
with

failure_patterns as (
    select * from {{ ref('agent_goals__failure_patterns') }}
)

select
    environment,
    goal,
    pattern_rank,
    dimension || ' = ' || value || coalesce(' and ' || dimension_2 || ' = ' || value_2, '') as pattern,
    count_attempts,
    failure_rate,
    failure_rate_rest,
    risk_ratio,
    risk_ratio_low,
    risk_ratio_high,
    q_value,
    excess_failures,
    wasted_cost,
    excess_cost
from failure_patterns
where is_pattern
order by environment, goal, pattern_rank
