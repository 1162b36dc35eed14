"""Attempts of published runs, read from the published files, with what the diagnostics tell them apart by."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from project import rounded

GOAL = "task_resolved"

Session = dict[str, Any]


@dataclass(frozen=True)
class Attempt:
    """One judged attempt at a goal.

    Attributes:
        agent: who tried.
        goal: what for.
        model: with which model.
        achieved: whether it did.
        cost: in dollars, to ten places; None where it was not published, and for sub-goals.
        day: in UTC.
        agent_version: as published, or unknown.
        dimensions: what failures are looked through for, in the order in which the mart names the values of a pair.
    """

    agent: str
    goal: str
    model: str
    achieved: bool
    cost: Decimal | None
    day: date
    agent_version: str
    dimensions: dict[str, str]


def openhands_attempts(sessions: Iterable[Session]) -> list[Attempt]:
    """Those with an outcome. The agent is the harness, the segment the benchmark, the time that of the submission."""
    sessions = list(sessions)
    times = [_utc(session["submission_time"]) for session in sessions]
    loads = load_deciles([session["harness"] for session in sessions], times)
    return [
        Attempt(
            agent=session["harness"],
            goal=GOAL,
            model=session["model"],
            achieved=session["resolved"],
            cost=rounded(session["cost"]),
            day=at.date(),
            agent_version=session["agent_version"],
            dimensions={
                "agent": session["harness"],
                "customer_segment": session["benchmark"],
                "model": session["model"],
                "hour_of_day": f"{at:%H}",
                "weekday": f"{at:%A}",
                "load_decile": load,
            },
        )
        for session, at, load in zip(sessions, times, loads, strict=True)
        if session["resolved"] is not None
    ]


def tau2_attempts(sessions: Iterable[Session]) -> list[Attempt]:
    """At the task and at its sub-goals, a check of the same name again in a session being a goal of its own."""
    sessions = list(sessions)
    times = [_utc(session["start_time"]) for session in sessions]
    loads = load_deciles([session["variant"] for session in sessions], times)
    found = []
    for session, at, load in zip(sessions, times, loads, strict=True):
        known = [cost for cost in (session["agent_cost"], session["user_cost"]) if cost is not None]
        dimensions = {
            "agent": session["variant"],
            "model": session["agent_llm"],
            "hour_of_day": f"{at:%H}",
            "weekday": f"{at:%A}",
            "load_decile": load,
            "turns": _turns(session["messages"]),
            # The one agent that did not run every task is in no comparison.
            "variant": "unknown" if session["variant"] == "ironshell-opus-4.6" else f"tau2_airline:{session['variant']}",
        }
        for goal, achieved in _goals(session):
            cost = sum((rounded(cost) for cost in known), Decimal(0)) if known and goal == GOAL else None
            found.append(
                Attempt(session["variant"], goal, session["agent_llm"], achieved, cost, at.date(), "unknown", dimensions)
            )
    return found


def _goals(session: Session) -> Iterator[tuple[str, bool]]:
    yield GOAL, session["success"]
    seen: Counter[str] = Counter()
    for check in session["action_checks"]:
        seen[check["name"]] += 1
        again = f"#{seen[check['name']]}" if seen[check["name"]] > 1 else ""
        yield check["name"] + again, check["met"]


def load_deciles(agents: list[str], times: list[datetime]) -> list[str]:
    """Of each session: which tenth of its agent's sessions is in hours as busy as its own, or less."""
    hours = [(agent, at.replace(minute=0, second=0, microsecond=0)) for agent, at in zip(agents, times, strict=True)]
    busy = Counter(hours)
    loads: dict[str, list[int]] = {agent: [] for agent in agents}
    for hour in hours:
        loads[hour[0]].append(busy[hour])
    for of_agent in loads.values():
        of_agent.sort()
    return [str(-(-10 * bisect_right(loads[hour[0]], busy[hour]) // len(loads[hour[0]]))) for hour in hours]


def _turns(count: int) -> str:
    ends = [0, 2, 4, 8, 16, 32, 64]
    place = bisect_left(ends, count)
    if place == len(ends):
        return f"{ends[-1] + 1} or more"
    first = ends[place - 1] + 1 if place else 0
    return f"{first} to {ends[place]}" if first < ends[place] else str(first)


def _utc(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo is None else at.astimezone(UTC).replace(tzinfo=None)
