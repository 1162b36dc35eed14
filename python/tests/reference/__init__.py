"""The rules once more, in plain Python over lists and mappings: an outside witness for the marts.

Written from the rules' words and not from the SQL, for small data: no index, no cleverness, every amount a ``Decimal``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from reference.customers import CustomerWindow, customer_windows
from reference.daily import goals_daily, sessions_daily
from reference.definitions import Definitions
from reference.funnel import funnels
from reference.records import standing_records
from reference.session import Session
from reference.settings import Settings
from reference.values import Row

__all__ = ["Expected", "Row", "Settings", "expected_marts"]


@dataclass
class Expected:
    """What the marts should hold."""

    sessions: list[Row] = field(default_factory=list)
    outcomes: list[Row] = field(default_factory=list)
    cost_lines: list[Row] = field(default_factory=list)
    customer_outcomes: list[Row] = field(default_factory=list)
    daily: list[Row] = field(default_factory=list)
    sessions_daily: list[Row] = field(default_factory=list)
    funnel: list[Row] = field(default_factory=list)


def expected_marts(
    loads: Sequence[Sequence[Row]],
    definitions: Iterable[Row],
    rates: Sequence[Row],
    settings: Settings,
    now: datetime | None = None,
) -> Expected:
    """The rows of the marts for records that were loaded in several loads.

    Args:
        loads: the records of each load in order, each with its ``type`` and ``event_id``.
        definitions: rows of the goal definitions, one for each goal and version; absent cells are ``None`` or left out.
        rates: rows of the exchange rates, ``valid_from`` as text.
        settings: the package's vars.
        now: the start of the run, which decides which definitions are today's; the current time unless given.
    """
    versions = Definitions(definitions, now or datetime.now(UTC))
    by_session: dict[tuple[str, str], list[Row]] = {}
    for record in standing_records(loads, rates, settings):
        by_session.setdefault((record.get("environment", "production"), record["session_id"]), []).append(record)
    sessions = [Session(key, records, versions, settings) for key, records in by_session.items()]
    windows: list[CustomerWindow] = customer_windows(sessions, versions, settings)
    return Expected(
        sessions=[session.row for session in sessions],
        outcomes=[outcome for session in sessions for outcome in session.goals.values()],
        cost_lines=[line for session in sessions for line in session.lines],
        customer_outcomes=[row for window in windows for row in window.rows],
        daily=goals_daily(sessions, windows, settings),
        sessions_daily=sessions_daily([session.row for session in sessions], settings),
        funnel=funnels(sessions, windows, settings),
    )
