"""Simulated experiments whose truth is known, as raw records.

Three scenarios, each any number of times: no effect with sessions as units; no effect with customers as units, whose number of
sessions is skewed and whose sessions resemble each other; and an effect. Costs, values and times are lognormal, a fair coin
assigns each unit, and units arrive evenly over some days. The same seed gives the same records.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow

from agent_goals.ddl import create_all

SCHEMA = "agent_goals_raw"
GOAL = "simulated_goal"
CONTROL, TREATMENT = "control", "treatment"
STARTED_AT, LOADED_AT = "timestamp '2026-03-02 09:00:00'", "timestamp '2026-06-01 00:00:00'"

#: A unit of an experiment in which nothing differs: the chance to achieve the goal, medians of the rest.
RATE, COST, SECONDS, VALUE = 0.6, 0.1, 60.0, 5.0
#: How many times as much a session costs that fails; the standard deviation of the logarithm of what is lognormal.
COST_OF_FAILURE, SPREAD = 1.3, 0.8
#: The most sessions that a customer has.
MOST_SESSIONS = 40


@dataclass(frozen=True)
class Effect:
    """What the treatment multiplies."""

    rate: float = 1.0
    cost: float = 1.0
    seconds: float = 1.0
    value: float = 1.0


@dataclass(frozen=True)
class Scenario:
    """Experiments of one kind.

    Attributes:
        name: what their names begin with.
        effect: what the treatment does.
        is_clustered: whether the units are customers with several sessions each, else sessions.
    """

    name: str
    effect: Effect = Effect()
    is_clustered: bool = False

    def truth(self) -> dict[str, tuple[float, float]]:
        """The true figure of each metric in control and treatment; where the units are customers, that of one session."""
        arms = [_metrics(Effect()), _metrics(self.effect)]
        return {metric: (arms[0][metric], arms[1][metric]) for metric in arms[0]}


SCENARIOS = (
    Scenario("no_effect"),
    Scenario("no_effect_on_customers", is_clustered=True),
    Scenario("effect", Effect(rate=1.2, cost=0.75, seconds=0.8, value=1.2)),
)


def _metrics(effect: Effect) -> dict[str, float]:
    rate = RATE * effect.rate
    medians = (COST * effect.cost, SECONDS * effect.seconds, VALUE * effect.value)
    cost, seconds, value = (float(median * np.exp(SPREAD**2 / 2)) for median in medians)
    cost_of_attempt = cost * (rate + (1 - rate) * COST_OF_FAILURE)
    return {
        "goal_achievement_rate": rate,
        "achieved_per_unit": rate,
        "cost_per_goal_achieved": cost,
        "fully_loaded_cost_per_goal": cost_of_attempt / rate,
        "goal_efficiency": rate * cost / cost_of_attempt,
        "average_time_to_goal_seconds": seconds,
        "value_per_goal": value,
        "net_value_per_unit": rate * value - cost_of_attempt,
    }


def simulate(scenario: Scenario, experiments: int, units: int, days: int, seed: int) -> pyarrow.Table:
    """The sessions of a scenario's experiments.

    Args:
        scenario: what is true.
        experiments: how many.
        units: units of each, of both variants together.
        days: over how many days the units arrive.
        seed: for the random numbers.
    """
    random = np.random.default_rng([seed, SCENARIOS.index(scenario)])
    count = experiments * units
    is_treated = random.random(count) < 0.5
    sizes = np.ones(count, dtype=np.int64)
    # What a customer's sessions have in common: the odds of success, cost, time and value.
    common = np.zeros((4, count))
    if scenario.is_clustered:
        sizes += np.minimum(random.lognormal(0.3, 0.9, count).astype(np.int64), MOST_SESSIONS - 1)
        common = random.normal(0, [[1.5], [0.4], [0.4], [0.4]], (4, count))
    unit = np.repeat(np.arange(count), sizes)
    number = np.arange(len(unit)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    of_odds, of_cost, of_seconds, of_value = (np.exp(each[unit]) for each in common)

    def scaled(name: str) -> np.ndarray:
        return np.where(is_treated[unit], getattr(scenario.effect, name), 1.0)

    odds = RATE * scaled("rate") / (1 - RATE * scaled("rate")) * of_odds
    achieved = random.random(len(unit)) < odds / (1 + odds)
    cost = COST * scaled("cost") * of_cost * np.where(achieved, 1.0, COST_OF_FAILURE)
    seconds = SECONDS * scaled("seconds") * of_seconds
    value = VALUE * scaled("value") * of_value
    columns = {
        "experiment": unit // units + 1,
        "unit": unit % units + 1,
        "number": number,
        "day": unit % units * days // units,
        "is_treated": is_treated[unit],
        "achieved": achieved,
        "cost": cost * random.lognormal(0, SPREAD, len(unit)),
        "seconds": seconds * random.lognormal(0, SPREAD, len(unit)),
        "value": value * random.lognormal(0, SPREAD, len(unit)),
    }
    return pyarrow.table({name: pyarrow.array(values) for name, values in columns.items()})


RECORDS = {
    "sessions": f"""
