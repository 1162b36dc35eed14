"""OpenTelemetry spans as JSON: OTLP as the collector's file exporter writes it, and lists of spans as SDKs print them.

OTLP/JSON: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding. Ids are hexadecimal, 64-bit integers are texts.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from agent_goals.importing.gen_ai import EVALUATION_EVENT, event_facts, gen_ai
from agent_goals.importing.intake import Intake
from agent_goals.importing.labels import verdict_of
from agent_goals.importing.openinference import feedback, openinference
from agent_goals.importing.step import SESSION_KEY, Origin, Said, Step, Verdict
from agent_goals.importing.usage import Usage
from agent_goals.importing.values import UnreadableError, first, nanoseconds, structure, text
from agent_goals.importing.vocabulary import Attributes, Vocabulary, any_of, known, merged

_EXPORTS = ("resourceSpans", "resourceLogs", "resourceMetrics", "resource_spans", "resource_logs", "resource_metrics")

_ENVIRONMENTS = ("deployment.environment.name", "deployment.environment")


class SpanFormat:
    """Spans, whose attributes are read by several vocabularies.

    Args:
        vocabularies: who reads the attributes, the one to be believed first first.
    """

    def __init__(self, *vocabularies: Vocabulary) -> None:  # noqa: D107 (the class says it)
        self._vocabularies = vocabularies

    def recognises(self, value: Any) -> bool:
        """Whether a value is an OTLP export, a list of spans or a span."""
        if not isinstance(value, Mapping):
            return False
        if any(name in value for name in _EXPORTS):
            return True
        spans = value.get("spans")
        if isinstance(spans, list):
            return all(_is_span(span) for span in spans)
        return _is_span(value)

    def read(self, value: Any, place: str, intake: Intake) -> None:
        """Take what is in a value that this format recognises."""
        scopes = ("scopeSpans", "scope_spans", "instrumentationLibrarySpans")
        for name in ("resourceSpans", "resource_spans"):
            for resource, span in _records(value.get(name), scopes, "spans"):
                self._span(span, _attributes(resource.get("attributes")), place, intake)
        for name in ("resourceLogs", "resource_logs"):
            for resource, log in _records(value.get(name), ("scopeLogs", "scope_logs"), "logRecords", "log_records"):
                self._log(log, _attributes(resource.get("attributes")), place, intake)
        for name in ("resourceMetrics", "resource_metrics"):
            for resource in _list(value.get(name)):
                intake.left_out(intake.origin(place, resource), "metrics", "metrics say nothing of single sessions.")
        if isinstance(value.get("spans"), list):
            session = text(value.get("session_id"))
            for span in value["spans"]:
                self._span(span, {}, place, intake, session)
        elif _is_span(value):
            self._span(value, {}, place, intake)

    def _span(self, span: Any, resource: Attributes, place: str, intake: Intake, session: str | None = None) -> None:
        """Take one span in the form of a flat list."""
        origin = intake.origin(place, span)
        try:
            if not isinstance(span, Mapping):
                raise UnreadableError("unknown_shape", "it stands where a span is to be, and is no object.")
            trace, span_id, parent = _ids(span)
            origin.place = f"{place}, span {span_id}"
            attributes = _attributes(span.get("attributes"))
            step, events = self._step(span, trace, span_id, attributes, resource, origin)
            step.parent = parent
            step.session = step.session or session
            verdicts = list(_verdicts(step, trace, attributes, events, origin))
        except UnreadableError as error:
            intake.unreadable(origin, error)
            return
        intake.part(trace, step)
        for verdict in verdicts:
            intake.part(trace, verdict)

    def _step(
        self, span: Mapping[str, Any], trace: str, span_id: str, attributes: Attributes, resource: Attributes, origin: Origin
    ) -> tuple[Step, list[tuple[str, int | None, Attributes]]]:
        start = nanoseconds(
            any_of(span, "startTimeUnixNano", "start_time", "start_time_unix_nano", "startTime"), "the span's start"
        )
        end_time = any_of(span, "endTimeUnixNano", "end_time", "end_time_unix_nano", "endTime")
        end = nanoseconds(end_time, "the span's end") if end_time not in (None, 0, "0", "") else start
        resource = resource or _attributes(_mapping(span.get("resource")).get("attributes"))
        events = [_event(event) for event in _list(first(span.get("span_events"), span.get("events")))]
        facts = merged([vocabulary(attributes) for vocabulary in self._vocabularies])
        if said := [event_facts(name, inner) for name, _, inner in events if name.startswith("gen_ai.")]:
            for side in ("inputs", "outputs"):
                facts[side] = facts.get(side) or [message for one in said for message in one.get(side, [])]
        if "kind" not in facts and any(name.startswith("gen_ai.") for name in attributes):
            facts["kind"] = "other"
        usage = Usage(**facts.pop("usage"))
        failed = _is_error(span.get("status")) or "error.type" in attributes
        metadata = facts.pop("metadata", {}) | known(error=text(attributes.get("error.type")))
        step = Step(
            id=span_id,
            event_id=f"otel:{trace}:{span_id}",
            origin=origin,
            start=start,
            end=max(start, end),
            name=text(span.get("name")) or "",
            failed=failed,
            usage=usage.whole(),
            environment=text(first(any_of(resource, *_ENVIRONMENTS), any_of(attributes, *_ENVIRONMENTS))),
            service=text(first(resource.get("service.name"), attributes.get("service.name"))),
            metadata=metadata,
            **facts,
        )
        step.session = step.session or text(resource.get("session.id"))
        if step.amount is not None:
            step.currency = step.currency or "USD"
        return step, events

    def _log(self, log: Any, resource: Attributes, place: str, intake: Intake) -> None:
        """Take one log record: an evaluation, or the messages of a call."""
        origin = intake.origin(place, log)
        try:
            if not isinstance(log, Mapping):
                raise UnreadableError("unknown_shape", "it stands where a log is to be, and is no object.")
            body = _plain_value(log.get("body"))
            attributes = _attributes(log.get("attributes"))
            attributes = {**(body if isinstance(body, Mapping) else {}), **attributes}
            name = text(first(log.get("eventName"), log.get("event_name"), attributes.get("event.name"))) or ""
            facts = event_facts(name, attributes)
            if name != EVALUATION_EVENT and not facts:
                intake.left_out(origin, "logs", f"a log named {name or 'nothing'} becomes no record.")
                return
            trace = _hex(first(log.get("traceId"), log.get("trace_id")))
            span = _hex(first(log.get("spanId"), log.get("span_id")))
            time = first(*(log.get(key) or None for key in ("timeUnixNano", "observedTimeUnixNano", "timestamp")))
            occurred_at = nanoseconds(time, "timeUnixNano")
            if facts:
                if trace is None or span is None:
                    raise UnreadableError("missing_field", "messages without traceId and spanId belong to no call: send both.")
                intake.part(trace, Said(origin, span, occurred_at, facts.get("inputs", []), facts.get("outputs", [])))
                return
            session = text(any_of(attributes, "gen_ai.conversation.id", "session.id"))
            response = text(attributes.get("gen_ai.response.id"))
            if not (trace or session):
                raise UnreadableError(
                    "missing_field", "an evaluation without traceId names no session: send traceId or session.id."
                )
            key = trace or f"{SESSION_KEY}{session}"
            identity = f"otel:{key}:{span or response or ''}:{attributes.get('gen_ai.evaluation.name')}:{occurred_at}"
            verdict = _evaluation(identity, attributes, span, occurred_at, origin)
            verdict.session = session
            verdict.environment = text(any_of(resource, *_ENVIRONMENTS))
        except UnreadableError as error:
            intake.unreadable(origin, error)
            return
        intake.part(key, verdict)


OTEL = SpanFormat(gen_ai, openinference)
OPENINFERENCE = SpanFormat(openinference, gen_ai)


def _verdicts(
    step: Step, trace: str, attributes: Attributes, events: Iterable[tuple[str, int | None, Attributes]], origin: Origin
) -> Iterator[Verdict]:
    evaluations = [event for event in events if event[0] == EVALUATION_EVENT]
    for number, (_, time, inner) in enumerate(evaluations):
        identity = f"otel:{trace}:{step.id}:evaluation:{number}"
        verdict = _evaluation(identity, inner, step.id, first(time, step.end), origin)
        verdict.session = text(any_of(inner, "gen_ai.conversation.id", "session.id"))
        yield verdict
    for is_wide, where, fields in feedback(attributes):
        yield Verdict(f"otel:{trace}:{step.id}:{where}", origin, None if is_wide else step.id, fields, step.end, step.session)


def _evaluation(event_id: str, attributes: Attributes, span: str | None, occurred_at: int, origin: Origin) -> Verdict:
    """An evaluation. Who gave it is not said by the convention, so it counts as a judge's, which is trusted least."""
    error = text(attributes.get("error.type"))
    explanation = text(attributes.get("gen_ai.evaluation.explanation"))
    score = attributes.get("gen_ai.evaluation.score.value")
    fields = verdict_of(score, attributes.get("gen_ai.evaluation.score.label"), "gen_ai.evaluation.score.value")
    if error:
        fields = {"label": "error"}
        explanation = f"the evaluation failed ({error})" + (f": {explanation}" if explanation else "")
    response = text(attributes.get("gen_ai.response.id"))
    fields |= known(
        goal=text(attributes.get("gen_ai.evaluation.name")),
        reason=explanation,
        verdict_source="judge",
        metadata=known(response_id=response),
    )
    return Verdict(event_id, origin, span, fields, occurred_at, response=response)


