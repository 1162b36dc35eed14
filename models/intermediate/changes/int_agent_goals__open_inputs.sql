{%- set tables = agent_goals.kept_tables() -%}
{#- What somebody dropped has been built from nothing. -#}
{%- set present = tables.items() | selectattr(1) | map(attribute=0) | list -%}
with

inputs as (
    select
        input_id,
        input_kind,
        subject,
        agents,
        valid_from
    from {{ ref('int_agent_goals__inputs') }}
    group by input_id, input_kind, subject, agents, valid_from
),

built_inputs as (
    select
        input_id,
        input_kind,
        subject,
        agents,
        valid_from,
        count(distinct table_name) as count_tables
    from {{ ref('int_agent_goals__built_inputs') }}
    where table_name in ({{ agent_goals.text_literals(present or ['none']) }})
    group by input_id, input_kind, subject, agents, valid_from
),

final as (
    select
        inputs.input_id,
        inputs.input_kind,
        inputs.subject,
        inputs.agents,
        inputs.valid_from,
        false as is_gone,
        '{{ invocation_id }}' as invocation
    from inputs
    left join built_inputs
        on inputs.input_id = built_inputs.input_id
    where built_inputs.input_id is null or built_inputs.count_tables < {{ tables | length }}
    union all
    select
        built_inputs.input_id,
        built_inputs.input_kind,
        built_inputs.subject,
        built_inputs.agents,
        built_inputs.valid_from,
        true as is_gone,
        '{{ invocation_id }}' as invocation
    from built_inputs
    left join inputs
        on built_inputs.input_id = inputs.input_id
    where inputs.input_id is null
)

select * from final
