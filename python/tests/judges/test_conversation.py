from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent_goals.judges import Conversation, Turn, read_conversations
from loading_helpers import cost, goal, write_lines


def test_turn_records_come_in_the_order_of_their_index() -> None:
    records = [
        {"turn_index": 2, "role": "assistant", "content": "Done."},
        {"turn_index": 10, "role": "user", "content": "Thanks."},
        {"turn_index": 1, "role": "assistant", "content": None, "tool_name": "refund", "tool_call": '{"order": 7}'},
    ]
    assert Conversation.of(records).turns == (
        Turn("assistant", None, "refund", {"order": 7}),
        Turn("assistant", "Done."),
        Turn("user", "Thanks."),
    )


def test_chat_messages_with_parts_and_tool_calls_are_read() -> None:
    messages: list[dict[str, Any]] = [
        {"role": "user", "content": [{"type": "text", "text": "Look:"}, {"type": "image_url", "image_url": {"url": "x"}}]},
        {"role": "assistant", "content": None, "tool_calls": [{"function": {"name": "look", "arguments": '{"at": "x"}'}}]},
        {"role": "tool", "name": "look", "content": "a cat"},
        {"role": "assistant", "content": "A cat.", "tool_calls": [{"name": "purr", "arguments": {"times": 2}}]},
    ]
    assert Conversation.of(messages).turns == (
        Turn("user", "Look:\n[image_url]"),
        Turn("assistant", None, "look", {"at": "x"}),
        Turn("tool", "a cat", "look"),
        Turn("assistant", "A cat."),
        Turn("assistant", None, "purr", {"times": 2}),
    )


def test_arguments_that_are_no_json_stay_a_text() -> None:
    (turn,) = Conversation.of([{"role": "assistant", "tool_name": "run", "tool_call": "ls -l {"}]).turns
    assert turn.tool_call == "ls -l {"


@pytest.mark.parametrize("turn", ["hello", {"content": "who says so?"}, {"role": 3}, None])
def test_what_is_no_turn_is_refused_with_its_text(turn: Any) -> None:
    with pytest.raises(ValueError, match="a turn is a Turn, or a mapping with a role"):
        Conversation.of([turn])


@pytest.mark.parametrize(
    ("role", "speaker"),
    [
        ("user", "user"),
        (" Human ", "user"),
        ("tool", "tool"),
        ("developer", "system"),
        ("assistant", "agent"),
        ("triage", "agent"),
    ],
)
def test_any_other_role_is_the_agents(role: str, speaker: str) -> None:
    assert Turn(role, "x").speaker == speaker


def test_a_file_of_records_holds_conversations(tmp_path: Path) -> None:
    turn = {"type": "turn", "occurred_at": "2026-01-01T00:00:00Z", "role": "user"}
    records = [
        turn | {"session_id": "b", "turn_index": 1, "content": "Thanks.", "role": "user"},
        cost() | {"type": "cost"},
        turn | {"session_id": "b", "turn_index": 0, "content": "Hello.", "tool_name": "t", "tool_call": {"x": 1}},
        turn | {"session_id": "a", "turn_index": 0, "content": "Hi.", "environment": "staging"},
        goal() | {"type": "goal"},
        "{oops",
    ]
    assert read_conversations(write_lines(tmp_path / "trace.ndjson", records)) == {
        ("production", "b"): Conversation((Turn("user", "Hello.", "t", {"x": 1}), Turn("user", "Thanks."))),
        ("staging", "a"): Conversation((Turn("user", "Hi."),)),
    }