def _is_span(value: Any) -> bool:
    if not isinstance(value, Mapping):
        return False
    context = _mapping(value.get("context"))
    names = {*value, *context}
    return bool(names & {"span_id", "spanId"}) and bool(names & {"trace_id", "traceId"})


def _ids(span: Mapping[str, Any]) -> tuple[str, str, str | None]:
    context = _mapping(span.get("context"))
    trace = _hex(first(span.get("trace_id"), span.get("traceId"), context.get("trace_id"), context.get("traceId")))
    span_id = _hex(first(span.get("span_id"), span.get("spanId"), context.get("span_id"), context.get("spanId")))
    if trace is None or span_id is None:
        raise UnreadableError("missing_field", "a span without trace id or span id cannot be placed: send both.")
    parent = _hex(first(span.get("parent_span_id"), span.get("parentSpanId"), span.get("parent_id")))
    return trace, span_id, parent


def _hex(value: Any) -> str | None:
    """An id in lower case; the base64 of other JSON encoders as hexadecimal; zeros and nothing are none."""
    found = (text(value) or "").removeprefix("0x")
    if len(found) in (12, 24) and found.endswith("="):
        with contextlib.suppress(binascii.Error):  # an id that only looks like base64 stays as it is
            found = base64.b64decode(found, validate=True).hex()
    return found.lower() if found.strip("0") else None


