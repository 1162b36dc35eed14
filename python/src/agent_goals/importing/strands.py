"""Reports of Strands evaluations: parallel lists with one entry for each case and evaluator.

https://github.com/strands-agents/evals, ``EvaluationReport.to_file``. The report itself has no time and names no session: both
stand in a case's trajectory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from agent_goals.contract import NOT_APPLICABLE
from agent_goals.importing.intake import Intake
from agent_goals.importing.step import SESSION_KEY, Context, Origin, Verdict
from agent_goals.importing.values import UnreadableError, encoded, exact, first, nanoseconds, said, structure, text
from agent_goals.importing.vocabulary import known

#: Evaluation suites do not happen in production.
EVALUATION = "evaluation"

_LISTS = ("scores", "test_passes", "reasons", "detailed_results")


def recognises(value: Any) -> bool:
    """Whether a value is a report."""
    return isinstance(value, Mapping) and isinstance(value.get("cases"), list) and {"scores", "test_passes"} <= value.keys()


def read(value: Mapping[str, Any], place: str, intake: Intake) -> None:
    """Take a report."""
    cases = value["cases"]
    for listed in _LISTS:
        found = value.get(listed) or []
        if not isinstance(found, list) or (found and len(found) != len(cases)):
            reason = f"{listed} is to have one entry for each of the {len(cases)} cases: write the report with to_file."
            intake.unreadable(intake.origin(place, value), UnreadableError("parallel_lists", reason))
            return
    for number, case in enumerate(cases):
        origin = intake.origin(f"{place}, case {number + 1}", {"case": case, **{n: _at(value, n, number) for n in _LISTS}})
        try:
            _case(case, value, number, origin, intake)
        except UnreadableError as error:
            intake.unreadable(origin, error)


def _case(case: Any, report: Mapping[str, Any], number: int, origin: Origin, intake: Intake) -> None:
    if not isinstance(case, Mapping):
        raise UnreadableError("unknown_shape", "it stands where a case is to be, and is no object.")
    spans = list(_spans(case.get("actual_trajectory")))
    metadata = case.get("metadata")
    metadata = dict(metadata) if isinstance(metadata, Mapping) else {}
    trajectory = structure(case.get("actual_trajectory"))
    session = text(
        first(
            trajectory.get("session_id") if isinstance(trajectory, Mapping) else None,
            next((span.get("session_id") for span in spans), None),
            case.get("session_id"),
            metadata.get("session_id"),
        )
    )
    digest = hashlib.sha256(encoded([case.get("name"), case.get("input"), case.get("actual_output")]).encode()).hexdigest()[:16]
    if session is None:
        session = f"{text(case.get('name')) or 'case'}-{digest}"
        intake.note(origin, "cases name no session, and are sessions of their own: their name and a hash of what was said")
    ends = [nanoseconds(span["end_time"], "end_time") for span in spans if span.get("end_time")]
    occurred_at = max(ends, default=None)
    if occurred_at is None:
        occurred_at = intake.modified_at
        intake.note(origin, "verdicts have no time of their own, and get that of the file's last change")
    evaluator = text(case.get("evaluator")) or "unknown"
    details = _at(report, "detailed_results", number) or []
    detail = details[0] if len(details) == 1 and isinstance(details[0], Mapping) else {}
    labels = {text(row.get("label")) for row in details if isinstance(row, Mapping)}
    score = exact(_at(report, "scores", number), "scores")
    passed = _at(report, "test_passes", number)
    label = text(detail.get("label")) or (NOT_APPLICABLE if labels == {NOT_APPLICABLE} else None)
    fields: dict[str, Any] = known(
        goal=evaluator,
        evaluator=evaluator,
        reason=text(_at(report, "reasons", number)) or text(detail.get("reason")),
        label=label,
        verdict_source="judge",
        metadata=metadata | known(case=text(case.get("name")), evaluator_type=text(case.get("evaluator_type"))),
    )
    # A case that could not be judged does not pass: that is a failed evaluation, and no verdict on the agent either way.
    if label == NOT_APPLICABLE and passed is False:
        fields["label"] = "error"
    elif label != NOT_APPLICABLE:
        if not isinstance(passed, bool):
            raise UnreadableError("wrong_type", "test_passes is to have true or false for the case.")
        fields |= known(achieved=passed, score=None if score is None else str(score))
    identity = f"strands:{session}:{evaluator}:{digest}"
    context = Context(
        origin,
        session=session,
        environment=EVALUATION,
        occurred_at=occurred_at,
        input=said(case.get("input")),
        output=said(case.get("actual_output")),
        # Under the names by which a judge looks for them.
        metadata=metadata
        | known(expected_output=said(case.get("expected_output")), expected_assertion=said(case.get("expected_assertion"))),
    )
    intake.part(f"{SESSION_KEY}{session}", context)
    intake.part(f"{SESSION_KEY}{session}", Verdict(identity, origin, None, fields, occurred_at, session))


def _spans(trajectory: Any) -> Iterator[Mapping[str, Any]]:
    """What the trajectory's spans say of themselves."""
    found = structure(trajectory)
    traces = found.get("traces") if isinstance(found, Mapping) else None
    for trace in traces if isinstance(traces, list) else []:
        for span in trace.get("spans") or [] if isinstance(trace, Mapping) else []:
            info = span.get("span_info") if isinstance(span, Mapping) else None
            if isinstance(info, Mapping):
                yield info


def _at(report: Mapping[str, Any], listed: str, number: int) -> Any:
    found = report.get(listed) or []
    return found[number] if number < len(found) else None
