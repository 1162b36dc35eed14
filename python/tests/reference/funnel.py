"""Where the attempts at a composite goal get lost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median

from reference.composites import ACHIEVED, NOT_ACHIEVED, NOT_APPLICABLE, SubGoal
from reference.customers import CustomerWindow
from reference.session import Session
from reference.settings import Settings
from reference.values import Row, first, quotient


@dataclass(frozen=True)
class Attempt:
    """A composite that was achieved or not in a session or customer window.

    Attributes:
        composite: its outcome.
        start: when the session or window began.
        day: the day of the session, or of the window's first one.
        steps: its sub-goals there, without those that were not applicable.
    """

    composite: Row
    start: datetime
    day: date
    steps: dict[str, SubGoal]

    def achieved(self, goal: str) -> Row | None:
        """The outcome of a sub-goal, or of the composite itself, where it was achieved."""
        outcome = self.composite if goal == self.composite["goal"] else self.steps[goal].outcome if goal in self.steps else None
        return outcome if outcome and outcome["verdict"] == ACHIEVED else None

    def achieved_at(self, goal: str) -> datetime | None:
        """When it was first achieved; None when it was not, or when nobody knows."""
        outcome = self.achieved(goal)
        at: datetime | None = first(outcome["first_achieved_at"], outcome["decided_at"]) if outcome else None
        return at

    def drop_off(self, order: Sequence[str]) -> str | None:
        """The first required step that was not achieved, else the composite; None for an attempt that succeeded."""
        if self.composite["verdict"] == ACHIEVED:
            return None
        required = [goal for goal in order if goal in self.steps and self.steps[goal].is_required]
        failed = [goal for goal in required if self.steps[goal].verdict != ACHIEVED]
        return [*failed, str(self.composite["goal"])][0]


def funnels(sessions: Iterable[Session], windows: Iterable[CustomerWindow], settings: Settings) -> list[Row]:
    """A row for each composite, period and agent, and each step and the composite itself."""
    by_funnel: dict[tuple[str, date, str, str], list[Attempt]] = {}
    for attempt in _attempts(sessions, windows):
        composite = attempt.composite
        if composite["environment"] in settings.environments:
            period = period_start(attempt.day, settings.funnel_period)
            key = (composite["environment"], period, composite["agent"] or "unknown", composite["goal"])
            by_funnel.setdefault(key, []).append(attempt)
    rows = []
    for (environment, period, agent, composite_goal), attempts in by_funnel.items():
        grain = {"environment": environment, "period_start": period, "agent": agent, "composite_goal": composite_goal}
        rows += [grain | row for row in _funnel(composite_goal, attempts)]
    return rows


def period_start(day: date, period: str) -> date:
    """The first day of the period that a day is in; weeks begin on Monday."""
    return {
        "day": day,
        "week": day - timedelta(days=day.weekday()),
        "month": day.replace(day=1),
        "quarter": day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1),
        "year": day.replace(month=1, day=1),
    }[period]


def _attempts(sessions: Iterable[Session], windows: Iterable[CustomerWindow]) -> list[Attempt]:
    units = [(outcome, session.row["started_at"]) for session in sessions for outcome in session.goals.values()]
    units += [(row, row["unit_started_at"]) for window in windows for row in window.rows if row["goal_scope"] == "customer"]
    return [
        Attempt(
            outcome,
            start,
            outcome["session_date"],
            {sub.goal: sub for sub in outcome["sub_goals"] if sub.verdict != NOT_APPLICABLE},
        )
        for outcome, start in units
        if outcome["sub_goals"] and outcome["verdict"] in (ACHIEVED, NOT_ACHIEVED)
    ]


def _funnel(composite_goal: str, attempts: Sequence[Attempt]) -> list[Row]:
    steps = sorted({goal for attempt in attempts for goal in attempt.steps}, key=lambda goal: _place(goal, attempts))
    order = [*steps, composite_goal]
    dropped = [attempt.drop_off(order) for attempt in attempts]
    counts = {goal: dropped.count(goal) for goal in order}
    rows = []
    for number, goal in enumerate(order, start=1):
        is_composite = goal == composite_goal
        here = [(attempt, at) for attempt, at in zip(attempts, dropped, strict=True) if is_composite or goal in attempt.steps]
        got_here = [attempt for attempt, at in here if at is None or order.index(at) >= number - 1]
        judged = [] if is_composite else [a for a, _ in here if a.steps[goal].verdict in (ACHIEVED, NOT_ACHIEVED)]
        waits = [_wait(attempt, order[number - 2] if number > 1 else None, goal) for attempt in attempts]
        known = [seconds for seconds in waits if seconds is not None]
        rows.append(
            {
                "sub_goal": goal,
                "is_composite": is_composite,
                "step_number": number,
                "count_attempts": len(attempts),
                "count_reached": len({id(attempt) for attempt in [*got_here, *judged]}),
                "count_achieved": sum(attempt.achieved(goal) is not None for attempt in attempts),
                "count_dropped_off": counts[goal],
                "drop_off_share": quotient(counts[goal], sum(counts.values())),
                "drop_off_rank": 1 + sum(count > counts[goal] for count in counts.values()),
                "median_seconds_from_previous_step": median(known) if known else None,
            }
        )
    return rows


def _place(goal: str, attempts: Sequence[Attempt]) -> tuple[bool, int, bool, float, str]:
    """Where a step comes: by its defined sequence, else by when it was first heard of."""
    sequences, waits = [], []
    for attempt in attempts:
        if step := attempt.steps.get(goal):
            if step.sequence is not None:
                sequences.append(int(step.sequence))
            if step.outcome and step.outcome["events"]:
                waits.append((step.outcome["events"][0]["at"] - attempt.start).total_seconds())
    return not sequences, min(sequences, default=0), not waits, 0 if sequences or not waits else median(waits), goal


def _wait(attempt: Attempt, before: str | None, goal: str) -> float | None:
    began = attempt.start if before is None else attempt.achieved_at(before)
    ended = attempt.achieved_at(goal)
    return None if began is None or ended is None else (ended - began).total_seconds()
