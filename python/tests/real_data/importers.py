"""Turn three published data sets of agent runs into contract records.

Each function takes one parsed line of a data set and yields the records it stands for, as dicts with a
``type`` field. Nothing is computed that the data set does not say: a cost that is null stays a cost
without an amount, a zero stays zero, an outcome that is null stays a goal event without a verdict.

Amounts are exact: JSON numbers are parsed as ``Decimal`` and written back digit by digit, so that
``0.11343299999999999`` reaches the loader as it was published.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

Row = dict[str, Any]
Record = dict[str, Any]

GOAL = "task_resolved"
#: The agents of `tau2_airline_variants` that did not run all 50 tasks.
PARTLY_RUN = ("ironshell-opus-4.6",)

#: The tau-airline-gpt-4o runs carry no times, so each of their records gets this one. It says nothing
#: about when they ran; it only has to be the same on every import.
UNTIMED = "2024-01-01T00:00:00Z"

TAU_AIRLINE_AGENT = "tau-airline-gpt-4o"

#: The same data set does not name the model behind its simulated customer, and a cost without an amount needs a model.
TAU_AIRLINE_USER_MODEL = "user-simulator"


def tau2_records(session: Row) -> Iterator[Record]:
    """The records of one session of ``tau2_airline_variants``: the agent is the variant.

    The action checks are sub-goals of ``task_resolved``; a name that is checked several times in a session
    is numbered (``get_user_details``, ``get_user_details#2``), since a session has one outcome per goal.
    The agent's cost is ``llm``, the simulated customer's, with the tokens that are not the agent's, ``other``.
    Agents that ran every task are the variants of one comparison, paired by task.

    Raises:
        KeyError: when the line lacks a field that the data set always has.
    """
    base = {"session_id": session["session_id"], "occurred_at": session["end_time"]}
    compared = {} if session["variant"] in PARTLY_RUN else {"experiment": "tau2_airline", "variant": session["variant"]}
    yield {
        "type": "session",
        **base,
        "agent": session["variant"],
        "model": session["agent_llm"],
        "started_at": session["start_time"],
        "ended_at": session["end_time"],
        **compared,
        "metadata": {"task_id": session["task_id"], "user_model": session["user_llm"]},
    }
    yield {
        "type": "goal",
        **base,
        "goal": GOAL,
        "achieved": session["success"],
        "time_to_goal_seconds": session["duration"],
        "agent": session["variant"],
        "metadata": {
            "task_id": session["task_id"],
            "trial": session["trial"],
            "termination_reason": session["termination_reason"],
        },
    }
    seen: Counter[str] = Counter()
    for check in session["action_checks"]:
        seen[check["name"]] += 1
        number = seen[check["name"]]
        yield {
            "type": "goal",
            **base,
            "goal": check["name"] if number == 1 else f"{check['name']}#{number}",
            "parent_goal": GOAL,
            "achieved": check["met"],
            "agent": session["variant"],
        }
    yield {
        "type": "cost",
        **base,
        **_dollars(session["agent_cost"]),
        "cost_type": "llm",
        "model": session["agent_llm"],
        "input_tokens": session["agent_prompt_tokens"],
        "output_tokens": session["agent_completion_tokens"],
        "agent": session["variant"],
    }
    yield {
        "type": "cost",
        **base,
        **_dollars(session["user_cost"]),
        "cost_type": "other",
        # What a run does not publish shall not come from a price list: nobody says who served the model at which price.
        **({} if session["user_cost"] is not None else {"provider": "unpublished"}),
        "model": session["user_llm"],
        "input_tokens": session["prompt_tokens"] - session["agent_prompt_tokens"],
        "output_tokens": session["completion_tokens"] - session["agent_completion_tokens"],
        "agent": session["variant"],
    }


def tau2_turn_records(turns: Iterable[Row]) -> Iterator[Record]:
    """The turns of ``tau2_airline_variants``, in the order of the file: who spoke, when, and with which tool.

    The data set names a tool where it is called, not where it answers; answers come in the order of the
    calls. A turn that calls several tools at once names none, its answers name each.

    Args:
        turns: all turns, each session's in its order.

    Raises:
        IndexError: when a tool answers that was not called.
    """
    waiting: deque[str] = deque()
    for turn in turns:
        tool = None
        if turn["role"] == "tool":
            tool = waiting.popleft()
        else:
            waiting = deque(turn["tool_calls"])
            tool = turn["tool_calls"][0] if len(turn["tool_calls"]) == 1 else None
        record = {
            "type": "turn",
            "session_id": turn["session_id"],
            "occurred_at": turn["timestamp"],
            "turn_index": turn["turn_idx"],
            "role": turn["role"],
        }
        if tool is not None:
            record["tool_name"] = tool
        if turn["tool_error"]:
            record["metadata"] = {"tool_error": True}
        yield record


def tau_airline_records(session: Row) -> Iterator[Record]:
    """The records of one session of ``tau_airline_gpt4o``: the segment is the trial.

    Only the simulated customer's cost is known (cost type ``other``). The sessions have no times: see ``UNTIMED``.

    Raises:
        KeyError: when the line lacks a field that the data set always has.
    """
    base = {
        "session_id": f"{TAU_AIRLINE_AGENT}/task-{session['task_id']}/trial-{session['trial']}",
        "occurred_at": UNTIMED,
        "agent": TAU_AIRLINE_AGENT,
    }
    yield {"type": "session", **base, "customer_segment": f"trial-{session['trial']}", "model": "gpt-4o"}
    yield {
        "type": "goal",
        **base,
        "goal": GOAL,
        "achieved": session["success"],
        "metadata": {
            "task_id": session["task_id"],
            "trial": session["trial"],
            "escalated_to_human": session["transferred_to_human"],
        },
    }
    yield {
        "type": "cost",
        **base,
        **_dollars(session["user_cost"]),
        "cost_type": "other",
        "model": TAU_AIRLINE_USER_MODEL,
    }


def openhands_records(session: Row) -> Iterator[Record]:
    """The records of one session of ``openhands_index``: agent = harness, segment = benchmark.

    The data set gives the time of the submission, not of the session, so no session start is sent.

    Raises:
        KeyError: when the line lacks a field that the data set always has.
    """
    base = {
        "session_id": "/".join(session[key] for key in ("harness", "model", "benchmark", "instance_id")),
        "occurred_at": session["submission_time"],
        "agent": session["harness"],
    }
    yield {
        "type": "session",
        **base,
        "agent_version": session["agent_version"],
        "customer_segment": session["benchmark"],
        "model": session["model"],
    }
    goal: Record = {"type": "goal", **base, "goal": GOAL}
    if session["resolved"] is not None:
        goal["achieved"] = session["resolved"]
    yield goal
    yield {"type": "cost", **base, **_dollars(session["cost"]), "cost_type": "llm", "model": session["model"]}


def _dollars(amount: Decimal | None) -> Record:
    return {} if amount is None else {"amount": amount, "currency": "USD"}


def read_lines(path: Path) -> Iterator[Row]:
    """The parsed lines of a gzipped NDJSON file, every JSON number with a point as ``Decimal``."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line, parse_float=Decimal)


def to_json(value: object) -> str:
    """JSON text of ``value``, decimals written as numbers with all of their digits."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{to_json(item)}" for key, item in value.items()) + "}"
    return json.dumps(value)


def write_records(records: Iterable[Record], path: Path) -> int:
    """Write records as NDJSON for ``agent-goals load``; returns how many."""
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for record in records:
            file.write(to_json(record) + "\n")
            count += 1
    return count


def write_each(rows: Iterable[Row], records_of: Callable[[Row], Iterable[Record]], path: Path) -> int:
    """Write the records of every row, e.g. ``write_each(read_lines(p), tau2_records, out)``; returns how many."""
    return write_records((record for row in rows for record in records_of(row)), path)
