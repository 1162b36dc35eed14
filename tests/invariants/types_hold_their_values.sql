{{ config(tags=['engine_proof']) }}

-- What each type of the type map must hold without loss. One row per type that does not.
with

landed as (
    select
        {{ agent_goals.as_type("'999999999999999999.0123456789'", 'decimal') }} as large_decimal,
        {{ agent_goals.as_type("'0.00000000005'", 'decimal') }} as half_a_unit,
        {{ agent_goals.as_type("'-0.00000000005'", 'decimal') }} as minus_half_a_unit,
        {{ agent_goals.as_type("'9007199254740993'", 'integer') }} as large_integer,
        {{ agent_goals.as_type("'0.1'", 'double') }} as tenth,
        {{ agent_goals.text_as_utc("'2026-03-29T03:30:00.123456+05:45'") }} as with_offset,
        {{ agent_goals.text_as_utc("'2026-03-28T21:45:00.123456'") }} as without_offset,
        {{ agent_goals.as_type("'true'", 'boolean') }} as truth
),

final as (
    select 'decimal keeps 18 digits before the point and 10 after it' as expectation from landed
    where {{ agent_goals.as_type('large_decimal', 'text') }} <> '999999999999999999.0123456789'
    union all
    select 'half a unit rounds away from zero' as expectation from landed
    where
        half_a_unit <> {{ agent_goals.as_type("'0.0000000001'", 'decimal') }}
        or minus_half_a_unit <> {{ agent_goals.as_type("'-0.0000000001'", 'decimal') }}
    union all
    select 'integers beyond 53 bits stay exact' as expectation from landed
    where {{ agent_goals.as_type('large_integer', 'text') }} <> '9007199254740993'
    union all
    select 'doubles have 64 bits' as expectation from landed
    where tenth + {{ agent_goals.as_type("'0.2'", 'double') }} = {{ agent_goals.as_type("'0.3'", 'double') }}
    union all
    select 'timestamps are in UTC, to the microsecond' as expectation from landed
    where
        with_offset <> without_offset
        or {{ agent_goals.seconds_between('without_offset', 'with_offset') }} <> 0
        or {{ agent_goals.seconds_between("cast('2026-03-28 21:45:00' as timestamp)", 'with_offset') }}
        <> {{ agent_goals.as_type("'0.123456'", 'decimal') }}
    union all
    select 'booleans are booleans' as expectation from landed
    where not truth
)

select * from final
