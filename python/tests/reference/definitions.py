"""Rule 4: definitions have versions, and what a definition means is that of the version in force."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from reference.values import Row, instant

SINCE_EVER = datetime(1970, 1, 1, tzinfo=UTC)
FOR_EVER = datetime(9999, 12, 31, tzinfo=UTC)

InForce = Mapping[str, Row]

#: What a cell that says nothing means.
DEFAULTS: dict[str, Any] = {
    "kind": "binary",
    "scope": "session",
    "weight": "1",
    "is_required": True,
    "is_primary": False,
    "threshold_operator": ">=",
    "composite_rule": "all",
}
CELLS = (
    "goal",
    "kind",
    "description",
    "scope",
    "window_days",
    "parent_goal",
    "sequence",
    "weight",
    "is_required",
    "is_primary",
    "composite_rule",
    "composite_threshold",
    "source_goal",
    "field",
    "threshold",
    "threshold_operator",
    "expected_agents",
    "value_per_achievement",
    "target_achievement_rate",
    "valid_from",
    "valid_to",
)


class Definitions:
    """Every version of every definition."""

    def __init__(self, rows: Iterable[Row], now: datetime) -> None:
        by_goal: dict[str, list[Row]] = {}
        for row in rows:
            filled: Row = {cell: DEFAULTS.get(cell) if row.get(cell) is None else row[cell] for cell in CELLS}
            filled["valid_from"] = instant(filled["valid_from"]) if filled["valid_from"] else SINCE_EVER
            filled["weight"] = Decimal(filled["weight"])
            by_goal.setdefault(filled["goal"], []).append(filled)
        self.versions: list[Row] = []
        for versions in by_goal.values():
            versions.sort(key=lambda row: row["valid_from"])
            ends = [*(row["valid_from"] for row in versions[1:]), FOR_EVER]
            for number, (row, end) in enumerate(zip(versions, ends, strict=True), start=1):
                row["version"] = number
                row["valid_to"] = instant(row["valid_to"]) if row["valid_to"] else end
                self.versions.append(row)
        self.today = self.at(now)

    def at(self, moment: datetime) -> InForce:
        """The versions in force at a moment, by goal."""
        return {row["goal"]: row for row in self.versions if row["valid_from"] <= moment < row["valid_to"]}


def sub_goals(goal: str, in_force: InForce) -> list[Row]:
    """The definitions whose parent a goal is."""
    return [row for row in in_force.values() if row["parent_goal"] == goal]


def is_expected(definition: Row | None, agent: str | None) -> bool:
    names = [name.strip() for name in ((definition or {}).get("expected_agents") or "").split(",")]
    return "*" in names or agent in names


def below(goal: str, in_force: InForce) -> set[str]:
    """The goals under a goal in the tree of definitions, at any depth."""
    found: set[str] = set()
    waiting = [goal]
    while waiting:
        new = {row["goal"] for row in sub_goals(waiting.pop(), in_force)} - found
        found |= new
        waiting += new
    return found


def members(goal: str, in_force: InForce) -> set[str]:
    """A goal and all that it rests on: its sub-goals and the sources of its rules, at any depth."""
    found = {goal}
    waiting = [goal]
    while waiting:
        definition = in_force.get(name := waiting.pop(), {})
        rests_on = {row["goal"] for row in sub_goals(name, in_force)}
        if definition.get("kind") == "derived" and definition["source_goal"]:
            rests_on.add(definition["source_goal"])
        waiting += rests_on - found
        found |= rests_on
    return found
