{{ agent_goals.kept_by(['session']) }}

with

sessions as (
    {{ agent_goals.open_rows('agent_goals__sessions', condition=agent_goals.is_shown()) }}
),

cost_lines as (
    {{ agent_goals.open_rows('agent_goals__cost_lines', condition=agent_goals.is_shown()) }}
),

-- What repeats the usage of other events says nothing new.
model_costs as (
    select
        environment,
        session_id,
        model,
        sum(amount) as llm_cost
    from cost_lines
    where
        cost_type = 'llm'
        and model is not null
        and attribution <> 'repeated'
    group by environment, session_id, model
),

ranked as (
    select
        model_costs.*,
        row_number() over (
            partition by environment, session_id
            order by coalesce(llm_cost, 0) desc, {{ agent_goals.landed_text('model') }}
        ) as cost_rank,
        count(*) over (partition by environment, session_id) as count_models
    from model_costs
),

final as (
    select
        sessions.environment,
        sessions.session_id,
        coalesce(ranked.model, sessions.model, 'unknown') as model,
        coalesce(ranked.count_models, 0) as count_models,
        coalesce(ranked.count_models > 1, false) as is_mixed_model
    from sessions
    left join ranked
        on
            {{ agent_goals.same_session('sessions', 'ranked') }}
            and ranked.cost_rank = 1
)

select * from final
