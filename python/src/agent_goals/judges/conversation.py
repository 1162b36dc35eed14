"""A conversation as a judge sees it: who said what, which tools were called, and what they answered."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from agent_goals.contract import ENVIRONMENT_DEFAULT, TURN
from agent_goals.loading.sources import find_source
from agent_goals.validate import validate_line

Speaker = Literal["user", "agent", "tool", "system"]

#: Whom a role stands for; any other role is the agent's.
_SPEAKERS: Mapping[str, Speaker] = {
    "user": "user",
    "human": "user",
    "customer": "user",
    "tool": "tool",
    "function": "tool",
    "system": "system",
    "developer": "system",
}


@dataclass(frozen=True, slots=True)
class Turn:
    """One message, tool call or tool answer.

    Attributes:
        role: who spoke, as it was recorded: user, assistant, tool, system, ...
        content: what was said.
        tool_name: the tool that was called or that answered.
        tool_call: the call's arguments.
    """

    role: str
    content: str | None = None
    tool_name: str | None = None
    tool_call: Any = None

    @property
    def speaker(self) -> Speaker:
        """Whom the role stands for."""
        return _SPEAKERS.get(self.role.strip().lower(), "agent")

    @property
    def says_something(self) -> bool:
        """Whether it has a text that is not blank, or calls a tool."""
        return bool(self.content and self.content.strip()) or (self.speaker == "agent" and self.tool_name is not None)


@dataclass(frozen=True, slots=True)
class Conversation:
    """The turns of one session in order.

    Attributes:
        turns: the turns.
        available_tools: what the agent could have called: names, or descriptions as JSON values.
    """

    turns: tuple[Turn, ...] = ()
    available_tools: tuple[Any, ...] = ()

    @classmethod
    def of(cls, turns: Conversation | Iterable[Turn | Mapping[str, Any]], *, available_tools: Iterable[Any] = ()) -> Conversation:
        """Make a conversation of turns in any of the usual forms.

        Args:
            turns: ``Turn`` objects, turn records of the contract (sorted by ``turn_index`` where all have one), or chat
                messages with ``role``, ``content`` (a text or a list of parts) and ``tool_calls``.
            available_tools: what the agent could have called.

        Raises:
            ValueError: when a turn is none of these, or has no role.
        """
        if isinstance(turns, Conversation):
            return turns
        given = list(turns)
        if given and all(isinstance(turn, Mapping) and turn.get("turn_index") is not None for turn in given):
            given.sort(key=lambda turn: int(turn["turn_index"]))  # type: ignore[index]
        return cls(tuple(each for turn in given for each in _turns_of(turn)), tuple(available_tools))

    def said_by(self, speaker: Speaker) -> bool:
        """Whether somebody says, or calls, anything at all."""
        return any(turn.says_something for turn in self.turns if turn.speaker == speaker)


def read_conversations(path: str | os.PathLike[str]) -> dict[tuple[str, str], Conversation]:
    """The conversations in a file of records, such as `agent-goals import` writes of a trace.

    Args:
        path: a file that `agent-goals load` takes; records of other types in it are left aside, and so are bad lines.

    Returns:
        The conversations by environment and session, in the order of the file.

    Raises:
        LoadError: when there is no such file, or its name does not tell its format.
    """
    turns: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for line in find_source(Path(path)).lines():
        outcome = validate_line(line.text, line.record_type)
        if outcome.values is not None and outcome.record_type is TURN:
            turns.setdefault((outcome.values["environment"] or ENVIRONMENT_DEFAULT, outcome.values["session_id"]), []).append(
                outcome.values
            )
    return {key: Conversation.of(said) for key, said in turns.items()}


def _turns_of(turn: Turn | Mapping[str, Any]) -> Iterable[Turn]:
    if isinstance(turn, Turn):
        yield turn
        return
    if not isinstance(turn, Mapping) or not isinstance(turn.get("role"), str):
        raise ValueError(f"a turn is a Turn, or a mapping with a role, content and maybe a tool; this is {turn!r:.200}")
    role = turn["role"]
    content = _text(turn.get("content"))
    tool_name = turn.get("tool_name") or (turn.get("name") if _SPEAKERS.get(role) == "tool" else None)
    calls = turn.get("tool_calls") or ()
    if content is not None or tool_name is not None or not calls:
        yield Turn(role, content, tool_name, _from_json(turn.get("tool_call")))
    for call in calls:
        called = call.get("function", call)
        yield Turn(role, None, str(called.get("name")), _from_json(called.get("arguments")))


def _text(content: Any) -> str | None:
    """The text of a message; what is not text in it is named by its kind."""
    if content is None or isinstance(content, str):
        return content
    if isinstance(content, Iterable) and not isinstance(content, Mapping):
        return "\n".join(_part_text(part) for part in content)
    return _part_text(content)


def _part_text(part: Any) -> str:
    if isinstance(part, Mapping) and isinstance(part.get("text"), str):
        return str(part["text"])
    if isinstance(part, Mapping) and isinstance(part.get("type"), str):
        return f"[{part['type']}]"
    return part if isinstance(part, str) else json.dumps(part, ensure_ascii=False, default=str)


def _from_json(value: Any) -> Any:
    """What a JSON text holds; any other text stays a text."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value