def _records(resources: Any, scopes: tuple[str, ...], *names: str) -> Iterator[tuple[Mapping[str, Any], Any]]:
    """What stands under resources and scopes, each with its resource."""
    for resource in _list(resources):
        if not isinstance(resource, Mapping):
            continue
        for scope in (scope for name in scopes for scope in _list(resource.get(name))):
            if isinstance(scope, Mapping):
                for record in (record for name in names for record in _list(scope.get(name))):
                    yield _mapping(resource.get("resource")), record


def _event(event: Any) -> tuple[str, int | None, Attributes]:
    found = _mapping(event)
    time = first(found.get("timeUnixNano"), found.get("timestamp"), found.get("time_unix_nano"), found.get("time"))
    name = text(first(found.get("name"), found.get("event_name"))) or ""
    moment = nanoseconds(time, "the event's time") if time not in (None, 0, "0", "") else None
    return name, moment, _attributes(found.get("attributes"))


def _is_error(status: Any) -> bool:
    code = _mapping(status).get("code", _mapping(status).get("status_code", status))
    return code == 2 or (isinstance(code, str) and code.upper() in ("ERROR", "STATUS_CODE_ERROR", "2"))


def _attributes(value: Any) -> Attributes:
    """Attributes as an object, from OTLP's list of keys and values or as they are."""
    if isinstance(value, list):
        return {str(item["key"]): _plain_value(item.get("value")) for item in value if isinstance(item, dict) and "key" in item}
    return _mapping(value)


def _same(value: Any) -> Any:
    return value


_PLAIN: dict[str, Callable[[Any], Any]] = {
    "stringValue": _same,
    "intValue": lambda value: int(value) if isinstance(value, str) and value.lstrip("-").isdigit() else value,
    "doubleValue": _same,
    "boolValue": _same,
    "arrayValue": lambda value: [_plain_value(item) for item in _list(_mapping(value).get("values"))],
    "kvlistValue": lambda value: dict(_attributes(_mapping(value).get("values") or [])),
    "bytesValue": _same,
}


def _plain_value(value: Any) -> Any:
    """An OTLP value as JSON has it."""
    if isinstance(value, dict) and "stringValue" in value:
        return value["stringValue"]
    if isinstance(value, Mapping) and len(value) == 1:
        ((kind, inner),) = value.items()
        if "_" in kind:
            head, *rest = kind.split("_")
            kind = head + "".join(part.title() for part in rest)
        if kind in _PLAIN:
            return _PLAIN[kind](inner)
    return value


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    found = structure(value)
    return found if isinstance(found, list) else []
