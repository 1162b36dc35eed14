{%- set checks = agent_goals.quality_checks() -%}
with

session_findings as (
    select
        check_name,
        example_id
    from {{ ref('int_agent_goals__findings') }}
),

records as (
    select * from {{ ref('stg_agent_goals__rejected_records') }}
),

composites as (
    select
        customer_id as composite_id,
        has_unmet_sub_goals,
        has_missing_sub_goals
    from {{ ref('agent_goals__customer_outcomes') }}
),

findings as (
    select * from session_findings
    {%- for name, severity, relation, condition, id, meaning in checks if relation in ['records', 'composites'] %}
    union all
    select
        '{{ name }}' as check_name,
        {{ id }} as example_id
    from {{ relation }}
    where {{ condition }}
    {%- endfor %}
),

numbered as (
    select
        check_name,
        example_id,
        row_number() over (partition by check_name order by example_id) as example_number
    from findings
),

counted as (
    select
        check_name,
        count(*) as count_found,
        max(case when example_number = 1 then example_id end)
        {%- for number in range(2, 6) %}
        || coalesce(', ' || max(case when example_number = {{ number }} then example_id end), '')
        {%- endfor %} as example_ids
    from numbered
    group by check_name
),

all_checks as (
    {%- for name, severity, relation, condition, id, meaning in checks %}
    select
        '{{ name }}' as check_name,
        '{{ severity }}' as severity,
        '{{ meaning | replace("'", "''") }}' as meaning
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

final as (
    select
        {{ agent_goals.as_type('all_checks.check_name', 'text') }} as check_name,
        {{ agent_goals.as_type('all_checks.severity', 'text') }} as severity,
        coalesce(counted.count_found, 0) as count_found,
        {{ agent_goals.as_type('counted.example_ids', 'text') }} as example_ids,
        {{ agent_goals.as_type('all_checks.meaning', 'text') }} as meaning
    from all_checks
    left join counted
        on all_checks.check_name = counted.check_name
)

select * from final
