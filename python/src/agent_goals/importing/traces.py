"""One trace into records: what its steps cost, each counted once, and the verdicts on them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from agent_goals.importing.conversation import SessionPart
from agent_goals.importing.intake import Intake, Part
from agent_goals.importing.step import CALLS, SESSION_KEY, Context, Said, Step, Verdict
from agent_goals.importing.values import moment
from agent_goals.importing.vocabulary import known

#: The model of a cost whose source does not name one. No price list has it, so the cost is counted as unknown.
UNKNOWN_MODEL = "unknown"

#: The provider of a model that is named without one and with a slash: LiteLLM puts the provider in front of it.
SLASHED_PROVIDER = "litellm"

_COST_TYPES = {"embedding": "retrieval", "retrieval": "retrieval", "tool": "tool", "evaluator": "evaluation"}


@dataclass(frozen=True)
class Overrides:
    """What the caller says of every record, whatever the files say.

    Attributes:
        environment: where it happened.
        agent: the agent that acted.
    """

    environment: str | None = None
    agent: str | None = None


@dataclass
class _Node:
    """A step in its tree.

    Attributes:
        step: the step.
        parent: the node above it, where that is in the trace and not below it.
        children: those right under it.
        calls_below: kinds of the calls with usage under it that belong to it: no tool, agent or evaluator stands between.
        has_usage_below: whether anything under it reports usage.
        has_usage_above: whether anything above it does.
        is_told_below: whether anything below it has messages.
        depth: how many steps of an agent stand above it.
        tokens_below: input and output tokens of what is counted below it.
        session: its session, else that of the nearest step above it that names one.
        environment: likewise.
        agent: likewise.
        is_evaluation: whether it is an evaluator's, or below one.
    """

    step: Step
    parent: _Node | None = None
    children: list[_Node] = field(default_factory=list)
    calls_below: set[str] = field(default_factory=set)
    has_usage_below: bool = False
    has_usage_above: bool = False
    is_told_below: bool = False
    depth: int = 0
    tokens_below: int = 0
    session: str | None = None
    environment: str | None = None
    agent: str | None = None
    is_evaluation: bool = False

    def inherit(self) -> None:
        """Take what it does not say itself from its parent, which has done so before."""
        step, above = self.step, self.parent
        self.session = step.session or (above.session if above else None)
        self.environment = step.environment or (above.environment if above else None)
        self.agent = step.agent or (above.agent if above else None)
        self.is_evaluation = step.kind == "evaluator" or (above is not None and above.is_evaluation)

    @property
    def repeats(self) -> bool:
        """Whether the usage that it reports is that of steps below it.

        A call repeats a call of its kind that it makes through another layer. All else that reports usage sums up what
        is below it, if anything there reports any.
        """
        if not self.step.has_usage:
            return False
        if self.step.kind in CALLS:
            return self.step.kind in self.calls_below
        return self.has_usage_below


def take_trace(key: str, parts: Sequence[Part], intake: Intake, overrides: Overrides) -> Iterator[tuple[str, SessionPart]]:
    """Write the costs and goals of a trace.

    Args:
        key: the trace's id.
        parts: everything that was read of it.
        intake: where records go.
        overrides: what the caller says.

    Returns:
        What the trace adds to each session, under the session's key.
    """
    context = _together([part for part in parts if isinstance(part, Context)])
    steps = list(_last((part for part in parts if isinstance(part, Step)), lambda step: step.id, intake))
    verdicts = list(_last((part for part in parts if isinstance(part, Verdict)), lambda verdict: verdict.event_id, intake))
    _tell([part for part in parts if isinstance(part, Said)], steps, intake)
    if steps and not verdicts and context is None and not any(step.is_of_an_agent for step in steps):
        for step in steps:
            intake.left_out(step.origin, "not_of_an_agent", f"nothing in trace {key} tells of an agent or a model.")
        return
    steps.sort(key=lambda step: (step.start, step.id))
    nodes = _tree(steps)
    trace = _Trace(key, context, nodes, verdicts, overrides)
    took_part: dict[tuple[str | None, str], SessionPart] = {}
    for node in nodes.values():
        place = trace.session_of(node)
        if place not in took_part:
            took_part[place] = SessionPart(key, place[1], place[0], node.step.origin)
        part = took_part[place]
        is_said = part.see(node.step, node.depth, is_told_below=node.is_told_below and node.step.kind not in CALLS)
        is_settled = _take_cost(node, place, trace, intake)
        if not (is_said or is_settled):
            intake.left_out(node.step.origin, "no_record", "it says where other things belong, and is no record itself.")
    for verdict in verdicts:
        _take_verdict(verdict, trace, intake)
    if context is not None and not took_part:
        place = trace.session_of(None)
        took_part[place] = SessionPart(key, place[1], place[0], context.origin)
    for (environment, session), part in took_part.items():
        part.agent = overrides.agent or (context.agent if context else None) or part.agent
        if context is not None:
            part.add(context)
        yield f"{environment or ''} {session}", part


_Part = TypeVar("_Part", Step, Verdict)


def _last(parts: Iterable[_Part], identity: Callable[[_Part], str], intake: Intake) -> Iterable[_Part]:
    """The parts, of each identity the last one that was read."""
    kept: dict[str, _Part] = {}
    for part in parts:
        if (older := kept.get(identity(part))) is not None:
            intake.left_out(older.origin, "repeated_thing", f"{identity(part)} was read again: the last one counts.")
        kept[identity(part)] = part
    return kept.values()


def _tell(said: Sequence[Said], steps: Iterable[Step], intake: Intake) -> None:
    """Give steps the messages that stand apart from them, where they have none themselves."""
    silent = {step.id: step for step in steps if not (step.inputs or step.outputs)}
    known_ids = {step.id for step in steps}
    for part in sorted(said, key=lambda part: part.time):
        if part.step in silent:
            silent[part.step].inputs.extend(part.inputs)
            silent[part.step].outputs.extend(part.outputs)
        elif part.step in known_ids:
            intake.left_out(part.origin, "repeated_thing", f"span {part.step} has messages itself, which count.")
        else:
            intake.left_out(part.origin, "missing_field", f"span {part.step} is in none of the files: import them together.")


def _together(contexts: Sequence[Context]) -> Context | None:
    """All that is known of a trace: of what is said twice the last."""
    if not contexts:
        return None
    last = contexts[-1]
    for older in contexts[:-1]:
        for name in vars(last):
            if getattr(last, name) in (None, {}):
                setattr(last, name, getattr(older, name))
    return last


class _Trace:
    """What every step of a trace needs to know of the others."""

    def __init__(
        self, key: str, context: Context | None, nodes: Mapping[str, _Node], verdicts: Sequence[Verdict], overrides: Overrides
    ) -> None:
        self.id = None if key.startswith(SESSION_KEY) else key
        self.nodes = nodes
        self.overrides = overrides
        self.by_response = {node.step.response: node for node in nodes.values() if node.step.response}
        steps = [node.step for node in nodes.values()]
        self._environment = (context.environment if context else None) or _first_said(steps, "environment")
        named = (context.session if context else None) or _first_said(steps, "session")
        named = named or next((verdict.session for verdict in verdicts if verdict.session), None)
        self.has_named_session = named is not None
        self._session = named or key
        self.span_of_time = (steps[0].start, max(step.end for step in steps)) if steps else None
        self.begun_at = context.occurred_at if context else None

    def session_of(self, node: _Node | None) -> tuple[str | None, str]:
        """The environment and session of a step: its own, else that of the steps above it, else the trace's."""
        environment = (node.environment if node else None) or self._environment
        return self.overrides.environment or environment, (node.session if node else None) or self._session


