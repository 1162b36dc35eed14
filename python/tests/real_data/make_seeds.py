"""Write the demo's records, in ``python/tests``: ``python -m real_data.make_seeds [--out FOLDER] [--data FOLDER]``.

Three sources, one set of CSV files (``goal_events.csv`` and so on) that ``agent-goals load`` takes and dbt
can read as seeds:

* three invented agents whose totals are the worked examples of the README, exactly: a support agent, a
  booking agent before and after a change, and a billing agent;
* five invented agents, one of each kind that is usually asked about, whose sessions are stories: see ``agent_kinds``;
* what is known of 344 published runs of seven airline agents (tau2-bench): outcomes, sub-goals, costs, tokens
  and times, and for two of the agents who spoke when; nothing that was said.

The same input gives the same bytes: amounts vary by session, but a seeded draw decides how, and totals are
split in whole units of their last place.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from agent_goals.contract import RECORD_TYPES
from project import DATA, ROOT
from real_data.agent_kinds import agent_kinds
from real_data.draw import CHANNELS, MODELS, SEGMENTS, Draw, model_call, split
from real_data.importers import read_lines, tau2_records, tau2_turn_records

Record = dict[str, Any]

SEEDS = ROOT / "seeds" / "demo"
PROPERTIES = "_demo__seeds.yml"

#: The published runs whose turns the demo ships; the others would make the files large for no new question.
AGENTS_WITH_TURNS = ("azure-gpt-4o", "button-opus-4.6")


@dataclass(frozen=True)
class Run:
    """What an invented session is to come to.

    Attributes:
        agent: the agent's name, and the start of the session's id.
        number: the session's place among its agent's.
        goal: the fields of its one goal event.
        cost: what the session costs in all, in dollars.
        seconds: how long it lasts.
        first_day: the first day on which it may begin.
        days: how many days it may begin on.
        version: the agent's version.
    """

    agent: str
    number: int
    goal: Record
    cost: Decimal
    seconds: int
    first_day: datetime = datetime(2026, 3, 2)
    days: int = 14
    version: str = "1.0"


def session_records(draw: Draw, run: Run) -> Iterator[Record]:
    """A run's session, its goal event and its costs: a model call, and in one session of four a tool as well."""
    agent, session_id = run.agent, f"{run.agent}-{run.number:04d}"
    started = run.first_day + timedelta(days=draw.below(run.days), minutes=8 * 60 + draw.below(12 * 60), seconds=draw.below(60))
    ended = started + timedelta(seconds=run.seconds)
    model = draw.pick(tuple(MODELS))
    yield {
        "type": "session",
        "event_id": f"{session_id}-session",
        "session_id": session_id,
        "occurred_at": started,
        "agent": agent,
        "agent_version": run.version,
        "customer_id": f"customer-{draw.below(400):03d}",
        "customer_segment": draw.pick(SEGMENTS),
        "channel": draw.pick(CHANNELS),
        "started_at": started,
        "ended_at": ended,
        "model": model,
    }
    yield {
        "type": "goal",
        "event_id": f"{session_id}-goal",
        "session_id": session_id,
        "occurred_at": ended,
        "agent": agent,
        **run.goal,
    }
    tool = (run.cost / 5).quantize(Decimal("0.0001")) if run.number % 4 == 0 else Decimal(0)
    llm = run.cost - tool
    yield {
        "type": "cost",
        "event_id": f"{session_id}-cost-llm",
        "session_id": session_id,
        "occurred_at": ended,
        "amount": llm,
        "currency": "USD",
        "cost_type": "llm",
        **model_call(model, llm),
        "agent": agent,
    }
    if tool:
        yield {
            "type": "cost",
            "event_id": f"{session_id}-cost-tool",
            "session_id": session_id,
            "occurred_at": ended,
            "amount": tool,
            "currency": "USD",
            "cost_type": "tool",
            "goal": run.goal["goal"],
            "agent": agent,
        }


