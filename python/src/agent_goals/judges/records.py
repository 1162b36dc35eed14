"""Verdicts and bills as records of the contract."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from agent_goals.judges.asking import Bill
from agent_goals.judges.evaluators import Evaluation

Record = dict[str, Any]

#: What no stored text may have: a NUL, and halves of surrogate pairs.
_UNSTORABLE = {0: "\N{REPLACEMENT CHARACTER}"} | dict.fromkeys(range(0xD800, 0xE000), "\N{REPLACEMENT CHARACTER}")


def verdict_id(environment: str, session_id: str, goal: str, evaluation: Evaluation) -> str:
    """The event id of a verdict: the same for the same judge, the same conversation and the same criteria.

    Args:
        environment: the session's environment.
        session_id: the session.
        goal: the goal that the verdict is on.
        evaluation: the verdict.
    """
    return known_verdict_id(environment, session_id, goal, evaluation.evaluator, evaluation.evaluator_version, evaluation.digest)


def known_verdict_id(*said_of: str) -> str:
    """The event id of a verdict on what ``verdict_id`` lists, before there is one."""
    return _hash("verdict", *said_of)


def verdict_records(
    evaluation: Evaluation,
    *,
    session_id: str,
    environment: str,
    goal: str | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Iterator[Record]:
    """A verdict as a goal event, and each of its bills as a cost event.

    Args:
        evaluation: the verdict.
        session_id: the session that was judged.
        environment: the session's environment.
        goal: the goal that the verdict is on; else one named after the evaluator.
        metadata: what else to keep with the verdict.
    """
    goal = goal or evaluation.evaluator
    event_id = verdict_id(environment, session_id, goal, evaluation)
    record: Record = {
        "type": "goal",
        "event_id": event_id,
        "session_id": session_id,
        "occurred_at": _rfc3339(evaluation.judged_at),
        "environment": environment,
        "goal": goal,
        "verdict_source": "judge",
        "evaluator": evaluation.evaluator,
        "evaluator_version": evaluation.evaluator_version,
        "label": evaluation.label,
        "reason": evaluation.reason.translate(_UNSTORABLE),
    }
    if evaluation.is_applicable:
        record["achieved"] = evaluation.test_pass
        record["score"] = evaluation.score
    said = dict(metadata or {})
    if evaluation.shortened:
        said["conversation_shortened"] = evaluation.shortened
    if said:
        record["metadata"] = said
    yield record
    yield from bill_records(
        evaluation.bills, session_id=session_id, environment=environment, goal=goal, evaluator=evaluation.evaluator
    )


def bill_records(bills: Iterable[Bill], *, session_id: str, environment: str, goal: str, evaluator: str) -> Iterator[Record]:
    """What judging a session took, as cost events.

    Args:
        bills: the bills.
        session_id: the session that was judged.
        environment: the session's environment.
        goal: the goal that the verdict is on.
        evaluator: the judge's name.
    """
    for number, bill in enumerate(bills):
        at = _rfc3339(bill.at)
        record: Record = {
            "type": "cost",
            "event_id": _hash("bill", environment, session_id, goal, evaluator, at, str(number)),
            "session_id": session_id,
            "occurred_at": at,
            "environment": environment,
            "cost_type": "evaluation",
            "goal": goal,
            "model": bill.model,
            "provider": bill.provider,
            "input_tokens": bill.input_tokens,
            "cache_read_tokens": bill.cache_read_tokens or None,
            "cache_write_tokens": bill.cache_write_tokens or None,
            "output_tokens": bill.output_tokens,
            "reasoning_tokens": bill.reasoning_tokens or None,
            "latency_ms": bill.latency_ms and round(bill.latency_ms, 3),
            "metadata": {"evaluator": evaluator} | ({"priced_by": bill.priced_by} if bill.priced_by else {}),
        }
        if bill.amount is not None:
            record |= {"amount": f"{bill.amount:f}", "currency": "USD"}
        yield {name: value for name, value in record.items() if value is not None}


def as_line(record: Record) -> bytes:
    """A record as a line of NDJSON, without its line break."""
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _hash(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