def _first_said(steps: Sequence[Step], name: str) -> Any:
    return next((value for step in steps if (value := getattr(step, name)) is not None), None)


def _tree(steps: Sequence[Step]) -> dict[str, _Node]:
    """The steps as trees, in the order given."""
    nodes = {step.id: _Node(step) for step in steps}
    for node in nodes.values():
        node.parent = nodes.get(node.step.parent or "")
        if node.parent is not None:
            node.parent.children.append(node)
    order = _from_the_top(nodes.values())
    for node in order:
        node.inherit()
        for child in node.children:
            child.depth = node.depth + node.step.is_of_an_agent
            child.has_usage_above = node.has_usage_above or node.step.has_positive_usage
    for node in reversed(order):
        above = node.parent
        if above is None:
            continue
        above.has_usage_below |= node.has_usage_below or node.step.has_positive_usage
        above.is_told_below |= node.is_told_below or bool(node.step.inputs or node.step.outputs)
        if node.step.kind in CALLS and node.step.has_positive_usage:
            above.calls_below.add(str(node.step.kind))
        if node.step.kind not in ("tool", "agent", "evaluator"):
            above.calls_below |= node.calls_below
        above.tokens_below += node.tokens_below + (0 if node.repeats else _tokens(node.step))
    return nodes


