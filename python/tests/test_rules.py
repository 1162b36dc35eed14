"""The marts of random, nasty records against a second implementation of the rules, every row and column of them."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from agent_goals import loading
from loading_helpers import write_lines
from project import ROOT, Marts, build_marts
from random_records import definitions, rates, two_loads
from reference import Expected, Row, Settings, expected_marts
from reference.definitions import CELLS

pytestmark = pytest.mark.xdist_group("rules")


@dataclass(frozen=True)
class Case:
    """A build and what it should hold."""

    marts: Marts
    expected: Expected


SETTINGS = [
    Settings(
        cost_allocation="even",
        timezone="America/New_York",
        environments=("production", "staging"),
        max_goal_depth=3,
        funnel_period="week",
    ),
    Settings(
        cost_allocation="weight",
        timezone="Asia/Kathmandu",
        environments=("production", "evaluation", "qa"),
        verdict_precedence=("automatic", "judge", "human"),
        reporting_currency="EUR",
        max_goal_depth=4,
        restate_definitions=True,
        funnel_period="year",
    ),
    Settings(
        cost_allocation="primary",
        verdict_precedence=("judge", "human", "automatic"),
        default_currency="EUR",
        funnel_period="day",
    ),
]


@pytest.fixture(scope="module")
def loads() -> list[list[Row]]:
    return two_loads(seed=20260131, count_sessions=400)


@pytest.fixture(scope="module", params=SETTINGS, ids=lambda settings: settings.cost_allocation)
def case(request: pytest.FixtureRequest, loads: list[list[Row]], tmp_path_factory: pytest.TempPathFactory) -> Case:
    settings: Settings = request.param
    folder = tmp_path_factory.mktemp(f"rules_{settings.cost_allocation}")
    variables = {f"agent_goals__{name}": _yaml(value) for name, value in asdict(settings).items()}
    load_all(folder / "agent_goals.duckdb", folder, loads)
    marts = build_marts(folder, [], variables, project=project_with_seeds(folder / "project"))
    return Case(marts, expected_marts(loads, definitions(), rates(), settings))


def _yaml(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def project_with_seeds(folder: Path) -> Path:
    """A project that installs this one and brings definitions and rates of its own."""
    seeds = folder / "seeds"
    seeds.mkdir(parents=True)
    (folder / "packages.yml").write_text(f"packages:\n  - local: {ROOT}\n", encoding="utf-8")
    # As text, amounts stay as exact as they are written, and moments keep their offset.
    texts = ", ".join(f"{cell}: varchar(64)" for cell in CELLS)
    (folder / "dbt_project.yml").write_text(
        f"""
name: rules
version: 1.0.0
config-version: 2
profile: agent_goals
flags: {{send_anonymous_usage_stats: false}}
seeds:
  rules:
    rule_goals: {{+column_types: {{{texts}}}}}
    rule_rates: {{+column_types: {{rate: varchar(64)}}}}
vars:
  agent_goals__goal_definitions: rule_goals
  agent_goals__exchange_rates: rule_rates
""",
        encoding="utf-8",
    )
    write_csv(seeds / "rule_goals.csv", definitions())
    write_csv(seeds / "rule_rates.csv", rates())
    return folder


def write_csv(path: Path, rows: list[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def load_all(database: Path, folder: Path, loads: list[list[Row]]) -> None:
    for number, records in enumerate(loads):
        path = write_lines(folder / f"load_{number}.ndjson", records)
        with duckdb.connect(str(database)) as connection:
            report = loading.load(connection, loading.find_sources([path]))
            assert report.count_rejected == 0


@dataclass(frozen=True)
class Difference:
    """What a mart and the reference say differently.

    Attributes:
        row: the row on the side that has it.
        column: the column with another value; empty where the row itself is too many or missing.
        told: the difference in words.
    """

    row: Row
    column: str
    told: str


def differences(found: list[Row], expected: list[Row], key: Sequence[str]) -> Iterator[Difference]:
    by_key = {tuple(row[name] for name in key): row for row in expected}
    assert len(by_key) == len(expected), "the reference has a row twice"
    for row in found:
        name = tuple(row[column] for column in key)
        other = by_key.pop(name, None)
        if other is None:
            yield Difference(row, "", f"{name}: not expected, or there twice")
            continue
        for column, value in row.items():
            if not is_same(column, value, other.get(column)):
                yield Difference(row, column, f"{name} {column}: {value!r}, expected {other.get(column)!r}")
    yield from (Difference(row, "", f"{name}: missing") for name, row in by_key.items())


def is_same(column: str, found: Any, expected: Any) -> bool:
    if found is None or expected is None:
        return found is None and expected is None
    if column == "metadata":
        return bool(json.loads(found) == expected)
    if isinstance(found, datetime):
        return bool(found.replace(tzinfo=UTC) == expected)
    if isinstance(found, float):
        return math.isclose(found, expected, rel_tol=1e-14, abs_tol=1e-14)
    return bool(found == expected)


KEYS = {
    "sessions": ["environment", "session_id"],
    "outcomes": ["environment", "session_id", "goal"],
    "cost_lines": ["event_id", "goal"],
    "customer_outcomes": ["environment", "customer_id", "goal", "customer_goal", "window_number"],
    "funnel": ["environment", "period_start", "agent", "composite_goal", "sub_goal"],
    "daily": ["metric_date", "environment", "agent", "goal", "customer_segment", "model"],
    "sessions_daily": ["metric_date", "environment", "agent", "customer_segment", "model"],
}
MARTS = {
    "sessions": "agent_goals__sessions",
    "outcomes": "agent_goals__goal_outcomes",
    "cost_lines": "agent_goals__cost_lines",
    "customer_outcomes": "agent_goals__customer_outcomes",
    "funnel": "agent_goals__goal_funnel",
    "daily": "agent_goals__goal_metrics_daily",
    "sessions_daily": "agent_goals__session_metrics_daily",
}


def differences_of(case: Case, mart: str) -> list[Difference]:
    return list(differences(case.marts.rows(f"select * from {MARTS[mart]}"), getattr(case.expected, mart), KEYS[mart]))


@pytest.mark.parametrize("mart", KEYS)
def test_the_mart_is_what_the_rules_say(case: Case, mart: str) -> None:
    told = [d.told for d in differences_of(case, mart)]
    assert not told, f"{len(told)} differences:\n" + "\n".join(told[:40])
