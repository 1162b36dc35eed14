"""Results adjusted for what the units did before, against tea-tasting's adjustment of the same units."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pyarrow
import pytest
from tea_tasting import Mean, RatioOfMeans

from loading_helpers import write_lines
from project import Marts, build_marts

from .agreement import Agreement, absolute, relative
from .declared import declaring_project
from .oracle import STARTED_AT, Oracle, Row
from .test_units import result, units_of

pytestmark = pytest.mark.xdist_group("experiments")

EXPERIMENT, GOAL = "clustered", "resolve"
DAYS = 30

METRICS = {
    "goal_achievement_rate": RatioOfMeans("achieved", "attempts", "pre_achieved", "pre_attempts"),
    "achieved_per_unit": Mean("achieved", "pre_achieved"),
    "net_value_per_unit": Mean("net_value", "pre_net_value"),
}


@pytest.fixture(scope="module")
def adjusted(oracle: Oracle, tmp_path_factory: pytest.TempPathFactory) -> Marts:
    folder = tmp_path_factory.mktemp("covariates")
    declarations = [row for row in oracle.declarations() if row["experiment"] == EXPERIMENT]
    project = declaring_project(folder / "project", declarations)
    during = (record for record in oracle.records() if record["session_id"].startswith(EXPERIMENT))
    records = write_lines(folder / "records.ndjson", [*during, *earlier_records(oracle)])
    return build_marts(folder, [records], {"agent_goals__experiment_covariate_days": DAYS}, project=project)


def earlier(oracle: Oracle) -> list[dict[str, str]]:
    """What each customer did before the experiment."""
    with (oracle.folder / f"{EXPERIMENT}_pre.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def earlier_records(oracle: Oracle) -> Iterator[Row]:
    """The same as sessions: the first of a customer has all the cost."""
    for unit in earlier(oracle):
        for number in range(int(unit["pre_sessions"])):
            common = {
                "session_id": f"earlier-{unit['unit_id']}-{number}",
                "occurred_at": (STARTED_AT - timedelta(days=5, seconds=number)).isoformat(),
            }
            cost = unit["pre_cost"] if number == 0 else "0"
            yield {"type": "session", "customer_id": f"{EXPERIMENT}-{unit['unit_id']}", **common}
            yield {"type": "goal", "goal": GOAL, "achieved": number < int(unit["pre_achieved"]), **common}
            yield {"type": "cost", "goal": GOAL, "amount": cost, **common}


@pytest.fixture(scope="module")
def table(oracle: Oracle) -> pyarrow.Table:
    """The units with what they did before."""
    before = {unit["unit_id"]: unit for unit in earlier(oracle)}
    rows: list[dict[str, Any]] = []
    for unit_id, unit in units_of(oracle, EXPERIMENT, GOAL).items():
        known = before[unit_id]
        rows.append(
            {
                **unit,
                "pre_attempts": int(known["pre_sessions"]),
                "pre_achieved": int(known["pre_achieved"]),
                "pre_net_value": -float(known["pre_cost"]),
            }
        )
    return pyarrow.Table.from_pylist(rows)


@pytest.mark.parametrize("metric", METRICS)
def test_a_covariate_adjusts_as_tea_tasting_does(adjusted: Marts, table: pyarrow.Table, metric: str) -> None:
    expected = METRICS[metric].analyze(table, control="control", treatment="treatment", variant="variant")
    agreement = Agreement()
    compare(agreement, result(adjusted, EXPERIMENT, GOAL, metric, "treatment"), expected._asdict())
    agreement.check()


def test_the_achievement_rate_is_the_oracles(oracle: Oracle, adjusted: Marts) -> None:
    expected = oracle.expected["cuped"]["goal_rate_ratio_of_means"]["ratio_covariate__tea_tasting"]
    agreement = Agreement()
    compare(agreement, result(adjusted, EXPERIMENT, GOAL, "goal_achievement_rate", "treatment"), expected)
    agreement.check()


def compare(agreement: Agreement, found: dict[str, Any], expected: dict[str, Any]) -> None:
    """The arms' estimates stay what was seen; what is adjusted is how they differ."""
    agreement.compare("difference", found["difference"], expected["effect_size"], relative)
    ends = (expected["effect_size_ci_lower"], expected["effect_size_ci_upper"])
    agreement.compare_ends("difference", (found["difference_low"], found["difference_high"]), ends, absolute)
    agreement.compare("statistic", found["statistic"], expected["statistic"], relative)
    agreement.compare("p_value", found["p_value"], expected["pvalue"], absolute)
