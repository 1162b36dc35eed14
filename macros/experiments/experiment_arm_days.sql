{#- A query for one row per (experiment, goal, metric, variant, day on which units were exposed): the sufficient statistics of
    the units exposed up to that day, with all that is known of them by now.

    A metric sum(y) / sum(x) over n units has the error of its residuals y - r x (the delta method: Deng, Knoblich and Lu,
    KDD 2018). Sums of squares lose their digits where the mean is large beside the spread. So what is summed is the residual
    e of the arm's ratio in the end, and the denominator's distance d from its mean in the end; by how much an earlier day's
    ratio differs is put right afterwards. c and g are the same of the covariate.

    units, unit_goals, arms, experiments  relations like the models int_agent_goals__experiment_<name>
    by       more columns of `units`, never null, that tell rows apart
    metrics  like experiment_metrics() -#}
{% macro experiment_arm_days(units, unit_goals, arms, experiments, by=[], metrics=none) -%}
    {%- set metrics = metrics or agent_goals.experiment_metrics() -%}
    {%- set double = agent_goals.data_type('double') -%}
    {%- set segment = ['experiment'] + by -%}
    {%- set family = segment + ['goal', 'metric'] -%}
    {%- set arm = family + ['variant'] -%}
    {%- set variables = ['e', 'd'] + (['c', 'g'] if agent_goals.has_covariate() else []) -%}
    {%- set products = [] -%}
    {%- for one in variables -%}
        {%- for other in variables[loop.index0:] -%}
            {%- do products.append((one, other)) -%}
        {%- endfor -%}
    {%- endfor -%}
with

units as (
    select * from {{ units }}
    where excluded_as is null
),

unit_goals as (
    select * from {{ unit_goals }}
    where attempts > 0
),

arms as (
    select * from {{ arms }}
),

experiments as (
    select * from {{ experiments }}
),

goals as (
    select
        experiment,
        goal,
        max(attempts) as most_attempts
    from unit_goals
    group by experiment, goal
),

-- Every exposed unit with every goal of its experiment.
exposed_goals as (
    select
        {%- for column in segment %}
        units.{{ column }},
        {%- endfor %}
        units.variant,
        units.exposed_on,
        goals.goal,
        unit_goals.goal is not null as has_attempt,
        {%- for name in agent_goals.experiment_parts() %}
        coalesce(unit_goals.{{ name }}, 0e0) as {{ name }},
        coalesce(unit_goals.earlier_{{ name }}, 0e0) as earlier_{{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from units
    inner join goals
        on units.experiment = goals.experiment
    left join unit_goals
        on
            units.experiment = unit_goals.experiment
            and units.environment = unit_goals.environment
            and units.unit_id = unit_goals.unit_id
            and units.variant = unit_goals.variant
            and goals.goal = unit_goals.goal
),

unit_metrics as (
    {%- for name, metric in metrics.items() %}
    {%- set is_of_exposed = metric['denominator'] == '1' %}
    select
        {{ segment | join(', ') }},
        goal,
        variant,
        exposed_on,
        '{{ name }}' as metric,
        {{ 'known_costs' if 'known_costs' in metric['needs'] else '1e0' }} as known_costs,
        {{ 'known_values' if 'known_values' in metric['needs'] else '1e0' }} as known_values,
        achieved,
        {{ metric['numerator'] }} as y,
        {{ '1e0' if is_of_exposed else metric['denominator'] }} as x
        {%- if agent_goals.has_covariate() %},
        {{ modules.re.sub('([a-z_]+)', 'earlier_\\1', metric['numerator']) }} as earlier_y,
        {{ '1e0' if is_of_exposed else 'earlier_' ~ metric['denominator'] }} as earlier_x
        {%- endif %}
    from exposed_goals
    {%- if not is_of_exposed %}
    where has_attempt
    {%- endif %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

totals as (
    select
        {{ arm | join(', ') }},
        -- Where nothing was achieved its value is known, and nothing.
        sum(known_costs) > 0e0 and (sum(known_values) > 0e0 or sum(achieved) = 0e0) as is_known,
        {%- for prefix in ['', 'earlier_'] if prefix == '' or agent_goals.has_covariate() %}
        case when sum({{ prefix }}x) <> 0e0 then sum({{ prefix }}y) / sum({{ prefix }}x) else 0e0 end as {{ prefix }}ratio,
        avg({{ prefix }}x) as {{ prefix }}mean_x{{ ',' if not loop.last }}
        {%- endfor %}
    from unit_metrics
    group by {{ arm | join(', ') }}
),

deviations as (
    select
        unit_metrics.*,
        unit_metrics.y - totals.ratio * unit_metrics.x as e,
        unit_metrics.x - totals.mean_x as d
        {%- if agent_goals.has_covariate() %},
        unit_metrics.earlier_y - totals.earlier_ratio * unit_metrics.earlier_x as c,
        unit_metrics.earlier_x - totals.earlier_mean_x as g
        {%- endif %}
    from unit_metrics
    inner join totals
        on {{ agent_goals.same_columns('unit_metrics', 'totals', arm) }}
),

daily as (
    select
        {{ arm | join(', ') }},
        exposed_on,
        cast(count(*) as {{ double }}) as n,
        {%- if agent_goals.has_covariate() %}
        sum(earlier_y) as earlier_y,
        sum(earlier_x) as earlier_x,
        {%- endif %}
        {%- for variable in variables %}
        sum({{ variable }}) as {{ variable }},
        {%- endfor %}
        {%- for one, other in products %}
        sum({{ one }} * {{ other }}) as {{ one }}{{ other }},
        {%- endfor %}
        sum(y) as y,
        sum(x) as x
    from deviations
    group by {{ arm | join(', ') }}, exposed_on
),

-- Every arm is looked at on every day on which a unit was exposed.
days as (
    select
        {{ segment | join(', ') }},
        exposed_on,
        max(exposed_on) over (partition by {{ segment | join(', ') }}) as last_exposed_on
    from units
    group by {{ segment | join(', ') }}, exposed_on
),

families as (
    select {{ family | join(', ') }}
    from totals
    group by {{ family | join(', ') }}
),

looks as (
    select
        {%- for column in family %}
        families.{{ column }},
        {%- endfor %}
        arms.variant,
        arms.is_control,
        days.exposed_on,
        days.exposed_on = days.last_exposed_on as is_last_look
    from families
    inner join arms
        on families.experiment = arms.experiment
    inner join days
        on {{ agent_goals.same_columns('families', 'days', segment) }}
),

{%- set summed = ['n', 'y', 'x'] + (['earlier_y', 'earlier_x'] if agent_goals.has_covariate() else []) + variables %}
{%- for one, other in products %}
{%- do summed.append(one ~ other) %}
{%- endfor %}

running as (
    select
        {%- for column in arm %}
        looks.{{ column }},
        {%- endfor %}
        looks.is_control,
        looks.exposed_on,
        looks.is_last_look,
        coalesce(totals.is_known, false) as is_known,
        coalesce(totals.ratio, 0e0) as last_ratio,
        coalesce(totals.mean_x, 0e0) as mean_x,
        {%- if agent_goals.has_covariate() %}
        coalesce(totals.earlier_ratio, 0e0) as last_earlier_ratio,
        coalesce(totals.earlier_mean_x, 0e0) as earlier_mean_x,
        {%- endif %}
        {%- for name in summed %}
        sum(coalesce(daily.{{ name }}, 0e0)) over (
            partition by
                {%- for column in arm %}
                looks.{{ column }}{{ ',' if not loop.last }}
                {%- endfor %}
            order by looks.exposed_on
            rows between unbounded preceding and current row
        ) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from looks
    left join totals
        on {{ agent_goals.same_columns('looks', 'totals', arm) }}
    left join daily
        on
            {{ agent_goals.same_columns('looks', 'daily', arm) }}
            and looks.exposed_on = daily.exposed_on
),

-- Covariances about the arm's figures in the end, and by how much the ratio of this day's units differs from the last one.
moments as (
    select
        running.*,
        case when is_known and x <> 0e0 then y / x end as estimate,
        case when x <> 0e0 then y / x - last_ratio else 0e0 end as shift
        {%- if agent_goals.has_covariate() %},
        case when earlier_x <> 0e0 then earlier_y / earlier_x - last_earlier_ratio else 0e0 end as earlier_shift
        {%- endif %}
        {%- for one, other in products %},
        case when n >= 2e0 then ({{ one }}{{ other }} - {{ one }} * {{ other }} / n) / (n - 1e0) end as cov_{{ one }}{{ other }}
        {%- endfor %}
    from running
),

-- A residual of this day's ratio is that of the last one less the shift times the denominator.
shifted as (
    select
        moments.*,
        case
            when cov_ee - 2e0 * shift * cov_ed + shift * shift * cov_dd > 0e0
                then cov_ee - 2e0 * shift * cov_ed + shift * shift * cov_dd
            when n >= 2e0 then 0e0
        end as variance_residual,
        cov_ed - shift * cov_dd as covariance_residual_denominator
        {%- if agent_goals.has_covariate() %},
        cov_cc - 2e0 * earlier_shift * cov_cg + earlier_shift * earlier_shift * cov_gg as variance_covariate,
        cov_cg - earlier_shift * cov_gg as covariance_covariate_denominators,
        cov_ec - earlier_shift * cov_eg - shift * cov_dc + shift * earlier_shift * cov_dg as covariance_residual_covariate,
        cov_eg - shift * cov_dg as covariance_residual_earlier,
        cov_dc - earlier_shift * cov_dg as covariance_denominator_covariate
        {%- endif %}
    from moments
),

final as (
    select
        {%- for column in arm %}
        shifted.{{ column }},
        {%- endfor %}
        shifted.is_control,
        shifted.exposed_on,
        shifted.is_last_look,
        -- A share of units that attempt more than once, or are compared with themselves, has no binomial error.
        case shifted.metric
            {%- for name, metric in metrics.items() %}
            when '{{ name }}'
                then {{ "case when goals.most_attempts > 1e0 or experiments.design = 'paired' then 'mean' else 'rate' end"
                    if metric['kind'] == 'rate' and not agent_goals.has_covariate()
                    else "'" ~ metric['kind'].replace('rate', 'mean') ~ "'" }}
            {%- endfor %}
        end as metric_kind,
        case shifted.metric
            {%- for name, metric in metrics.items() %}
            when '{{ name }}' then {{ metric['better'] }}e0
            {%- endfor %}
        end as better,
        shifted.is_known,
        shifted.n as count_units,
        shifted.y as sum_numerator,
        shifted.x as sum_denominator,
        shifted.estimate,
        shifted.variance_residual,
        shifted.cov_dd as variance_denominator,
        shifted.covariance_residual_denominator,
        {%- if agent_goals.has_covariate() %}
        shifted.earlier_y as sum_earlier_numerator,
        shifted.earlier_x as sum_earlier_denominator,
        shifted.variance_covariate,
        shifted.cov_gg as variance_earlier_denominator,
        shifted.cov_dg as covariance_denominators,
        shifted.covariance_covariate_denominators,
        shifted.covariance_residual_covariate,
        shifted.covariance_residual_earlier,
        shifted.covariance_denominator_covariate,
        {%- endif %}
        case
            when shifted.estimate is not null then sqrt(shifted.variance_residual / shifted.n) / abs(shifted.x / shifted.n)
        end as standard_error
    from shifted
    inner join goals
        on
            shifted.experiment = goals.experiment
            and shifted.goal = goals.goal
    inner join experiments
        on shifted.experiment = experiments.experiment
)

select * from final
{%- endmacro %}
