"""Galtea's objects as its API and SDK write them: sessions, their traces (one each turn), evaluations and test cases.

Names come in camel case from the API (``inferenceResultId`` for a trace's id) and in snake case from the SDK.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from agent_goals.importing.intake import Intake
from agent_goals.importing.messages import Message
from agent_goals.importing.step import Context, Origin, Step, Verdict
from agent_goals.importing.usage import Usage
from agent_goals.importing.values import UnreadableError, exact, first, nanoseconds, said, structure, text, tokens
from agent_goals.importing.vocabulary import known

#: The environment of sessions that test the agent.
EVALUATION = "evaluation"

_NO_VERDICT = frozenset({"PENDING", "PENDING_HUMAN", "SKIPPED", "CANCELLED", "OUTDATED"})


def recognises(value: Any) -> bool:
    """Whether a value is an evaluation, a session, a trace or a test case."""
    return isinstance(value, Mapping) and _reader(_snake(value)) is not None


def read(value: Any, place: str, intake: Intake) -> None:
    """Take a value that this format recognises."""
    row = _snake(value)
    origin = intake.origin(f"{place}, id {row.get('id')}", value)
    try:
        reader = _reader(row)
        if reader is None or not text(row.get("id")):
            raise UnreadableError("missing_field", "it has no id: send the objects as the API returns them.")
        if row.get("deleted_at"):
            intake.left_out(origin, "deleted", f"it was deleted at {row['deleted_at']}.")
            return
        reader(row, origin, intake)
    except UnreadableError as error:
        intake.unreadable(origin, error)


def _reader(row: Mapping[str, Any]) -> Any:
    if {"metric_id", "status"} <= row.keys():
        return _evaluation
    if {"session_id", "index"} <= row.keys() and row.keys() & {"input", "actual_output", "actual_input"}:
        return _trace
    if row.keys() & {"dataset_id", "test_id"} and row.keys() & {"goal", "scenario", "expected_output", "input"}:
        return _test_case
    if "version_id" in row and row.keys() & {"custom_id", "is_production", "test_case_id", "stopping_reason"}:
        return _session
    return None


def _session(row: Mapping[str, Any], origin: Origin, intake: Intake) -> None:
    is_production = row.get("is_production")
    if is_production is None:
        is_production = not row.get("test_case_id")
    metadata = structure(row.get("metadata"))
    context = Context(
        origin,
        session=text(row.get("custom_id")) or str(row["id"]),
        environment=None if is_production else EVALUATION,
        agent=text(row.get("product_id")),
        agent_version=text(row.get("version_id")),
        occurred_at=nanoseconds(row.get("created_at"), "createdAt"),
        metadata=(dict(metadata) if isinstance(metadata, Mapping) else {})
        | known(
            galtea_session_id=str(row["id"]),
            test_case_id=text(row.get("test_case_id")),
            run_id=text(row.get("run_id")),
            status=text(row.get("status")),
            stopping_reason=text(row.get("stopping_reason")),
            error=text(row.get("error")),
        ),
    )
    intake.part(str(row["id"]), context)


def _trace(row: Mapping[str, Any], origin: Origin, intake: Intake) -> None:
    """One turn: what the user said, what the agent answered, and what that took."""
    if not row.get("created_at"):
        raise UnreadableError("missing_field", "the trace has no createdAt: send it as the API returns it, its time included.")
    start = nanoseconds(row["created_at"], "createdAt")
    latency = exact(row.get("latency"), "latency")
    usage = Usage(
        input=tokens(row.get("input_tokens"), "inputTokens"),
        output=tokens(row.get("output_tokens"), "outputTokens"),
        cache_read=tokens(row.get("cache_read_input_tokens"), "cacheReadInputTokens"),
        total=tokens(row.get("tokens"), "tokens"),
    ).whole()
    amount = _amount(row, usage)
    asked, answered = _words(first(row.get("input"), row.get("actual_input")), "user_message"), _words(
        row.get("actual_output"), "assistant_message"
    )  # fmt: skip
    session = text(row.get("session_id"))
    if session is None:
        raise UnreadableError("missing_field", "the trace has no sessionId, so it belongs to no session.")
    step = Step(
        id=str(row["id"]),
        event_id=f"galtea:{row['id']}",
        origin=origin,
        start=start,
        end=start + int((latency or Decimal(0)) * 1_000_000),
        name=f"turn {row.get('index')}",
        kind="inference" if usage.is_known or amount is not None else "other",
        failed=str(row.get("status")).upper() == "FAILED",
        usage=usage,
        amount=amount,
        currency=None if amount is None else "USD",
        latency_ms=None if latency is None else float(latency),
        inputs=[Message("user", asked)] if asked else [],
        outputs=[Message("assistant", answered)] if answered else [],
        metadata=known(error=text(row.get("error")), index=row.get("index")),
    )
    intake.part(session, step)


def _amount(row: Mapping[str, Any], usage: Usage) -> Decimal | None:
    """The cost that was reported, else that of the tokens at the prices that were reported."""
    cost = exact(row.get("cost"), "cost")
    kinds = ("input", "output", "cache_read_input")
    prices = {kind: exact(row.get(f"cost_per_{kind}_token"), f"cost_per_{kind}_token") for kind in kinds}
    if cost is not None or prices["input"] is None or prices["output"] is None:
        return cost
    cached = usage.cache_read or 0 if prices["cache_read_input"] is not None else 0
    return (
        ((usage.input or 0) - cached) * prices["input"]
        + cached * (prices["cache_read_input"] or 0)
        + (usage.output or 0) * prices["output"]
    )


def _evaluation(row: Mapping[str, Any], origin: Origin, intake: Intake) -> None:
    status = str(row.get("status")).upper()
    session = text(row.get("session_id"))
    if session is None:
        raise UnreadableError("missing_field", "the evaluation has no sessionId, so it belongs to no session.")
    occurred_at = nanoseconds(first(row.get("evaluated_at"), row.get("created_at")), "evaluatedAt")
    turn = text(first(row.get("inference_result_id"), row.get("trace_id")))
    metric = _object(row.get("metric"))
    threshold = exact(row.get("metric_pass_threshold"), "metricPassThreshold")
    common = known(
        goal=text(first(row.get("metric_name"), metric.get("name"), row.get("metric_id"))),
        evaluator=text(row.get("metric_id")),
        threshold=None if threshold is None else str(threshold),
        metadata=known(
            run_id=text(row.get("run_id")),
            status=status,
            confidence=row.get("confidence"),
            galtea_session_id=session,
        ),
    )
    judge = Usage(
        tokens(row.get("judge_input_tokens"), "judgeInputTokens"),
        tokens(row.get("judge_output_tokens"), "judgeOutputTokens"),
        reasoning=tokens(row.get("judge_reasoning_tokens"), "judgeReasoningTokens"),
    )
    human = exact(row.get("human_score"), "humanScore")
    score = exact(row.get("score"), "score")
    passed = row.get("passed")
    if human is not None:
        finished_at = row.get("human_evaluator_finished_at")
        judged_at = nanoseconds(finished_at, "humanEvaluatorFinishedAt") if finished_at else occurred_at
        by_human = known(
            score=str(human),
            reason=text(row.get("human_reason")),
            evaluator=text(row.get("human_evaluator_id")),
            verdict_source="human",
        )
        intake.part(session, Verdict(f"galtea:{row['id']}:human", origin, turn, common | by_human, judged_at))
    if status == "FAILED":
        fields = {**common, "label": "error", "reason": text(row.get("reason")) or "the evaluation failed"}
        fields.pop("threshold", None)
        intake.part(session, Verdict(f"galtea:{row['id']}", origin, turn, fields, occurred_at))
    elif status in _NO_VERDICT or (score is None and passed is None):
        if human is None:
            intake.left_out(origin, "not_finished", f"the evaluation is {status.lower()} and has no verdict.")
    elif not (human is not None and score == human):
        fields = {**common, **known(score=None if score is None else str(score), reason=text(row.get("reason")))}
        if isinstance(passed, bool):
            fields["achieved"] = passed
            if score is not None and threshold is not None and (score >= threshold) is not passed:
                # What Galtea says is believed: the score is unreliable, or the threshold has changed since.
                fields.pop("threshold", None)
        fields["verdict_source"] = "judge" if judge.is_known else "automatic"
        intake.part(session, Verdict(f"galtea:{row['id']}", origin, turn, fields, occurred_at))
    if judge.is_positive:
        step = Step(
            id=f"{row['id']}:judge",
            event_id=f"galtea:{row['id']}:judge",
            origin=origin,
            start=occurred_at,
            end=occurred_at,
            name=f"judge of {common.get('goal')}",
            kind="evaluator",
            usage=judge,
        )
        intake.part(session, step)


def _test_case(row: Mapping[str, Any], origin: Origin, intake: Intake) -> None:
    intake.left_out(origin, "no_record", f"test case {row['id']} says what is to be tested, and happened in no session.")


def _words(value: Any, member: str) -> str | None:
    """What was said, which may stand in an envelope."""
    found = structure(value)
    inner = found.get(member) if isinstance(found, Mapping) else None
    return said(inner if inner is not None else value)


def _object(value: Any) -> Mapping[str, Any]:
    found = structure(value)
    return found if isinstance(found, Mapping) else {}


_HUMP = re.compile(r"(?<=[a-z0-9])([A-Z])")


def _snake(value: Mapping[str, Any]) -> dict[str, Any]:
    return {_HUMP.sub(r"_\1", key).lower(): member for key, member in value.items()}
