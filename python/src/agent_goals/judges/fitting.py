"""Long conversations made to fit into a model's context.

The rule, in this order, until it fits:

1. What tools answered, and the arguments they were called with, is cut to ``TOOL_CHARACTERS``, a long text in its middle.
2. So is what the agent said, to ``AGENT_CHARACTERS``, except its last words.
3. Turns of tools, of the agent and of the system are left out, the oldest first, except the agent's last words.

What the user said and the agent's last words are never touched. Where even they do not fit, nothing is judged. A cut or a
gap is marked where it is, and the judge is told of it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agent_goals.errors import AgentGoalsError
from agent_goals.judges.conversation import Turn
from agent_goals.judges.prompts import as_data

#: To what length tool answers are cut, in characters, in turn.
TOOL_CHARACTERS = (4000, 1000, 200)

#: To what length the agent's earlier words are cut, in characters, in turn.
AGENT_CHARACTERS = (2000, 500)

#: A text that is not longer than its limit and this is not worth cutting: what marks the cut would take its place.
MARK_CHARACTERS = 50

#: How many bytes of text make a token, at the least: English has four or five, digits and identifiers about three.
BYTES_PER_TOKEN = 3


class TooLongError(AgentGoalsError):
    """What the user said and the agent's last words alone are longer than the context that there is."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A conversation that fits.

    Attributes:
        turns: the turns as JSON values; one that only says how many were left out has the key ``turns_left_out``.
        count_cut: texts that were cut.
        count_left_out: turns that were left out.
    """

    turns: tuple[dict[str, Any], ...]
    count_cut: int = 0
    count_left_out: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing."""
        return not self.count_cut and not self.count_left_out


def count_tokens(text: str) -> int:
    """About how many tokens a text has, rather too many than too few."""
    return -(-len(text.encode("utf-8", "surrogatepass")) // BYTES_PER_TOKEN)


def fit(turns: Sequence[Turn], max_tokens: int) -> Fitted:
    """Make a conversation fit, by the module's rule.

    Args:
        turns: the conversation.
        max_tokens: how many tokens it may have, counted by ``count_tokens``.

    Raises:
        TooLongError: when what is never touched does not fit.
    """
    return _Fitting(turns, max_tokens).result()


class _Fitting:
    def __init__(self, turns: Sequence[Turn], max_tokens: int) -> None:
        self._speakers = [turn.speaker for turn in turns]
        self._shown: list[dict[str, Any] | None] = [_as_json(number, turn) for number, turn in enumerate(turns)]
        self._whole = tuple(self._shown)
        self._sizes = [_size(shown) for shown in self._shown]
        self._total = sum(self._sizes)
        self._budget = max_tokens
        self._cut: set[int] = set()
        spoken = [n for n, turn in enumerate(turns) if turn.speaker == "agent" and turn.content and turn.content.strip()]
        self._last_words = spoken[-1] if spoken else None

    def result(self) -> Fitted:
        for limit in TOOL_CHARACTERS:
            self._shorten([n for n in range(len(self._shown)) if self._speakers[n] == "tool"], limit)
            self._shorten([n for n in range(len(self._shown)) if self._calls_tool(n)], limit, key="arguments")
        for limit in AGENT_CHARACTERS:
            self._shorten([n for n, speaker in enumerate(self._speakers) if speaker == "agent" and n != self._last_words], limit)
        for number, speaker in enumerate(self._speakers):
            if self._fits():
                break
            if speaker != "user" and number != self._last_words:
                self._replace(number, None)
                self._cut.discard(number)
        if not self._fits():
            raise TooLongError(
                f"what the user said and the agent's last words alone have about {self._total:,} tokens, more than the"
                f" {self._budget:,} that there is room for: take a model with a larger context, or raise --max-input-tokens."
            )
        left_out = sum(shown is None for shown in self._shown)
        return Fitted(tuple(self._with_gaps()), len(self._cut), left_out)

    def _fits(self) -> bool:
        return self._total <= self._budget

    def _calls_tool(self, number: int) -> bool:
        shown = self._shown[number]
        return shown is not None and "arguments" in shown

    def _shorten(self, numbers: Sequence[int], limit: int, key: str = "content") -> None:
        for number in numbers:
            if self._fits():
                return
            shown, whole = self._shown[number], self._whole[number]
            if shown is None or whole is None or key not in whole:
                continue
            text = whole[key] if isinstance(whole[key], str) else json.dumps(whole[key], ensure_ascii=False, default=str)
            if len(text) > limit + MARK_CHARACTERS:
                self._replace(number, {**shown, key: _cut_middle(text, limit)})
                self._cut.add(number)

    def _replace(self, number: int, shown: dict[str, Any] | None) -> None:
        self._shown[number] = shown
        # A gap costs something as well, but several in a row are one. The oldest goes first, so it may join one before it only.
        joins_gap = shown is None and number > 0 and self._shown[number - 1] is None
        size = 0 if joins_gap else _size(shown)
        self._total += size - self._sizes[number]
        self._sizes[number] = size

    def _with_gaps(self) -> list[dict[str, Any]]:
        turns: list[dict[str, Any]] = []
        for shown in self._shown:
            if shown is not None:
                turns.append(shown)
            elif turns and "turns_left_out" in turns[-1]:
                turns[-1]["turns_left_out"] += 1
            else:
                turns.append({"turns_left_out": 1})
        return turns


def _as_json(number: int, turn: Turn) -> dict[str, Any]:
    shown: dict[str, Any] = {"turn": number, "role": turn.role}
    if turn.tool_name is not None:
        shown["tool"] = turn.tool_name
    if turn.tool_call is not None:
        shown["arguments"] = turn.tool_call
    if turn.content is not None:
        shown["content"] = turn.content
    return shown


def _size(shown: dict[str, Any] | None) -> int:
    return count_tokens(as_data(shown if shown is not None else {"turns_left_out": 1000})) + 1


def _cut_middle(text: str, limit: int) -> str:
    """The beginning and the end of a text: tool answers often have their result at one of them."""
    head = limit * 2 // 3
    return f"{text[:head]} [... {len(text) - limit:,} characters left out ...] {text[len(text) - (limit - head) :]}"
