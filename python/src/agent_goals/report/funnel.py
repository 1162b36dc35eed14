"""The funnels of the report: what each step of a composite goal loses, by period and agent where there is room."""

from __future__ import annotations

from agent_goals.ddl import quote
from agent_goals.funnels import FUNNEL
from agent_goals.report.sums import OTHERS, PERIODS
from agent_goals.report.table import Missing, Table, as_values
from agent_goals.warehouse import Warehouse

_COLUMNS = (
    "period",
    "environment",
    "agent",
    "composite_goal",
    "sub_goal",
    "is_composite",
    "weighted_step_number",
    "count_attempts",
    "count_reached",
    "count_achieved",
    "count_dropped_off",
)


def goal_funnel(warehouse: Warehouse, schema: str, most_rows: int, most_funnels: int, most_steps: int) -> Table | Missing:
    """The steps of the funnels with most attempts; of a long funnel those where most is lost, the others as one.

    ``weighted_step_number`` is the sum of step number times attempts: divided by the attempts it is the step's place.
    What others reached and achieved cannot be added up, so for them only what is lost is known.

    Args:
        warehouse: an open warehouse.
        schema: the schema that dbt builds the marts in.
        most_rows: how many rows there may be. Periods become longer until they fit, then agents become one, then the oldest
            periods are left out.
        most_funnels: how many composites.
        most_steps: how many steps of each with a name of their own.
    """
    if not warehouse.has_table(schema, FUNNEL):
        return Missing(FUNNEL)
    table = f"{quote(schema)}.{quote(FUNNEL)}"
    shown = f"""
        with composites as (
            select environment, composite_goal
            from {table}
            where is_composite
            group by environment, composite_goal
            order by sum(count_attempts) desc, environment, composite_goal
            limit {most_funnels}
        ),

        steps as (
            select environment, composite_goal, sub_goal, row_number() over (
                partition by environment, composite_goal
                order by sum(count_dropped_off) desc, sum(count_reached) desc, sub_goal
            ) as place
            from {table}
            where not is_composite
            group by environment, composite_goal, sub_goal
        ),

        shown as (
            select
                funnel.*,
                funnel.is_composite or steps.place <= {most_steps} as is_named
            from {table} as funnel
            inner join composites using (environment, composite_goal)
            left join steps using (environment, composite_goal, sub_goal)
        )
    """
    step = f"case when is_named then sub_goal else '{OTHERS}' end"
    count = 0
    for is_by_agent in (True, False):
        for period in PERIODS:
            start = f"cast(date_trunc('{period}', period_start) as date)"
            agent = "agent" if is_by_agent else f"'{OTHERS}'"
            keys = f"{start}, environment, {'agent, ' if is_by_agent else ''}composite_goal, {step}, is_named, is_composite"
            ((count,),) = warehouse.rows(f"{shown} select count(*) from (select 1 from shown group by {keys}) as groups")
            if count <= most_rows:
                break
        else:
            continue
        break
    rows = warehouse.rows(
        f"""
        {shown}
        select
            {start} as period,
            environment,
            {agent} as agent_shown,
            composite_goal,
            {step} as step,
            is_composite,
            case when is_named then cast(sum(step_number * count_attempts) as bigint) end as weighted_step_number,
            case when is_named then cast(sum(count_attempts) as bigint) end as count_attempts,
            case when is_named then cast(sum(count_reached) as bigint) end as count_reached,
            case when is_named then cast(sum(count_achieved) as bigint) end as count_achieved,
            cast(sum(count_dropped_off) as bigint) as count_dropped_off
        from shown
        group by {keys}
        order by period desc, environment, agent_shown, composite_goal, is_composite, step
        limit {most_rows}
        """
    )
    return Table(
        FUNNEL, _COLUMNS, as_values(rows[::-1]), left_out=max(0, count - most_rows), period=period, is_by_segment=is_by_agent
    )
