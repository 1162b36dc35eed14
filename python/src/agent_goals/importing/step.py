"""What every traced source is turned into before it becomes records: steps, verdicts and what is known of a trace."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from agent_goals.importing.messages import Message
from agent_goals.importing.usage import Usage

_NOTHING = Usage()

#: What a step is. A call is one request to a model; what is none of these is a step that others stand under.
Kind = Literal["inference", "embedding", "retrieval", "tool", "agent", "evaluator", "other"]

#: What the key of things begins with that are known to be of a session, but of no trace.
SESSION_KEY = "session:"

#: The kinds that are one request each. A call's usage is its own unless a call of the same kind stands right under it.
CALLS = frozenset({"inference", "embedding", "retrieval"})


@dataclass
class Origin:
    """Where a thing was read.

    Attributes:
        file: the number of its file in the import.
        place: where in the file, for people.
        text: its raw text, if it is to be kept.
    """

    file: int
    place: str
    text: str = ""


@dataclass
class Verdict:
    """One verdict on one goal.

    Attributes:
        event_id: the record's identity.
        origin: where it was read.
        step: the id of the step that was judged; ``None`` when it was the trace.
        fields: the fields of the goal record, without those that the session gives.
        occurred_at: when, in nanoseconds since 1970; ``None`` when it is the time of what was judged.
        session: the session, where the verdict itself names it.
        environment: likewise.
        response: the id of the response that was judged, where the verdict names it.
    """

    event_id: str
    origin: Origin
    step: str | None
    fields: dict[str, Any]
    occurred_at: int | None = None
    session: str | None = None
    environment: str | None = None
    response: str | None = None


@dataclass
class Said:
    """Messages of a step that stand apart from it.

    Attributes:
        origin: where they were read.
        step: the step's id.
        time: when they were written down, in nanoseconds since 1970.
        inputs: messages that the step was given.
        outputs: messages that it gave.
    """

    origin: Origin
    step: str
    time: int
    inputs: list[Message]
    outputs: list[Message]


@dataclass
class Context:
    """What is known of a trace as a whole.

    Attributes:
        origin: where it was read.
        session: the session that the trace belongs to.
        environment: where it ran.
        customer: whom it served.
        agent: the agent that acted.
        agent_version: its version.
        occurred_at: when it began, in nanoseconds since 1970.
        input: what the user said, where nothing below says it better.
        output: what was answered, likewise.
        metadata: anything else.
    """

    origin: Origin
    session: str | None = None
    environment: str | None = None
    customer: str | None = None
    agent: str | None = None
    agent_version: str | None = None
    occurred_at: int | None = None
    input: Any = None
    output: Any = None
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass
class Step:
    """One span of a trace.

    Attributes:
        id: its id within the trace.
        event_id: the identity of the cost that it may become.
        origin: where it was read.
        start: when it began, in nanoseconds since 1970.
        end: when it ended, likewise.
        parent: the id of the step that it is a part of.
        name: what the source calls it.
        kind: what it is.
        failed: whether it ended in an error.
        session: the session that it names itself.
        environment: where it ran.
        customer: whom it served.
        agent: the agent that acted.
        agent_version: its version.
        service: the program that it ran in.
        provider: who serves the model.
        model: the model that was called.
        usage: the tokens that it reports.
        amount: the cost that it reports.
        currency: that cost's currency.
        cost_type: what kind of cost it is, where its kind does not say.
        latency_ms: how long it took, where its times do not say.
        inputs: messages that it was given.
        outputs: messages that it gave.
        input: its input, where it has no messages.
        output: its output, likewise.
        tool: the tool that was used.
        tool_call_id: the id of the call that the model had asked for.
        response: the id of the model's response.
        tools: the tools that it could have called, as the source has them.
        metadata: anything else worth keeping beside its cost.
    """

    id: str
    event_id: str
    origin: Origin
    start: int
    end: int
    parent: str | None = None
    name: str = ""
    kind: Kind | None = None
    failed: bool = False
    session: str | None = None
    environment: str | None = None
    customer: str | None = None
    agent: str | None = None
    agent_version: str | None = None
    service: str | None = None
    provider: str | None = None
    model: str | None = None
    usage: Usage = _NOTHING
    amount: Decimal | None = None
    currency: str | None = None
    cost_type: str | None = None
    latency_ms: float | None = None
    inputs: list[Message] = field(default_factory=list)
    outputs: list[Message] = field(default_factory=list)
    input: Any = None
    output: Any = None
    tool: str | None = None
    tool_call_id: str | None = None
    response: str | None = None
    tools: Any = None
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def is_of_an_agent(self) -> bool:
        """Whether it tells of an agent or a model at all."""
        return self.kind is not None or self.has_usage or bool(self.inputs or self.outputs)

    @property
    def has_usage(self) -> bool:
        """Whether it says what it used or cost."""
        return self.amount is not None or self.usage.is_known

    @property
    def has_positive_usage(self) -> bool:
        """Whether it says that it used or cost anything."""
        return bool(self.amount) or self.usage.is_positive
