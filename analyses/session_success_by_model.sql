-- Which model's sessions reach everything they were for, and what does a session cost with it?
with

metrics as (
    {{ agent_goals.session_metrics(by=['model']) | indent(4) }}
)

select
    model,
    count_sessions,
    session_success_rate,
    cost_per_session,
    count_missing_amounts
from metrics
order by session_success_rate desc, model
