"""One session into records: the session itself, and who said what in it, each message once.

A call to a model carries the conversation so far, so most messages are there many times. A message that stands where the
conversation already has the same one is not said again.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent_goals.importing.intake import Intake
from agent_goals.importing.messages import Message, arguments
from agent_goals.importing.step import Context, Origin, Step
from agent_goals.importing.values import encoded, moment, said, structure, text
from agent_goals.importing.vocabulary import known


@dataclass
class _Scene:
    """What was said in one step.

    Attributes:
        start: when the step began, in nanoseconds since 1970.
        end: when it ended.
        inputs: what it was given.
        outputs: what it gave.
        tool: for a step of a tool: its call, and what it answered.
    """

    start: int
    end: int
    inputs: list[Message]
    outputs: list[Message]
    tool: tuple[str, str | None, Any, Any] | None = None


@dataclass
class SessionPart:
    """What one trace adds to a session.

    Attributes:
        trace: the trace.
        session: the session.
        environment: where it happened.
        origin: where it was read.
        start: when it began, in nanoseconds since 1970.
        end: when it ended.
        agent: the agent that acted.
        agent_version: its version.
        customer: whom it served.
        service: the program that it ran in.
        top: what its topmost step is called.
        metadata: anything else worth keeping.
        tools: the tools that its agents could have called, by name.
    """

    trace: str
    session: str
    environment: str | None
    origin: Origin
    start: int | None = None
    end: int | None = None
    agent: str | None = None
    agent_version: str | None = None
    customer: str | None = None
    service: str | None = None
    top: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    _scenes: list[_Scene] = field(default_factory=list)
    tools: dict[str, dict[str, str]] = field(default_factory=dict)
    _tools_seen: set[str] = field(default_factory=set)
    _agent_rank: tuple[int, int] | None = None
    _whole: tuple[Any, Any] | None = None

    def see(self, step: Step, depth: int, *, is_told_below: bool) -> bool:
        """Take in a step; they come in the order in which they began.

        Args:
            step: the step.
            depth: how many steps of an agent stand above it.
            is_told_below: whether steps below it have the messages that it has.

        Returns:
            Whether something was said in it that may become turns.
        """
        self.start = step.start if self.start is None else min(self.start, step.start)
        self.end = step.end if self.end is None else max(self.end, step.end)
        self.customer = self.customer or step.customer
        self.service = self.service or step.service
        if step.is_of_an_agent:
            self._see_agent(step, depth)
            if step.tools:
                self._see_tools(step.tools)
            if self._whole is None and step.kind != "tool" and (step.input or step.output):
                self._whole = (step.input, step.output)
        if step.kind == "tool" and (step.tool or step.name):
            call = (step.tool or step.name, step.tool_call_id, step.input, step.output)
            self._scenes.append(_Scene(step.start, step.end, [], [], call))
        elif (step.inputs or step.outputs) and not is_told_below:
            asked = said(step.input) if not step.inputs and isinstance(step.input, str) else None
            inputs = step.inputs or ([Message("user", asked)] if asked else [])
            self._scenes.append(_Scene(step.start, step.end, inputs, step.outputs))
        else:
            return False
        return True

    def add(self, context: Context) -> None:
        """Take in what is known of the trace as a whole."""
        self.customer = context.customer or self.customer
        self.agent_version = context.agent_version or self.agent_version
        self.metadata = self.metadata | context.metadata
        if context.occurred_at is not None:
            self.start = context.occurred_at if self.start is None else min(self.start, context.occurred_at)
            self.end = context.occurred_at if self.end is None else max(self.end, context.occurred_at)
        if context.input is not None or context.output is not None:
            self._whole = (context.input, context.output)

    def scenes(self) -> list[_Scene]:
        """What was said; where no step has messages, what the whole was given and gave."""
        if self._whole is None or any(scene.tool is None for scene in self._scenes):
            return self._scenes
        given, gave = (_plain_words(value) for value in self._whole)
        inputs = [Message("user", given)] if given else []
        outputs = [Message("assistant", gave)] if gave else []
        return [_Scene(self.start or 0, self.end or 0, inputs, outputs), *self._scenes]

    def _see_agent(self, step: Step, depth: int) -> None:
        """Whose session it is: the topmost agent's. One at the very top goes by its step's name, if by no other."""
        name = step.agent or (step.name if depth == 0 and step.kind == "agent" else None)
        rank = (depth if depth == 0 and step.kind == "agent" else depth + 1, step.start)
        if name and (self._agent_rank is None or rank < self._agent_rank):
            self.agent, self.agent_version, self._agent_rank = name, step.agent_version, rank
        if depth == 0 and self.top is None:
            self.top = step.name or None

    def _see_tools(self, tools: Any) -> None:
        """Every call carries the definitions of all tools: the same text is looked at once."""
        text_ = said(tools) or ""
        if text_ in self._tools_seen:
            return
        self._tools_seen.add(text_)
        found = structure(tools)
        for tool in found if isinstance(found, list) else []:
            schema = structure(tool.get("json_schema")) if isinstance(tool, Mapping) and "json_schema" in tool else tool
            definition = schema.get("function", schema) if isinstance(schema, Mapping) else None
            if isinstance(definition, Mapping) and (name := text(definition.get("name"))):
                described = known(name=name, description=text(definition.get("description")))
                self.tools.setdefault(name, described)


def _plain_words(value: Any) -> str | None:
    """A value as words: of an object that holds just one text, that text."""
    found = structure(value)
    if isinstance(found, dict):
        texts = [member for member in found.values() if isinstance(member, str) and member]
        if len(found) == 1 and texts:
            return texts[0]
    return said(value)


def take_session(parts: Sequence[SessionPart], intake: Intake, *, with_turns: bool) -> None:
    """Write a session and its turns.

    Args:
        parts: what every trace adds to it.
        intake: where records go.
        with_turns: whether turns are wanted.
    """
    parts = sorted(parts, key=lambda part: (part.start or 0, part.trace))
    head = parts[0]
    environment, session = head.environment, head.session
    ends = [part.end for part in parts if part.end is not None]
    metadata: dict[str, Any] = {}
    for part in parts:
        metadata |= part.metadata
    tools: dict[str, dict[str, str]] = {}
    for part in parts:
        tools = part.tools | tools
    fields = {
        "event_id": f"session:{environment or ''}:{session}",
        "session_id": session,
        "environment": environment,
        # Its start and end are those of its events: a later import may bring earlier or later ones.
        "occurred_at": moment(max(ends)) if ends else None,
        "agent": _first(part.agent for part in parts) or _first(part.service or part.top for part in parts),
        "agent_version": _first(part.agent_version for part in parts),
        "customer_id": _first(part.customer for part in parts),
        # Under the name by which a judge looks for them.
        "metadata": metadata | known(service=_first(part.service for part in parts), available_tools=list(tools.values())),
    }
    intake.record("session", fields, head.origin)
    if not with_turns:
        return
    said_in = [(part, scene) for part in parts for scene in part.scenes()]
    counted: Counter[str] = Counter()
    for index, (part, time, role, content, tool, call) in enumerate(_turns(said_in)):
        digest = hashlib.sha256(encoded([environment, session, role, content, tool, call]).encode()).hexdigest()[:32]
        counted[digest] += 1
        turn = {
            "event_id": f"turn:{digest}:{counted[digest]}",
            "session_id": session,
            "environment": environment,
            "occurred_at": moment(time),
            "turn_index": index,
            "role": role,
            "content": content,
            "tool_name": tool,
            "tool_call": call,
        }
        intake.record("turn", turn, part.origin)


_Turn = tuple[SessionPart, int, str, str | None, str | None, Any]


def _turns(said_in: Sequence[tuple[SessionPart, _Scene]]) -> list[_Turn]:
    """The turns of all scenes, in the order of time."""
    threads = _Threads()
    answered_ids, answers = _answers(scene for _, scene in said_in)
    called = {
        call.id: call.name for _, scene in said_in for one in (*scene.inputs, *scene.outputs) for call in one.calls if call.id
    }
    begun: set[str] = set()
    found: list[_Turn] = []
    for part, scene in sorted(said_in, key=lambda one: one[1].start):
        if scene.tool is not None:
            name, call_id, given, gave = scene.tool
            content = said(gave)
            if call_id not in answered_ids and (content is None or content not in answers):
                found.append((part, scene.end, "tool", content, name, structure(arguments(given))))
            continue
        # What a trace begins with was said when it began.
        is_first = part.trace not in begun
        begun.add(part.trace)
        start = part.start if is_first and part.start is not None else scene.start
        new_inputs, new_outputs = threads.new(scene.inputs, scene.outputs, is_first=is_first)
        for message in new_inputs:
            found.extend((part, start, *turn) for turn in _as_turns(message, called))
        for message in new_outputs:
            found.extend((part, scene.end, *turn) for turn in _as_turns(message, called))
    return sorted(found, key=lambda turn: turn[1])


def _answers(scenes: Iterable[_Scene]) -> tuple[set[str | None], set[str | None]]:
    """The ids of tool calls that messages have the answers to, and the answers."""
    ids: set[str | None] = set()
    answers: set[str | None] = set()
    for scene in scenes:
        for message in (*scene.inputs, *scene.outputs):
            if message.role == "tool":
                answers.add(message.content)
                if message.call_id:
                    ids.add(message.call_id)
    return ids, answers


def _as_turns(message: Message, called: Mapping[str, str]) -> Iterator[tuple[str, str | None, str | None, Any]]:
    if message.content is not None or not message.calls:
        yield message.role, message.content, message.tool or called.get(message.call_id or ""), None
    for call in message.calls:
        yield message.role, None, call.name, structure(call.arguments)


def _first(values: Iterable[str | None]) -> str | None:
    return next((value for value in values if value), None)


_Key = tuple[str, str | None, tuple[tuple[str, str], ...]]


class _Threads:
    """The conversations of a session as they have grown so far: agents in it may have several."""

    def __init__(self) -> None:
        self._by_opening: dict[_Key | None, list[list[_Key]]] = {}

    def new(
        self, inputs: Sequence[Message], outputs: Sequence[Message], *, is_first: bool
    ) -> tuple[Sequence[Message], Sequence[Message]]:
        """The messages of a step that no thread has at their place; the thread goes on with them.

        Args:
            inputs: what it was given.
            outputs: what it gave.
            is_first: whether it is the first of its trace: then what the user said last is new, were it the same words.
        """
        keys = [_key(message) for message in inputs]
        opening = next((key for key in keys if key[0] != "system"), None)
        threads = self._by_opening.setdefault(opening, [])
        thread: list[_Key] = max(threads, key=lambda thread: _common(thread, keys), default=[])
        shared = _common(thread, keys)
        gave = [_key(message) for message in outputs]
        if is_first and keys and shared == len(keys) and keys[-1][0] == "user":
            shared -= 1
        elif shared == len(keys) and gave and thread[shared : shared + len(gave)] == gave:
            return (), ()
        if not thread or shared < len(thread):
            # Another branch of the same conversation: what went before is shared.
            threads.append([*keys, *gave])
        else:
            thread[:] = [*keys, *gave]
        return inputs[shared:], outputs


def _key(message: Message) -> _Key:
    return message.role, message.content, tuple((call.name, call.arguments) for call in message.calls)


def _common(one: Sequence[_Key], other: Sequence[_Key]) -> int:
    """How many messages two conversations begin with alike."""
    count = 0
    for ours, theirs in zip(one, other, strict=False):
        if ours != theirs and not _is_same_said(ours, theirs):
            break
        count += 1
    return count


def _is_same_said(one: _Key, other: _Key) -> bool:
    """Whether an answer is the other one with its end cut off, as where a stop word was taken out."""
    return (
        one[0] == other[0] == "assistant"
        and one[1] is not None
        and other[1] is not None
        and one[2] == other[2]
        and (one[1].startswith(other[1]) or other[1].startswith(one[1]))
    )
