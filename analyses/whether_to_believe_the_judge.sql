-- How often do humans agree with each judge, and what is the achievement rate once its errors are taken out?
select
    goal,
    evaluator,
    evaluator_version,
    label_basis,
    count_judged,
    count_labels_used,
    accuracy,
    judge_precision,
    judge_recall,
    kappa,
    kappa_low,
    kappa_high,
    judge_achievement_rate,
    prediction_powered_rate,
    prediction_powered_rate_low,
    prediction_powered_rate_high,
    rogan_gladen_rate,
    rogan_gladen_rate_low,
    rogan_gladen_rate_high
from {{ ref('agent_goals__judge_agreement') }}
where period = 'all'
order by goal, evaluator, evaluator_version
