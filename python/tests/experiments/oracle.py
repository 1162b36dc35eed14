"""Experiments whose figures independent libraries have computed: their sessions as records, and those figures."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

#: What the figures were computed for: the confidence level and power are the package's own defaults.
PLANNED_UNITS = 1000

#: Exposures are spread over this many days. The figures are about all of them; what is always valid looks at each day.
LOOKS = 10
STARTED_AT = datetime(2026, 3, 2, 9, tzinfo=UTC)

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Oracle:
    """A folder with a CSV file for each experiment and the expected figures of all.

    Attributes:
        folder: the folder.
    """

    folder: Path

    @cached_property
    def expected(self) -> dict[str, Any]:
        """What `expected.json` holds."""
        found: dict[str, Any] = json.loads((self.folder / "expected.json").read_text(encoding="utf-8"))
        return found

    @property
    def experiments(self) -> dict[str, Any]:
        """The expected figures of each experiment by its name."""
        found: dict[str, Any] = self.expected["experiments"]
        return found

    def rows(self, experiment: str) -> list[dict[str, str]]:
        """The sessions of an experiment, a row for each goal, as text."""
        with (self.folder / f"{experiment}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def is_clustered(self, experiment: str) -> bool:
        """Whether the units are customers with several sessions."""
        return bool(self.experiments[experiment]["unit"] != "session")

    def records(self) -> Iterator[Row]:
        """The records of all experiments' sessions."""
        for experiment in self.experiments:
            seen = set()
            for row in self.rows(experiment):
                common = {"session_id": f"{experiment}-{row['session_id']}", "occurred_at": exposed_at(row).isoformat()}
                if common["session_id"] not in seen:
                    seen.add(common["session_id"])
                    customer = {"customer_id": f"{experiment}-{row['unit_id']}"} if self.is_clustered(experiment) else {}
                    assignment = {"experiment": experiment, "variant": row["variant"]}
                    yield {"type": "session", "started_at": common["occurred_at"], **common, **assignment, **customer}
                yield from _records_of_goal(row, common)

    def declarations(self) -> Iterator[Row]:
        """A row of the seed `goal_experiments` for each experiment."""
        for name, experiment in self.experiments.items():
            yield {
                "experiment": name,
                "randomisation_unit": "customer" if self.is_clustered(name) else "session",
                "variants": json.dumps(list(experiment["expected_split"])),
                "control_variant": experiment["control"],
                "expected_split": json.dumps(experiment["expected_split"]),
                "primary_goal": "resolve",
                # Several variants and goals: what a guardrail leaves out of the q-values is to be seen.
                "guardrails": json.dumps({"value_per_goal": 0.1}) if name == "three_variants" else "",
            }


def exposed_at(row: Mapping[str, str]) -> datetime:
    """When a session of the CSV files began: they have no times, so its number decides. Controls begin a day later."""
    number = int(row["session_id"].removeprefix("s"))
    return STARTED_AT + timedelta(days=number % (LOOKS - 1) + (row["variant"] == "control"), seconds=number)


def _records_of_goal(row: Mapping[str, str], common: Row) -> Iterator[Row]:
    of_goal = {**common, "goal": row["goal"]}
    is_achieved = row["achieved"] == "1"
    time = {"time_to_goal_seconds": row["time_to_goal_s"]} if is_achieved else {}
    yield {"type": "goal", "achieved": is_achieved, **of_goal, **time}
    yield {"type": "cost", "amount": row["cost"], **of_goal}
    if is_achieved:
        yield {"type": "value", "amount": row["value"], **of_goal}
