"""Langfuse exports: observations, scores and traces, as the blob storage export, the API or its CSV has them.

https://langfuse.com/docs/api-and-data-platform/features/blob-storage-export-fields. Windows of an export overlap: the same id
may come again. Each kind of token is counted on its own there, so ``input`` is without what was cached. Costs are in USD.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from agent_goals.importing.intake import Intake
from agent_goals.importing.labels import verdict_of
from agent_goals.importing.messages import Message, messages
from agent_goals.importing.step import SESSION_KEY, Context, Kind, Origin, Step, Verdict
from agent_goals.importing.usage import Usage
from agent_goals.importing.values import UnreadableError, exact, first, nanoseconds, said, shown, structure, text, tokens
from agent_goals.importing.vocabulary import known

_KINDS: dict[str, Kind] = {
    "GENERATION": "inference",
    "EMBEDDING": "embedding",
    "RETRIEVER": "retrieval",
    "TOOL": "tool",
    "AGENT": "agent",
    "EVALUATOR": "evaluator",
}

_SOURCES = {"ANNOTATION": "human", "EVAL": "judge", "API": "automatic"}

#: What an object has that is a message, or holds some.
_MESSAGE_MEMBERS = frozenset({"role", "content", "messages", "contents", "parts", "kwargs", "tool_calls"})

#: The environment of what names none.
_NO_ENVIRONMENT = "default"


def recognises(value: Any) -> bool:
    """Whether a value is an observation, a score or a trace."""
    return isinstance(value, Mapping) and _reader(_snake(value)) is not None


def read(value: Any, place: str, intake: Intake) -> None:
    """Take a value that this format recognises."""
    row = _snake(value)
    origin = intake.origin(f"{place}, id {row.get('id')}", value)
    try:
        reader = _reader(row)
        if reader is None or not text(row.get("id")):
            raise UnreadableError("missing_field", "it has no id: export the core fields.")
        reader(row, origin, intake)
    except UnreadableError as error:
        intake.unreadable(origin, error)


def _reader(row: Mapping[str, Any]) -> Any:
    if {"type", "start_time", "trace_id"} <= row.keys():
        return _observation
    if {"name", "timestamp", "value", "source"} <= row.keys():
        return _score
    if {"id", "timestamp", "user_id", "session_id"} <= row.keys() and "trace_id" not in row:
        return _trace
    return None


def _observation(row: Mapping[str, Any], origin: Origin, intake: Intake) -> None:
    start = nanoseconds(row.get("start_time"), "start_time")
    end = nanoseconds(row["end_time"], "end_time") if row.get("end_time") else start
    kind = _KINDS.get(str(row.get("type")).upper(), "other")
    usage = _usage(_object(row, "usage_details"))
    is_call = kind in ("inference", "agent")
    step = Step(
        id=str(row["id"]),
        event_id=f"langfuse:{row['id']}",
        origin=origin,
        start=start,
        end=max(start, end),
        parent=text(row.get("parent_observation_id")),
        name=text(row.get("name")) or "",
        kind=kind,
        failed=row.get("level") == "ERROR",
        session=text(row.get("session_id")),
        environment=_environment(row),
        customer=text(row.get("user_id")),
        agent=text(row.get("name")) if kind == "agent" else None,
        model=text(row.get("provided_model_name")) or text(row.get("model")),
        usage=usage,
        amount=_amount(row, usage),
        inputs=_chat(row.get("input"), "user") if is_call else [],
        outputs=_chat(row.get("output"), "assistant") if is_call else [],
        input=row.get("input"),
        output=row.get("output"),
        tool=text(row.get("name")) if kind == "tool" else None,
        metadata=known(status=text(row.get("status_message")), version=text(row.get("version"))),
    )
    step.currency = None if step.amount is None else "USD"
    trace = text(row.get("trace_id"))
    if trace is None:
        raise UnreadableError("missing_field", "an observation without trace_id cannot be placed: export the core fields.")
    intake.part(trace, step)
    release = text(row.get("release"))
    told = known(release=release, trace_name=text(row.get("trace_name")), tags=structure(row.get("tags")) or None)
    if told and not text(row.get("parent_observation_id")):
        # The context of the trace stands in each of its observations: the top one's is enough.
        intake.part(trace, Context(origin, agent_version=release, metadata=told))


def _usage(details: Mapping[str, Any]) -> Usage:
    """Tokens by kind: every key is a kind of its own, unless input and output alone make the total."""
    counts = {key: tokens(value, f"usage_details.{key}") or 0 for key, value in details.items()}
    total = counts.pop("total", None)
    if not counts:
        return Usage(total=total)
    reads = {key: count for key, count in counts.items() if _is_cache(key) and not _is_write(key)}
    writes = {key: count for key, count in counts.items() if _is_cache(key) and _is_write(key)}
    reasoning = {key: count for key, count in counts.items() if "reasoning" in key}
    inputs = {key: count for key, count in counts.items() if key.startswith(("input", "prompt")) or key in reads or key in writes}
    outputs = {key: count for key, count in counts.items() if key not in inputs}
    given = next((key for key in ("input", "prompt", "input_tokens", "prompt_tokens") if key in counts), None)
    gave = next((key for key in ("output", "completion", "output_tokens", "completion_tokens") if key in counts), None)
    is_whole = total is not None and total == counts.get(given or "", 0) + counts.get(gave or "", 0)
    return Usage(
        input=counts.get(given or "") if is_whole else sum(inputs.values()) if inputs else None,
        output=counts.get(gave or "") if is_whole else sum(outputs.values()) if outputs else None,
        cache_read=sum(reads.values()) if reads else None,
        cache_write=sum(writes.values()) if writes else None,
        reasoning=sum(reasoning.values()) if reasoning else None,
    )


def _is_cache(key: str) -> bool:
    return "cache" in key


def _is_write(key: str) -> bool:
    return "creation" in key or "write" in key


def _amount(row: Mapping[str, Any], usage: Usage) -> Decimal | None:
    """The cost. A zero beside tokens and without parts is what the export has where no price is known."""
    amount = exact(first(row.get("total_cost"), row.get("calculated_total_cost")), "total_cost")
    details = _object(row, "cost_details")
    if amount is None and details:
        amount = exact(details.get("total"), "cost_details.total")
        if amount is None:
            parts = [exact(value, f"cost_details.{key}") for key, value in details.items()]
            amount = sum((part for part in parts if part is not None), Decimal(0))
    if amount == 0 and not details and (usage.is_positive or not usage.is_known):
        return None
    return amount


def _score(row: Mapping[str, Any], origin: Origin, intake: Intake) -> None:
    kind = str(row.get("data_type") or "NUMERIC").upper()
    value, word = row.get("value"), text(row.get("string_value"))
    if kind == "BOOLEAN":
        number = exact(value, "value")
        fields = {} if number is None else verdict_of(number == 1, None, "value")
    elif kind == "CATEGORICAL":
        fields = verdict_of(None, word, "value")
    elif kind == "TEXT":
        fields = {}
    else:
        fields = verdict_of(value, None, "value")
    comment = text(row.get("comment"))
    source = str(row.get("source")).upper()
    fields |= known(
        goal=text(row.get("name")),
        reason="\n".join(part for part in (word if kind == "TEXT" else None, comment) if part) or None,
        verdict_source=_SOURCES.get(source, "automatic"),
        evaluator=text(first(row.get("evaluator_id"), row.get("author_user_id"))),
        metadata=known(dataset_run_id=text(row.get("dataset_run_id")), config_id=text(row.get("config_id"))),
    )
    trace, session = text(row.get("trace_id")), text(row.get("session_id"))
    if trace is None and session is None:
        raise UnreadableError("missing_field", "the score names neither trace_id nor session_id: it belongs to no session.")
    verdict = Verdict(
        f"langfuse:{row['id']}",
        origin,
        text(row.get("observation_id")),
        fields,
        nanoseconds(row.get("timestamp"), "timestamp"),
        session,
        _environment(row),
    )
    intake.part(trace or f"{SESSION_KEY}{session}", verdict)


def _trace(row: Mapping[str, Any], origin: Origin, intake: Intake) -> None:
    context = Context(
        origin,
        session=text(row.get("session_id")),
        environment=_environment(row),
        customer=text(row.get("user_id")),
        agent_version=text(row.get("release")),
        occurred_at=nanoseconds(row.get("timestamp"), "timestamp"),
        input=row.get("input") or None,
        output=row.get("output") or None,
        metadata=known(
            trace_name=text(row.get("name")), tags=structure(row.get("tags")) or None, release=text(row.get("release"))
        ),
    )
    intake.part(str(row["id"]), context)


def _chat(value: Any, role: str) -> list[Message]:
    found = structure(value)
    if isinstance(found, Mapping) and not found.keys() & _MESSAGE_MEMBERS:
        found = [{"role": role, "content": said(value)}]
    return messages(found, role) if found else []


def _object(row: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = structure(row.get(name))
    if found in (None, ""):
        return {}
    if not isinstance(found, Mapping):
        raise UnreadableError("wrong_type", f"{name} is {shown(found)}, but it is to be a JSON object of numbers.")
    return {key: value for key, value in found.items() if value is not None}


def _environment(row: Mapping[str, Any]) -> str | None:
    environment = text(row.get("environment"))
    return None if environment == _NO_ENVIRONMENT else environment


_HUMP = re.compile(r"(?<=[a-z0-9])([A-Z])")


def _snake(value: Mapping[str, Any]) -> dict[str, Any]:
    """The API's names (``traceId``) as the export's (``trace_id``)."""
    return {_HUMP.sub(r"_\1", key).lower(): member for key, member in value.items()}
