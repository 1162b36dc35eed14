"""Rule 11: one outcome for all of a customer's sessions in a window."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from reference.definitions import Definitions, InForce, below, is_expected, members
from reference.derivation import Derivation
from reference.money import potential_value
from reference.session import Session, add_judgements
from reference.settings import Settings
from reference.values import Row, total
from reference.verdicts import recorded_outcome, time_it


@dataclass
class CustomerWindow:
    """A customer's sessions that decide one customer goal together.

    Attributes:
        rows: the rows of the customer outcomes.
    """

    rows: list[Row] = field(default_factory=list)


def roots(in_force: InForce) -> dict[str, set[str]]:
    """The topmost customer goals, each with its members."""
    found = {row["goal"]: members(row["goal"], in_force) for row in in_force.values() if row["scope"] == "customer"}
    nested = {name for goal, names in found.items() for name in names if name != goal}
    return {goal: names for goal, names in found.items() if goal not in nested}


def customer_windows(sessions: Iterable[Session], versions: Definitions, settings: Settings) -> list[CustomerWindow]:
    """Every window of every customer and customer goal."""
    visits: dict[tuple[str, str, str], list[tuple[Session, list[Row]]]] = {}
    for session in sorted(sessions, key=lambda s: (s.row["started_at"], s.row["session_id"])):
        if session.row["customer_id"] is not None:
            for root, names in roots(session.in_force).items():
                if events := [event for event in session.events if event["goal"] in names]:
                    key = (session.row["environment"], session.row["customer_id"], root)
                    visits.setdefault(key, []).append((session, events))
    windows = []
    for (_, _, root), own in visits.items():
        start = own[0][0].row["started_at"]
        days = own[0][0].in_force[root]["window_days"]
        length = None if days is None else timedelta(days=int(days))
        numbered: dict[int, list[tuple[Session, list[Row]]]] = {}
        for session, events in own:
            number = 1 if length is None else 1 + (session.row["started_at"] - start) // length
            numbered.setdefault(number, []).append((session, events))
        for number, inside in numbered.items():
            began = start if length is None else start + (number - 1) * length
            times = {"window_number": number, "window_started_at": began}
            times["window_ended_at"] = None if length is None else began + length
            windows.append(CustomerWindow(_rows(root, times, inside, versions, settings)))
    return windows


def _rows(
    root: str, times: Row, visits: Sequence[tuple[Session, list[Row]]], versions: Definitions, settings: Settings
) -> list[Row]:
    sessions = [session for session, _ in visits]
    events = [event for _, own in visits for event in own]
    opening, in_force = sessions[0].row, sessions[0].in_force
    recorded = {}
    for goal in sorted({event["goal"] for event in events}):
        of_goal = [event for event in events if event["goal"] == goal]
        recorded[goal] = recorded_outcome(goal, of_goal, in_force, settings)
        time_it(recorded[goal], opening["started_at"], is_start_own_event=False)
    derivation = Derivation(recorded, in_force, versions.today, settings, derives_customer_goals=True)
    rows = []
    for goal in sorted({root} | below(root, in_force)):
        if goal not in derivation.outcomes:
            continue
        target = in_force[goal]["target_achievement_rate"]
        outcome = derivation.outcomes[goal] | derivation.facts(goal, [])
        row = {
            **outcome,
            **times,
            "environment": opening["environment"],
            "customer_id": opening["customer_id"],
            "customer_goal": root,
            "unit_started_at": opening["started_at"],
            **{name: opening[name] for name in ("agent", "customer_segment", "model", "session_date")},
            "definition": in_force[goal],
            "depth": _depth(goal, root, in_force),
            "window_date": opening["session_date"],
            "is_customer_scoped": in_force[goal]["scope"] == "customer",
            "target_achievement_rate": None if target is None else Decimal(target),
            "goal_kind": in_force[goal]["kind"],
            "goal_scope": in_force[goal]["scope"],
            "is_expected": is_expected(in_force[goal], opening["agent"]),
            "count_sessions": len(sessions),
            "rolled_up_cost": _sum_over(goal, "own_cost", sessions, in_force),
            "rolled_up_value": _sum_over(goal, "own_value", sessions, in_force),
        }
        default = in_force[goal]["value_per_achievement"]
        default = None if default is None else Decimal(default)
        if row["verdict"] == "achieved" and row["rolled_up_value"] is None:
            row["rolled_up_value"] = default
        row["potential_value"] = potential_value(row, default)
        rests_on = row["source_goal"] if row["is_rule_derived"] else goal
        row["metric_cost"] = _sum_over(rests_on, "own_cost", sessions, in_force)
        if not row["is_recorded"]:
            _time_derived(row)
        add_judgements(row)
        rows.append(row)
    return rows


def _depth(goal: str, root: str, in_force: InForce) -> int:
    return 0 if goal == root else 1 + _depth(in_force[goal]["parent_goal"], root, in_force)


def _sum_over(goal: str, column: str, sessions: Sequence[Session], in_force: InForce) -> Decimal | None:
    """What a goal and those below it come to in all of the window's sessions."""
    counted = {goal} | below(goal, in_force)
    amount: Decimal | None = total(o[column] for session in sessions for name, o in session.goals.items() if name in counted)
    return amount


def _time_derived(row: Row) -> None:
    is_timed = row["verdict"] == "achieved" and row["decided_at"] is not None
    seconds = (row["decided_at"] - row["unit_started_at"]).total_seconds() if is_timed else None
    row["time_to_goal_seconds"] = None if seconds is None or seconds < 0 else seconds
