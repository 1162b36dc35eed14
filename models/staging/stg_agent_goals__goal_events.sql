{%- set lifted_keys = [
    'agent', 'experiment', 'variant', 'time_to_resolution_seconds', 'resolution_time_seconds', 'attempts',
    'interaction_count', 'escalated', 'escalated_to_human', 'customer_satisfaction',
] -%}
with

goal_events as (
    {{ agent_goals.last_loaded_rows('goal_events', {
        'event_id': 'text', 'session_id': 'text', 'environment': 'text', 'occurred_at': 'timestamp',
        'goal': 'text', 'achieved': 'boolean', 'value': 'landed', 'threshold': 'double', 'threshold_operator': 'text',
        'score': 'double', 'expected_value': 'landed', 'parent_goal': 'text', 'sub_goals_achieved': 'text',
        'verdict_source': 'text', 'evaluator': 'text', 'evaluator_version': 'text', 'label': 'text', 'reason': 'text',
        'currency': 'text', 'time_to_goal_seconds': 'decimal', 'agent': 'text', 'customer_id': 'text',
        'experiment': 'text', 'variant': 'text', 'metadata': 'text',
    }) }}
),

exchange_rates as (
    select * from {{ ref('stg_agent_goals__exchange_rates') }}
),

with_currency as (
    select
        goal_events.*,
        {{ agent_goals.landed_currency('currency') }} as amount_currency
    from goal_events
),

-- A value is a score when it comes with a threshold and no score, money when it comes with a score, and money unless
-- the goal's definition says otherwise when it comes with neither.
resolved as (
    select
        with_currency.*,
        case when score is null and threshold is null then value end as bare_value,
        case when score is not null or threshold is null then {{ agent_goals.rounded('value') | indent(8) }} end as money_value,
        {{ agent_goals.rounded('expected_value') }} as expected_money,
        coalesce(score, case when threshold is not null then {{ agent_goals.as_type('value', 'double') }} end) as resolved_score,
        coalesce(threshold_operator, '>=') as resolved_operator
    from with_currency
),

lifted as (
    select
        resolved.*
        {%- for key in lifted_keys %},
        {{ agent_goals.json_text_among('metadata', lifted_keys, key) }} as metadata_{{ key }}
        {%- endfor %}
    from resolved
),

final as (
    select
        lifted.event_id,
        lifted.environment,
        lifted.session_id,
        lifted.goal,
        lifted.occurred_at,
        lifted.loaded_at,
        lifted.batch_id,
        lifted.verdict_source,
        lifted.evaluator,
        lifted.evaluator_version,
        lifted.label,
        lifted.reason,
        case
            when lifted.label = 'not_applicable' then 'not_applicable'
            when lifted.achieved then 'achieved'
            when not lifted.achieved then 'not_achieved'
            when {{ agent_goals.meets_threshold(
                'lifted.resolved_score', 'lifted.resolved_operator', 'lifted.threshold'
            ) }} then 'achieved'
            when lifted.resolved_score is not null and lifted.threshold is not null then 'not_achieved'
        end as verdict,
        lifted.achieved is not null as is_verdict_sent,
        lifted.resolved_score as score,
        lifted.threshold,
        lifted.resolved_operator as threshold_operator,
        lifted.bare_value,
        {{ agent_goals.in_reporting_currency('lifted.money_value', 'lifted.amount_currency', 'exchange_rates.rate') }}
            as goal_value,
        {{ agent_goals.in_reporting_currency('lifted.expected_money', 'lifted.amount_currency', 'exchange_rates.rate') }}
            as expected_value,
        lifted.amount_currency as currency,
        coalesce(lifted.money_value, lifted.expected_value) is not null
        and lifted.amount_currency <> {{ agent_goals.text_literal(agent_goals.setting('reporting_currency')) }}
        and exchange_rates.rate is null as has_unconverted_amount,
        lifted.parent_goal,
        lifted.sub_goals_achieved,
        coalesce(lifted.time_to_goal_seconds, {{ agent_goals.text_as_decimal(
            'coalesce(lifted.metadata_time_to_resolution_seconds, lifted.metadata_resolution_time_seconds)'
        ) | indent(8) }}) as time_to_goal_seconds,
        {{ agent_goals.text_as_integer('lifted.metadata_attempts') }} as count_attempts,
        {{ agent_goals.text_as_integer('lifted.metadata_interaction_count') }} as count_interactions,
        {{ agent_goals.text_as_boolean('coalesce(lifted.metadata_escalated, lifted.metadata_escalated_to_human)') }}
            as is_escalated,
        {{ agent_goals.text_as_decimal('lifted.metadata_customer_satisfaction') }} as customer_satisfaction,
        coalesce(lifted.agent, lifted.metadata_agent) as agent,
        lifted.customer_id,
        coalesce(lifted.experiment, lifted.metadata_experiment) as experiment,
        coalesce(lifted.variant, lifted.metadata_variant) as variant,
        lifted.metadata
    from lifted
    left join exchange_rates
        on {{ agent_goals.rate_in_force('lifted', 'exchange_rates') }}
)

select * from final