select session_id || '-session' as event_id, session_id, 'production' as environment, started_at as occurred_at, customer_id,
    started_at, experiment, variant, {LOADED_AT} as loaded_at, 'simulated' as batch_id
from named""",
    "goal_events": f"""
select session_id || '-goal' as event_id, session_id, 'production' as environment, started_at + interval 5 minute as occurred_at,
    '{GOAL}' as goal, achieved, 'automatic' as verdict_source, case when achieved then seconds end as time_to_goal_seconds,
    customer_id, {LOADED_AT} as loaded_at, 'simulated' as batch_id
from named""",
    "cost_events": f"""
select session_id || '-cost' as event_id, session_id, 'production' as environment, started_at + interval 5 minute as occurred_at,
    cast(cost as decimal(18, 6)) as amount, 'USD' as currency, 'llm' as cost_type, '{GOAL}' as goal,
    {LOADED_AT} as loaded_at, 'simulated' as batch_id
from named""",
    "value_events": f"""
select session_id || '-value' as event_id, session_id, 'production' as environment, started_at + interval 5 minute as occurred_at,
    cast(value as decimal(18, 4)) as amount, 'USD' as currency, 'revenue' as value_type, '{GOAL}' as goal,
    {LOADED_AT} as loaded_at, 'simulated' as batch_id
from named
where achieved""",
}

NAMED = f"""
create or replace temp table named as
select *, experiment || '-' || unit || '-' || number as session_id,
    case when is_clustered then experiment || '-' || unit end as customer_id
from (
    select * replace (scenario || '_' || lpad(cast(experiment as varchar), 5, '0') as experiment),
        case when is_treated then '{TREATMENT}' else '{CONTROL}' end as variant,
        {STARTED_AT} + interval (day) day + interval (unit) second + interval (7 * number) hour as started_at
    from (select ? as scenario, ? as is_clustered, * from simulated)
)"""


def generate(path: Path, experiments: int, units: int, days: int, seed: int) -> Iterator[str]:
    """Write a DuckDB file with the raw tables, and say what was written.

    Args:
        path: the file, which does not exist yet.
        experiments: how many of each scenario.
        units: units of each experiment, of both variants together.
        days: over how many days they arrive.
        seed: for the random numbers.
    """
    with duckdb.connect(str(path)) as connection:
        for statement in create_all(SCHEMA):
            connection.execute(statement)
        for scenario in SCENARIOS:
            simulated = simulate(scenario, experiments, units, days, seed)
            connection.register("simulated", simulated)
            connection.execute(NAMED, [scenario.name, scenario.is_clustered])
            for table, query in RECORDS.items():
                connection.execute(f"insert into {SCHEMA}.{table} by name {query}")
            yield f"{scenario.name}: {experiments:,} experiments of {units} units, {simulated.num_rows:,} sessions"