def support_agent() -> Iterator[Record]:
    """1,000 sessions: 820 resolved for $147.60 and worth $50 each, 180 not, for $32.40.

    They are an experiment as well: answers with sources resolve more and cost more.
    """
    agent, draw, assignment = "support_agent", Draw("support"), Draw("answers with sources")
    resolved = [(True, cost) for cost in split(Decimal("147.60"), draw.weights(820), Decimal("0.0001"))]
    unresolved = [(False, cost) for cost in split(Decimal("32.40"), draw.weights(180), Decimal("0.0001"))]
    for number, (achieved, cost) in enumerate(draw.shuffled(resolved + unresolved), start=1):
        seconds = 90 + draw.below(600)
        metadata: Record = {"customer_satisfaction": 3 + draw.below(3) if achieved else 1 + draw.below(3)}
        if achieved:
            metadata["time_to_resolution_seconds"] = seconds
        else:
            metadata["escalated_to_human"] = draw.below(3) == 0
        goal = {"goal": "issue_resolved", "achieved": achieved, "metadata": metadata}
        session, *others = session_records(draw, Run(agent, number, goal, cost, seconds))
        chance = (54 if achieved else 38) + (8 if cost > Decimal("0.18") else -8)
        session["experiment"] = "answers_with_sources"
        session["variant"] = "with_sources" if assignment.below(100) < chance else "control"
        yield from (session, *others)
        if achieved:
            yield {
                "type": "value",
                "event_id": f"{session['session_id']}-value",
                "session_id": session["session_id"],
                "occurred_at": session["ended_at"],
                "amount": Decimal("50.00"),
                "currency": "USD",
                "value_type": "cost_saving",
                "goal": "issue_resolved",
            }


def booking_agent(version: int, first_day: datetime, achieved: int, seconds_each: int) -> Iterator[Record]:
    """200 sessions of one version, of which ``achieved`` end in a booking, after ``seconds_each`` seconds on average."""
    agent, draw, sessions = f"booking_agent_v{version}", Draw(f"booking {version}"), 200
    times = split(Decimal(achieved * seconds_each), draw.weights(achieved), Decimal(1))
    outcomes: list[Decimal | None] = [*times, *[None] * (sessions - achieved)]
    costs = split(Decimal("0.08") * sessions, draw.weights(sessions), Decimal("0.0001"))
    for number, (seconds, cost) in enumerate(zip(draw.shuffled(outcomes), costs, strict=True), start=1):
        goal: Record = {"goal": "booking_confirmed", "achieved": seconds is not None}
        if seconds is not None:
            goal |= {"time_to_goal_seconds": seconds, "value": Decimal(40 + 5 * draw.below(17)), "currency": "USD"}
        length = int(seconds) if seconds is not None else 240 + draw.below(300)
        yield from session_records(draw, Run(agent, number, goal, cost, length, first_day, 7, f"{version}.0"))


def billing_agent() -> Iterator[Record]:
    """300 sessions: 180 resolved at the first interaction at $0.12, 90 after several at $0.20, 30 not."""
    agent, draw = "billing_agent", Draw("billing")
    groups = [
        *[(True, 1, cost) for cost in split(Decimal("0.12") * 180, draw.weights(180), Decimal("0.0001"))],
        *[(True, 2 + draw.below(3), cost) for cost in split(Decimal("0.20") * 90, draw.weights(90), Decimal("0.0001"))],
        *[(False, 2 + draw.below(4), cost) for cost in split(Decimal("0.25") * 30, draw.weights(30), Decimal("0.0001"))],
    ]
    for number, (achieved, interactions, cost) in enumerate(draw.shuffled(groups), start=1):
        goal = {"goal": "billing_question_resolved", "achieved": achieved, "metadata": {"interaction_count": interactions}}
        seconds = 60 * interactions + draw.below(120)
        yield from session_records(draw, Run(agent, number, goal, cost, seconds))


