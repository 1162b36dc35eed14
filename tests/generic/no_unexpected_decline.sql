{#- Declines in the newest `days` days whose verdicts are in, of agent_goals__goal_alerts. Where versions of the
    goal's definition make most of the change, it was meant. -#}
{% test no_unexpected_decline(model, days=7) %}

select
    environment,
    agent,
    goal,
    metric_date,
    achievement_rate,
    control_low,
    lost_value
from {{ model }}
where
    is_decline
    and age_days < {{ agent_goals.setting('maturity_days') + days }}
    and coalesce(definition_version_mix_effect, 0) > 0.5 * rate_change

{% endtest %}
