with

pattern_counts as (
    select * from {{ ref('int_agent_goals__pattern_counts') }}
),

comparisons as (
    {%- for against in ['rest', 'first', 'second'] %}
    select
        pattern_number,
        '{{ against }}' as compared_with,
        {%- for column, name in [
            ('failures', 'failures'), ('attempts', 'attempts'),
            (against ~ '_failures', 'other_failures'), (against ~ '_attempts', 'other_attempts'),
        ] %}
        {{ agent_goals.as_type(column, 'double') }} as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from pattern_counts
    where {{ against }}_attempts is not null
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

{{ agent_goals.exact_p_value_ctes(
    'comparisons', 'failures', 'attempts', 'other_failures', 'other_attempts', 'p_value', 'tested'
) }},

final as (
    select
        pattern_number,
        compared_with,
        p_value,
        failures * other_attempts > other_failures * attempts as is_worse
    from tested
)

select * from final
