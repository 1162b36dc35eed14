with

label_samples as (
    {{ agent_goals.raw_rows('label_samples', {
        'environment': 'text', 'session_id': 'text', 'goal': 'text', 'evaluator': 'text', 'count_population': 'integer',
        'seed': 'integer',
    }) }}
),

final as (
    select
        batch_id as sample_id,
        loaded_at as drawn_at,
        environment,
        session_id,
        goal,
        evaluator,
        count_population,
        seed
    from label_samples
)

select * from final
