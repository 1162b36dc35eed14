"""agent_goals__failure_patterns: its figures against scipy's and statsmodels', and what it finds with a pattern and without one.

AGENT_GOALS_SIMULATIONS multiplies how many data sets are drawn.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import combinations
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from compiled import CompiledModels
from diagnostics.rows import as_mappings

pytestmark = pytest.mark.xdist_group("failure_patterns")

ATTEMPTS = "int_agent_goals__attempts"
COUNTS = "int_agent_goals__pattern_counts"
TESTS = "int_agent_goals__pattern_tests"
MART = "agent_goals__failure_patterns"
MIN_ATTEMPTS, MAX_PAIRS, Q_LIMIT = 30, 200, 0.05
SIMULATIONS = int(os.environ.get("AGENT_GOALS_SIMULATIONS", "1"))
#: The chance with which a simulation may go wrong although what it tests is right.
FALSE_ALARM = 1e-4
START = datetime(2026, 3, 2)
#: When New York's clocks went forward, in UTC.
SUMMER = datetime(2026, 3, 8, 7)

Row = dict[str, Any]
Generator = np.random.Generator
Failed = NDArray[np.bool_]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> CompiledModels:
    variables = {"agent_goals__segment_keys": ["tier"], "agent_goals__timezone": "America/New_York"}
    return CompiledModels(tmp_path_factory.mktemp("failure_patterns"), variables)


class Sessions:
    """Random sessions with one attempt at one goal each, whose failures have nothing to do with anything else in them.

    Args:
        generator: what they are drawn from.
        count: how many.
    """

    CHOICES = {
        "agent": ["amber", "birch", "cedar"],
        "customer_segment": ["enterprise", "free", "team"],
        "channel": ["chat", "mail", "voice", None],
        "model": ["large", "small"],
        "metadata.tier": ["bronze", "gold", "silver", None],
    }

    def __init__(self, generator: Generator, count: int) -> None:
        self.drawn = [
            {name: values[generator.integers(len(values))] for name, values in self.CHOICES.items()}
            | {"number": number, "started_at": START + timedelta(minutes=int(generator.integers(14 * 24 * 60)))}
            | {"tries": int(generator.integers(1, 7)), "failed": bool(generator.random() < 0.2)}
            | {"cost": None if generator.random() < 0.1 else round(float(generator.lognormal()), 4)}
            for number in range(count)
        ]

    def records(self) -> Iterator[Row]:
        """What lands of them."""
        for row in self.drawn:
            base = {"session_id": f"s{row['number']}", "environment": "production", "occurred_at": row["started_at"]}
            named = {name: row[name] for name in ("agent", "customer_segment", "channel", "model")}
            tier = f'{{"tier": "{row["metadata.tier"]}"}}' if row["metadata.tier"] else None
            yield base | named | {
                "type": "session", "event_id": f"s{row['number']}", "started_at": row["started_at"], "metadata": tier,
            }  # fmt: skip
            yield base | {
                "type": "goal", "event_id": f"g{row['number']}", "goal": "solved", "achieved": not row["failed"],
                "verdict_source": "automatic", "metadata": f'{{"attempts": {row["tries"]}}}',
            }  # fmt: skip
            if row["cost"] is not None:
                yield base | {
                    "type": "cost", "event_id": f"c{row['number']}", "amount": row["cost"], "currency": "USD", "cost_type": "llm",
                }  # fmt: skip

    def attributes(self) -> list[dict[str, str]]:
        """The dimensions of each, worked out from what was drawn."""
        hours = Counter(map(self._agent_hour, self.drawn))
        busy: dict[str, list[int]] = {agent: [] for agent in self.CHOICES["agent"] if agent}
        for row in self.drawn:
            busy[row["agent"]].append(hours[self._agent_hour(row)])
        return [self._attributes(row, hours[self._agent_hour(row)], busy[row["agent"]]) for row in self.drawn]

    def tables(self, failed: list[Failed]) -> pa.Table:
        """The attempts as the model has them, once for each set of failures, in an environment of its own."""
        attributes, sets = self.attributes(), len(failed)
        columns = {name: [values[name] for values in attributes] * sets for name in attributes[0]}
        columns["metadata_1"] = columns.pop("metadata.tier")
        count = len(attributes) * sets
        return pa.table({
            "environment": np.repeat([f"{number:05}" for number in range(sets)], len(attributes)), "goal": ["solved"] * count,
            **columns, "turns": ["unknown"] * count, "variant": ["unknown"] * count, "is_achieved": ~np.concatenate(failed),
            "metric_cost": pa.nulls(count, pa.decimal128(28, 10)),
        })  # fmt: skip

    @staticmethod
    def _agent_hour(row: Row) -> tuple[str, datetime]:
        return row["agent"], row["started_at"].replace(minute=0)

    def _attributes(self, row: Row, load: int, busy: list[int]) -> dict[str, str]:
        local = row["started_at"] - timedelta(hours=5 if row["started_at"] < SUMMER else 4)
        return {name: row[name] or "unknown" for name in self.CHOICES} | {
            "hour_of_day": f"{local.hour:02}",
            "weekday": f"{local:%A}",
            "load_decile": str(-(-10 * sum(other <= load for other in busy) // len(busy))),
            "tries": str(row["tries"]) if row["tries"] < 5 else "5 or more",
        }


def fisher(failures: int, attempts: int, other_failures: int, other_attempts: int) -> float:
    """Twice the tail to the side on which the first rate is, by scipy's hypergeometric distribution."""
    given = stats.hypergeom(attempts + other_attempts, failures + other_failures, attempts)
    is_low = failures * other_attempts <= other_failures * attempts
    return float(min(1.0, 2 * (given.cdf(failures) if is_low else given.sf(failures - 1))))


