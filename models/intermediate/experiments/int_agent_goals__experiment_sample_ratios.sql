-- Whether the variants got the share of units that they should have: by units, before any is left out for when it came.
with

arms as (
    select * from {{ ref('int_agent_goals__experiment_arms') }}
    where expected_weight > 0
),

experiments as (
    select * from {{ ref('int_agent_goals__experiments') }}
    where design <> 'paired'
),

units as (
    select
        experiment,
        variant,
        cast(count(*) as {{ agent_goals.data_type('double') }}) as count_units
    from {{ ref('int_agent_goals__experiment_units') }}
    where excluded_as is null
    group by experiment, variant
),

counted as (
    select
        arms.experiment,
        arms.variant,
        coalesce(units.count_units, 0e0) as count_units,
        arms.expected_weight / sum(arms.expected_weight) over (partition by arms.experiment)
        * sum(coalesce(units.count_units, 0e0)) over (partition by arms.experiment) as expected_units
    from arms
    inner join experiments
        on arms.experiment = experiments.experiment
    left join units
        on
            arms.experiment = units.experiment
            and arms.variant = units.variant
),

summed as (
    select
        experiment,
        sum(count_units) as count_units,
        min(expected_units) as least_expected_units,
        sum(
            case
                when expected_units > 0e0
                    then (count_units - expected_units) * (count_units - expected_units) / expected_units
            end
        ) as chi_square,
        count(*) - 1 as degrees_of_freedom
    from counted
    group by experiment
),

tested as (
    select
        summed.*,
        {{ agent_goals.chi_square_p_value('chi_square', 'degrees_of_freedom') }} as p_value
    from summed
),

final as (
    select
        tested.*,
        -- Below five expected units the chi-square is no guide; a thousandth, because every look is a look at this too.
        coalesce(p_value < 1e-3 and least_expected_units >= 5e0, false) as is_mismatch
    from tested
)

select * from final
