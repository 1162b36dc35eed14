{{ config(materialized='table') }}

-- Names are told apart once each, so that a cost event finds its price by equality. Which provider is meant comes first,
-- and then which of its models: a name that its provider does not know is not looked for elsewhere.
with

cost_events as (
    {{ agent_goals.raw_rows('cost_events', {'provider': 'text', 'model': 'text'}) }}
),

rules as (
    select
        price_rule,
        matched_name,
        provider,
        match_order,
        match_kind,
        match_text,
        match_except
    from {{ ref('stg_agent_goals__model_prices') }}
    group by price_rule, matched_name, provider, match_order, match_kind, match_text, match_except
),

names as (
    select
        provider as sent_provider,
        model as sent_model,
        {{ agent_goals.lower_ascii('trim(provider)') }} as provider_name,
        {{ agent_goals.lower_ascii('model') }} as model_name
    from cost_events
    where model is not null
    group by provider, model
),

-- LiteLLM names the provider in front of the model. Where it does not, the model's name alone has to do.
readings as (
    select
        sent_provider,
        sent_model,
        1 as reading,
        case
            when provider_name = 'litellm' then {{ dbt.split_part('model_name', "'/'", 1) }}
            else provider_name
        end as provider_name,
        case
            when provider_name = 'litellm' then substr(model_name, length({{ dbt.split_part('model_name', "'/'", 1) }}) + 2)
            else model_name
        end as model_name
    from names
    where provider_name is null or provider_name <> 'litellm' or replace(model_name, '/', '') <> model_name
    union all
    select
        sent_provider,
        sent_model,
        2 as reading,
        cast(null as {{ agent_goals.data_type('text') }}) as provider_name,
        model_name
    from names
    where provider_name = 'litellm'
),

-- A provider that no rule knows may still have rows of its own in the price list.
providers as (
    select
        readings.sent_provider,
        readings.sent_model,
        readings.model_name,
        coalesce(rules.provider, readings.provider_name) as provider,
        row_number() over (
            partition by readings.sent_provider, readings.sent_model
            order by case when rules.provider is null then 1 else 0 end, readings.reading, rules.match_order, rules.price_rule
        ) as choice
    from readings
    left join rules
        on
            rules.matched_name = case when readings.provider_name is null then 'model_without_provider' else 'provider' end
            and {{ agent_goals.name_matches('coalesce(readings.provider_name, readings.model_name)', 'rules') }}
),

models as (
    select
        providers.sent_provider,
        providers.sent_model,
        rules.price_rule,
        row_number() over (
            partition by providers.sent_provider, providers.sent_model
            order by rules.match_order, rules.price_rule
        ) as choice
    from providers
    inner join rules
        on
            rules.matched_name = 'model'
            and (rules.provider is null or providers.provider = rules.provider)
            and {{ agent_goals.name_matches('providers.model_name', 'rules') }}
    where providers.choice = 1
),

final as (
    select
        sent_provider as provider,
        sent_model as model,
        price_rule
    from models
    where choice = 1
)

select * from final