def test_a_p_value_is_that_of_fishers_exact_test(models: CompiledModels) -> None:
    generator = np.random.default_rng(7)
    tables = [(0, 30, 0, 40), (30, 30, 40, 40), (0, 30, 40, 40), (30, 30, 0, 40), (1, 30, 0, 10**6), (2, 40, 4, 10**6)]
    for _ in range(3000):
        attempts, rest = (int(10 ** generator.uniform(0.3, 5.5)) for _ in range(2))
        rate = 10 ** generator.uniform(-5, 0)
        rate = float(generator.choice([rate, 1 - rate]))
        spread = np.sqrt(attempts * rate * (1 - rate) * (1 + attempts / rest))
        failures = int(np.clip(round(attempts * rate + generator.uniform(-7, 7) * spread), 0, attempts))
        tables.append((failures, attempts, int(np.clip(round(rest * rate), 0, rest)), rest))
    names = ["failures", "attempts", "rest_failures", "rest_attempts"]
    given = pa.table(
        {"pattern_number": range(len(tables)), **dict(zip(names, map(list, zip(*tables, strict=True)), strict=True))}
        | {f"{value}_{count}": pa.nulls(len(tables), pa.int64()) for value in ("first", "second") for count in names[:2]}
    )
    connection = models.build_on({COUNTS: given}, [TESTS])
    found = dict(connection.execute(f"select pattern_number, p_value from main_agent_goals_staging.{TESTS}").fetchall())
    expected = [fisher(*table) for table in tables]
    assert sum(1e-100 < p < 1e-3 for p in expected) > 400
    for number, (p, table) in enumerate(zip(expected, tables, strict=True)):
        assert found[number] == pytest.approx(p, rel=1e-5, abs=1e-250), table


def test_each_row_is_what_statistics_libraries_make_of_its_sessions(models: CompiledModels) -> None:
    sessions = Sessions(np.random.default_rng(11), 1600)
    connection = models.build([list(sessions.records())], until=[MART])
    found = {keys_of(row): row for row in as_mappings(connection, MART)}
    attributes = sessions.attributes()

    counted: dict[tuple[tuple[str, str], ...], list[Row]] = {}
    for row, values in zip(sessions.drawn, attributes, strict=True):
        for size in (1, 2):
            for group in combinations(values.items(), size):
                counted.setdefault(tuple(sorted(group)), []).append(row)
    both = {key: members for key, members in counted.items() if len(members) >= MIN_ATTEMPTS}
    singles = {key: members for key, members in both.items() if len(key) == 1}
    pairs = {
        key: members
        for key, members in both.items()
        if len(key) == 2 and all(len(counted[part,]) - len(members) >= MIN_ATTEMPTS for part in key)
    }
    assert len(pairs) > MAX_PAIRS
    assert {key for key in found if len(key) == 1} == set(singles)
    shown = [key for key in found if len(key) == 2]
    assert len(shown) == MAX_PAIRS
    left_out = max(len(members) for key, members in pairs.items() if key not in found)
    assert min(len(pairs[key]) for key in shown) >= left_out

    all_failures = sum(row["failed"] for row in sessions.drawn)
    deciding = {}
    for key, row in found.items():
        attempts, failures = len(counted[key]), sum(member["failed"] for member in counted[key])
        rest, rest_failures = len(sessions.drawn) - attempts, all_failures - failures
        assert (row["count_attempts"], row["count_failures"]) == (attempts, failures)
        assert (row["count_attempts_rest"], row["count_failures_rest"]) == (rest, rest_failures)
        assert row["share_of_failures"] == pytest.approx(failures / all_failures)
        assert row["p_value"] == pytest.approx(fisher(failures, attempts, rest_failures, rest), rel=1e-5)
        parts = []
        for part in key if len(key) == 2 else ():
            other = len(counted[part,]) - attempts
            other_failures = sum(member["failed"] for member in counted[part,]) - failures
            is_worse = failures * other > other_failures * attempts
            parts.append(fisher(failures, attempts, other_failures, other) if is_worse else 1.0)
        assert row["p_value_parts"] == (pytest.approx(max(parts), rel=1e-5) if parts else None)
        deciding[key] = max([row["p_value"], *parts])
        assert_intervals(row, failures, attempts, rest_failures, rest)
        costs = [member["cost"] for member in counted[key] if member["failed"] and member["cost"] is not None]
        assert row["count_failures_without_cost"] == failures - len(costs)
        assert float(row["wasted_cost"] or 0) == pytest.approx(sum(costs))
        assert row["excess_cost"] == (
            pytest.approx((failures - rest_failures / rest * attempts) * sum(costs) / len(costs), abs=1e-9) if costs else None
        )
    q_values = multipletests(list(deciding.values()), method="fdr_bh")[1]
    assert [found[key]["q_value"] for key in deciding] == pytest.approx(list(q_values), rel=1e-5)