def _from_the_top(nodes: Iterable[_Node]) -> list[_Node]:
    """Every node after its parent. Where ids name each other in a circle, the first of them loses its parent."""
    order: list[_Node] = []
    seen: set[int] = set()
    for is_circle in (False, True):
        for top in nodes:
            if id(top) in seen or (top.parent is not None and not is_circle):
                continue
            if top.parent is not None:
                top.parent.children.remove(top)
                top.parent = None
            begin = len(order)
            order.append(top)
            while begin < len(order):
                seen.add(id(order[begin]))
                order.extend(order[begin].children)
                begin += 1
    return order


def _tokens(step: Step) -> int:
    return (step.usage.input or 0) + (step.usage.output or 0)


def _take_cost(node: _Node, place: tuple[str | None, str], trace: _Trace, intake: Intake) -> bool:
    """Write what a step cost, if that is its own; says whether the step is accounted for."""
    step = node.step
    if node.repeats:
        reported = ", ".join(f"{count:,} {name}" for name, count in step.usage.fields().items())
        what = reported or f"{step.amount} {step.currency}"
        intake.left_out(
            step.origin, "repeated_usage", f"{step.name} reports {what}, which spans below it report and are counted."
        )
        if _tokens(step) > node.tokens_below:
            intake.note(step.origin, "spans report more tokens than those below them, which are counted: some may be missing")
        return True
    if not step.has_usage:
        if step.kind != "inference" or node.has_usage_above or node.has_usage_below:
            return False
        if step.failed:
            intake.left_out(step.origin, "failed_call", f"{step.name} failed and reports neither tokens nor a cost.")
            return True
        intake.note(step.origin, "calls report neither tokens nor a cost: what they cost is unknown, and counted as such")
    agent = trace.overrides.agent or node.agent
    parent = node.parent
    # The warehouse takes a span that another one names as its parent to repeat that one's usage; this one's counts.
    is_counted_above = parent is not None and parent.step.has_usage and not parent.repeats
    metadata = known(
        parent_span_id=None if is_counted_above else step.parent,
        span_name=step.name or None,
        failed=True if step.failed else None,
    )
    latency_ms = step.latency_ms
    if latency_ms is None and step.end > step.start:
        latency_ms = (step.end - step.start) / 1_000_000
    fields: dict[str, Any] = {
        "event_id": step.event_id,
        "session_id": place[1],
        "environment": place[0],
        "occurred_at": moment(step.start),
        "amount": None if step.amount is None else format(step.amount, "f"),
        "currency": step.currency,
        "cost_type": _cost_type(node),
        "provider": step.provider or (SLASHED_PROVIDER if "/" in (step.model or "") else None),
        "model": step.model or (None if step.amount is not None else UNKNOWN_MODEL),
        **step.usage.fields(),
        "latency_ms": latency_ms,
        "trace_id": trace.id,
        "span_id": step.id,
        "agent": agent,
        "metadata": step.metadata | metadata,
    }
    intake.record("cost", fields, step.origin)
    return True


def _cost_type(node: _Node) -> str:
    step = node.step
    if node.is_evaluation:
        return "evaluation"
    if step.cost_type is not None:
        return step.cost_type
    if step.kind == "tool" and (step.model is not None or step.usage.is_known):
        return "llm"
    return _COST_TYPES.get(step.kind or "", "llm")


def _take_verdict(verdict: Verdict, trace: _Trace, intake: Intake) -> None:
    node = trace.nodes.get(verdict.step or "") or trace.by_response.get(verdict.response or "")
    environment, session = trace.session_of(node)
    if not trace.nodes and verdict.session is None and not trace.has_named_session:
        note = (
            "verdicts are on traces that are in none of the files, and are taken for sessions of their own: import both together"
        )
        intake.note(verdict.origin, note)
    occurred_at = verdict.occurred_at or (node.step.end if node else None) or (trace.span_of_time or (0, trace.begun_at))[1]
    fields = {
        "event_id": verdict.event_id,
        "session_id": verdict.session or session,
        "environment": trace.overrides.environment or verdict.environment or environment,
        "occurred_at": None if occurred_at is None else moment(occurred_at),
        "agent": trace.overrides.agent or (node.agent if node else None),
        **verdict.fields,
        "metadata": {**verdict.fields.get("metadata", {}), **known(trace_id=trace.id, span_id=verdict.step)},
    }
    intake.record("goal", fields, verdict.origin)
