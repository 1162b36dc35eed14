"""Messages of a conversation, from the shapes that conventions and providers give them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from agent_goals.importing.values import encoded, first, said, structure, text

_ROLES = {
    "ai": "assistant",
    "model": "assistant",
    "tool-call": "assistant",
    "human": "user",
    "developer": "system",
    "function": "tool",
    "tool-response": "tool",
    "tool_response": "tool",
    "tool_result": "tool",
}

_PARTIES = frozenset({"user", "assistant", "system", "tool"})

#: Parts that are not said to anybody.
_UNSAID = frozenset({"reasoning", "thinking", "redacted_thinking", "thought"})


class ToolCall(NamedTuple):
    """A tool that the model asked for.

    Attributes:
        name: the tool's name.
        arguments: what it is to be called with, as JSON text of an object.
        id: the call's id.
    """

    name: str
    arguments: str
    id: str | None


class Message(NamedTuple):
    """What one party said at once.

    Attributes:
        role: user, assistant, tool or system.
        content: what was said; of a tool, what it answered.
        calls: the tools that were asked for.
        tool: of a tool's answer, the tool's name.
        call_id: of a tool's answer, the id of the call.
    """

    role: str
    content: str | None = None
    calls: tuple[ToolCall, ...] = ()
    tool: str | None = None
    call_id: str | None = None


def messages(value: Any, role: str) -> list[Message]:
    """The messages of a value: a list of them, one, JSON text of either, or a plain text.

    OpenTelemetry's parts, OpenAI's, Anthropic's, Bedrock's and Gemini's contents and LangChain's messages are known. What is
    of no shape that is known was said all the same: its JSON text is the message.

    Args:
        value: the value.
        role: who speaks where a message does not say.
    """
    found = structure(value)
    if found is None or found == "":
        return []
    if isinstance(found, str):
        return [Message(role, found)]
    if isinstance(found, Mapping):
        inner = first(found.get("messages"), found.get("contents"))
        if isinstance(inner, list):
            return messages(inner, role)
        found = [found]
    if isinstance(found, list):
        # LangChain nests the messages of each prompt of a batch.
        if len(found) == 1 and isinstance(found[0], list):
            found = found[0]
        if all(isinstance(item, Mapping | str) for item in found):
            return [message for item in found for message in _of(item, role)]
    return [Message(role, encoded(found))]


def arguments(value: Any) -> str:
    """What a tool was called with, as JSON text of an object."""
    found = structure(value)
    if found is None or found == "":
        return "{}"
    return encoded(found if isinstance(found, Mapping) else {"arguments": found})


def _of(item: Mapping[str, Any] | str, role: str) -> Iterator[Message]:
    """The messages of one: the answers of tools that it holds stand on their own."""
    if isinstance(item, str):
        yield Message(role, item)
        return
    inner = item.get("kwargs")
    if isinstance(inner, Mapping):
        item = inner
    named = text(item.get("role"))
    if named is None and _ROLES.get(kind := str(item.get("type")).lower(), kind) in _PARTIES:
        named = kind
    role = _ROLES.get(named.lower(), named.lower()) if named else role
    texts: list[str] = []
    calls = [_call(call) for call in _list(item.get("tool_calls"))]
    answers: list[Message] = []
    for part in _parts(first(item.get("parts"), item.get("content"), item.get("contents"), item.get("text"))):
        if isinstance(part, str):
            texts.append(part)
        elif (call := _called(part)) is not None:
            calls.append(_call(call))
        elif (answer := _answered(part)) is not None:
            answers.append(answer)
        elif (words := _words(part)) is not None:
            texts.append(words)
    content = "\n".join(words for words in texts if words) or None
    if role == "tool":
        call_id = text(first(item.get("tool_call_id"), item.get("id")))
        if content is not None or not answers:
            answers.insert(0, Message("tool", content, tool=text(item.get("name")), call_id=call_id))
        yield from answers
        return
    yield from answers
    if content is not None or calls:
        yield Message(role, content, tuple(calls))


def _parts(value: Any) -> Iterable[Any]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [value]
    return [part for part in _list(value) if isinstance(part, str | Mapping)]


def _list(value: Any) -> list[Any]:
    found = structure(value)
    return found if isinstance(found, list) else []


def _called(part: Mapping[str, Any]) -> Any:
    """The tool call of a part, if it is one."""
    for name in ("toolUse", "function_call", "functionCall"):
        if name in part:
            return part[name]
    return part if part.get("type") in ("tool_call", "tool_use", "function_call") else None


def _call(value: Any) -> ToolCall:
    call = value if isinstance(value, Mapping) else {}
    function = first(call.get("function"), call.get("tool_call"), call)
    function = function if isinstance(function, Mapping) else call
    named = first(function.get("name"), call.get("name"), "unknown")
    given = first(function.get("arguments"), function.get("args"), function.get("input"), call.get("args"))
    return ToolCall(str(named), arguments(given), text(first(call.get("id"), call.get("toolUseId"), call.get("call_id"))))


def _answered(part: Mapping[str, Any]) -> Message | None:
    """The tool's answer of a part, if it is one."""
    inner = first(part.get("toolResult"), part.get("function_response"), part.get("functionResponse"))
    if inner is None and part.get("type") in ("tool_call_response", "tool_result", "function_call_output"):
        inner = part
    if not isinstance(inner, Mapping):
        return None
    content = first(inner.get("response"), inner.get("result"), inner.get("content"), inner.get("output"))
    words = (
        [_words(piece) if isinstance(piece, Mapping) else said(piece) for piece in content] if isinstance(content, list) else []
    )
    call_id = first(inner.get("id"), inner.get("tool_use_id"), inner.get("toolUseId"), inner.get("call_id"))
    return Message(
        "tool",
        "\n".join(word for word in words if word) if words and None not in words else said(content),
        tool=text(inner.get("name")),
        call_id=text(call_id),
    )


def _words(part: Mapping[str, Any]) -> str | None:
    """What a part says; of what is no text, its type in brackets."""
    kind = part.get("type")
    if kind in _UNSAID:
        return None
    words = first(part.get("text"), part.get("content"), part.get("refusal"))
    if words is not None:
        return said(words)
    if kind is None:
        return encoded(part) if part else None
    return f"[{kind}]"