def keys_of(row: Row) -> tuple[tuple[str, str], ...]:
    named = [(row["dimension"], row["value"]), (row["dimension_2"], row["value_2"])]
    return tuple(sorted(pair for pair in named if pair[0] is not None))


def assert_intervals(row: Row, failures: int, attempts: int, rest_failures: int, rest: int) -> None:
    low, high = proportion_confint(failures, attempts, method="wilson")
    assert (row["failure_rate_low"], row["failure_rate_high"]) == pytest.approx((low, high), abs=1e-12)
    newcombe = confint_proportions_2indep(failures, attempts, rest_failures, rest, method="newcomb", compare="diff")
    excess = (row["excess_failures_low"] / attempts, row["excess_failures_high"] / attempts)
    assert excess == pytest.approx(newcombe, abs=1e-10)
    assert (row["risk_ratio_low"], row["risk_ratio_high"]) == pytest.approx(mover_r(failures, attempts, rest_failures, rest))


def mover_r(failures: int, attempts: int, rest_failures: int, rest: int) -> tuple[float, float]:
    """Donner and Zou's (2012) interval of a ratio, as the article writes it."""
    a, b = failures / attempts, rest_failures / rest
    (l1, u1), (l2, u2) = (proportion_confint(x, n, method="wilson") for x, n in ((failures, attempts), (rest_failures, rest)))
    low = (a * b - np.sqrt((a * b) ** 2 - l1 * u2 * (2 * a - l1) * (2 * b - u2))) / (u2 * (2 * b - u2))
    high = (a * b + np.sqrt((a * b) ** 2 - u1 * l2 * (2 * a - u1) * (2 * b - l2))) / (l2 * (2 * b - l2))
    return low, high


@pytest.mark.parametrize(
    ("planted", "rate"),
    [
        ((("customer_segment", "enterprise"),), 0.4),
        ((("metadata.tier", "gold"),), 0.4),
        ((("channel", "voice"), ("metadata.tier", "silver")), 0.6),
    ],
    ids=["segment", "metadata", "pair"],
)
def test_a_planted_pattern_comes_first(models: CompiledModels, planted: tuple[tuple[str, str], ...], rate: float) -> None:
    sessions = Sessions(np.random.default_rng(12), 3000)
    has_it = np.array([all(values[name] == value for name, value in planted) for values in sessions.attributes()])
    generator = np.random.default_rng(13)
    failed = [generator.random(len(has_it)) < np.where(has_it, rate, 0.2) for _ in range(10 * SIMULATIONS)]
    first = [keys_of(row) for row in patterns(models, sessions.tables(failed)) if row["pattern_rank"] == 1]
    assert first == [tuple(sorted(planted))] * len(failed)


def test_without_a_pattern_one_data_set_in_twenty_shows_one_at_most(models: CompiledModels) -> None:
    sessions = Sessions(np.random.default_rng(14), 1000)
    generator = np.random.default_rng(15)
    draws = 200 * SIMULATIONS
    rows = patterns(models, sessions.tables([generator.random(1000) < rate for rate in np.linspace(0.03, 0.6, draws)]))
    assert len({row["environment"] for row in rows}) == draws
    flagged = {row["environment"] for row in rows if row["q_value"] < Q_LIMIT}
    assert len(flagged) <= stats.binom.ppf(1 - FALSE_ALARM, draws, Q_LIMIT)


def patterns(models: CompiledModels, attempts: pa.Table) -> list[Row]:
    return as_mappings(models.build_on({ATTEMPTS: attempts}, [COUNTS, TESTS, MART]), MART)
