from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent_goals.judges import TooLongError, Turn
from agent_goals.judges.fitting import count_tokens, fit
from agent_goals.judges.prompts import as_data

ROLES = ("user", "assistant", "tool", "system")
turns = st.lists(
    st.builds(
        Turn,
        role=st.sampled_from(ROLES),
        content=st.one_of(st.none(), st.text(max_size=40), st.integers(100, 9000).map(lambda size: "word " * (size // 5))),
        tool_name=st.one_of(st.none(), st.just("search")),
        tool_call=st.one_of(st.none(), st.fixed_dictionaries({"q": st.text(max_size=2000)})),
    ),
    max_size=12,
)


def untouchable(conversation: list[Turn]) -> list[Turn]:
    spoken = [turn for turn in conversation if turn.speaker == "agent" and turn.content and turn.content.strip()]
    return [turn for turn in conversation if turn.speaker == "user" or (spoken and turn is spoken[-1])]


@settings(deadline=None, max_examples=150)
@given(turns, st.integers(30, 8000))
def test_what_fits_has_all_that_the_user_said_and_the_last_words(conversation: list[Turn], room: int) -> None:
    # Equal turns are one object to hypothesis now and then; here each is its own.
    conversation = [Turn(turn.role, turn.content, turn.tool_name, turn.tool_call) for turn in conversation]
    try:
        fitted = fit(conversation, room)
    except TooLongError:
        needed = sum(count_tokens(as_data(shown)) for shown in fit(untouchable(conversation), 10**9).turns)
        gaps = len(conversation) - len(untouchable(conversation))
        assert needed + (gaps + len(conversation)) * 15 > room
        return
    assert count_tokens(as_data(fitted.turns)) <= room + 1
    shown = {turn["turn"]: turn for turn in fitted.turns if "turn" in turn}
    for number, turn in enumerate(conversation):
        if any(turn is each for each in untouchable(conversation)):
            assert shown[number].get("content") == turn.content
    assert len(shown) + fitted.count_left_out == len(conversation)
    assert list(shown) == sorted(shown)
    assert fitted.count_left_out == sum(turn.get("turns_left_out", 0) for turn in fitted.turns)
    whole = [{"turn": n, "role": t.role} for n, t in enumerate(conversation)]
    assert not fitted.is_whole or [{"turn": t["turn"], "role": t["role"]} for t in fitted.turns] == whole


def test_tool_answers_go_before_the_agents_words_and_are_cut_in_their_middle() -> None:
    conversation = [
        Turn("user", "Find the invoice."),
        Turn("assistant", None, "search", {"q": "invoice"}),
        Turn("tool", "BEGIN " + "x" * 20_000 + " END", "search"),
        Turn("assistant", "I am looking at " + "y" * 3000),
        Turn("assistant", "It is number 4711. " + "z" * 3000),
    ]
    fitted = fit(conversation, 3800)
    texts = [turn.get("content", "") for turn in fitted.turns]
    assert texts[2].startswith("BEGIN xxx")
    assert texts[2].endswith("xxx END")
    assert "16,010 characters left out" in texts[2]
    assert texts[3:] == [conversation[3].content, conversation[4].content]
    assert (fitted.count_cut, fitted.count_left_out) == (1, 0)
    tighter = fit(conversation, 1500)
    assert tighter.turns[-1]["content"] == conversation[4].content
    assert len(tighter.turns[3]["content"]) < 1000


def test_a_text_that_is_cut_twice_says_how_much_of_the_whole_is_missing() -> None:
    conversation = [Turn("user", "Find it."), Turn("tool", "x" * 20_000), Turn("assistant", "Found.")]
    for room, limit in ((1500, 4000), (400, 1000), (150, 200)):
        shown = fit(conversation, room).turns[1]["content"]
        assert f"[... {20_000 - limit:,} characters left out ...]" in shown
        assert shown.count("left out") == 1
        assert shown.count("x") == limit


def test_gaps_are_marked_where_they_are() -> None:
    conversation = (
        [Turn("user", "Go.")] + [Turn("tool", f"step {n} " + "x" * 150) for n in range(30)] + [Turn("assistant", "Done.")]
    )
    fitted = fit(conversation, 700)
    assert fitted.turns[0]["content"] == "Go."
    assert fitted.turns[1] == {"turns_left_out": fitted.count_left_out}
    assert fitted.turns[-1]["content"] == "Done."
    assert 10 < fitted.count_left_out < 30


def test_a_very_long_conversation_keeps_its_end() -> None:
    steps = [Turn("tool" if number % 2 else "assistant", "word " * 300) for number in range(5000)]
    fitted = fit([Turn("user", "Do it."), *steps, Turn("assistant", "Done.")], 5000)
    assert 4900 < fitted.count_left_out < 5000
    assert fitted.turns[1] == {"turns_left_out": fitted.count_left_out}
    assert [turn["turn"] for turn in fitted.turns[-3:]] == [4999, 5000, 5001]


def test_what_cannot_fit_says_what_to_do() -> None:
    with pytest.raises(TooLongError, match=r"take a model with a larger context, or raise --max-input-tokens"):
        fit([Turn("user", "word " * 2000), Turn("assistant", "ok")], 1000)


@given(st.recursive(st.text() | st.integers() | st.none() | st.booleans(), lambda v: st.lists(v) | st.dictionaries(st.text(), v)))
def test_the_count_never_falls_short_of_a_third_of_the_bytes(value: Any) -> None:
    text = as_data(value)
    assert json.loads(text) == value
    assert count_tokens(text) * 3 >= len(text.encode())