def airline_agents(data: Path) -> Iterator[Record]:
    """The facts of the published airline runs, with short event ids.

    Raises:
        FileNotFoundError: when the data set is not in ``data``.
    """
    folder = data / "tau2_airline_variants"
    with_turns = set()
    for session in read_lines(folder / "sessions.ndjson.gz"):
        if session["variant"] in AGENTS_WITH_TURNS:
            with_turns.add(session["session_id"])
        yield from _numbered(tau2_records(session), session)
    for turn in tau2_turn_records(read_lines(folder / "turns.ndjson.gz")):
        if turn["session_id"] in with_turns:
            yield {**turn, "event_id": f"{turn['session_id'][:8]}-turn-{turn['turn_index']}"}


def _numbered(records: Iterable[Record], session: Record) -> Iterator[Record]:
    numbers: Counter[str] = Counter()
    for record in records:
        numbers[record["type"]] += 1
        yield {**record, "event_id": f"{session['session_id'][:8]}-{record['type']}-{numbers[record['type']]}"}


def as_text(value: object) -> str:
    """A field as CSV text: exact decimals, ISO times without offset (so UTC), JSON for objects and lists, empty for absent."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, (dict, list)):
        return json.dumps(value, separators=(",", ":"))
    return str(value)


def write_seeds(records: Iterable[Record], folder: Path) -> dict[str, int]:
    """Write one CSV per record type, with every column of the contract; returns the rows written by file.

    Fields that the contract gives a default are written out, so that a row means the same to dbt as to the loader.

    Raises:
        ValueError: when two records of a type have one event id.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows: dict[str, list[list[str]]] = {name: [] for name in RECORD_TYPES}
    ids: set[tuple[str, str]] = set()
    for record in records:
        kind = record["type"]
        if (kind, record["event_id"]) in ids:
            raise ValueError(f"two {kind} records have the event id {record['event_id']}: make their ids differ")
        ids.add((kind, record["event_id"]))
        rows[kind].append([as_text(record.get(field.name, field.default)) for field in RECORD_TYPES[kind].columns])
    written = {}
    for name, lines in rows.items():
        path = folder / f"{RECORD_TYPES[name].table}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(field.name for field in RECORD_TYPES[name].columns)
            writer.writerows(lines)
        written[path.name] = len(lines)
    return written


def seed_properties() -> str:
    """The dbt properties of the demo seeds: every column as text, exact amounts above all, with the contract's words.

    They are seeds of this project alone, and only where records come as seeds.
    """
    enabled = "{{ project_name == 'agent_goals' and var('agent_goals__use_seeds', false) }}"
    seeds = [
        {
            "name": record.table,
            "description": record.description.replace("landed", "demo"),
            "config": {"enabled": enabled, "column_types": {field.name: "varchar(65535)" for field in record.columns}},
            "columns": [{"name": field.name, "description": field.description} for field in record.columns],
        }
        for record in RECORD_TYPES.values()
    ]
    properties = yaml.safe_dump({"version": 2, "seeds": seeds}, sort_keys=False, width=130)
    return f"# Written by python/tests/real_data/make_seeds.py.\n{properties}"


def worked_examples() -> Iterator[Record]:
    """The records of the invented agents; they need no data from elsewhere."""
    yield from support_agent()
    yield from booking_agent(version=1, first_day=datetime(2026, 3, 2), achieved=150, seconds_each=210)
    yield from booking_agent(version=2, first_day=datetime(2026, 3, 9), achieved=164, seconds_each=168)
    yield from billing_agent()


def demo_records(data: Path) -> Iterator[Record]:
    """Every record of the demo, the invented agents' first."""
    yield from worked_examples()
    yield from agent_kinds()
    yield from airline_agents(data)


def main() -> None:
    """Write the files and say how many rows each has."""
    parser = argparse.ArgumentParser(description="Write the demo's records as CSV files.")
    parser.add_argument("--out", type=Path, default=SEEDS, help="the folder to write to (default: seeds/demo)")
    parser.add_argument("--data", type=Path, default=DATA, help="the folder that holds tau2_airline_variants")
    options = parser.parse_args()
    for name, count in write_seeds(demo_records(options.data), options.out).items():
        print(f"{name}: {count} rows")
    (options.out / PROPERTIES).write_text(seed_properties(), encoding="utf-8")


if __name__ == "__main__":
    main()
