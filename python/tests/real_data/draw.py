"""Repeatable variety for the invented agents: a seeded draw, and exact splits of a total."""

from __future__ import annotations

import random
from collections.abc import Sequence
from decimal import Decimal
from itertools import accumulate
from typing import Any, TypeVar

T = TypeVar("T")

SEGMENTS = ("consumer", "business", "enterprise")
CHANNELS = ("chat", "email", "phone")

#: Dollars per million input and output tokens by model: only so that tokens go with the amounts.
MODELS = {"gpt-4o": (Decimal("2.5"), Decimal(10)), "claude-sonnet-4-5": (Decimal(3), Decimal(15))}


def model_call(model: str, amount: Decimal) -> dict[str, Any]:
    """A model call's fields: as many tokens as ``amount`` dollars buy, seven tenths of it spent on input."""
    input_price, output_price = MODELS[model]
    return {
        "model": model,
        "input_tokens": int(amount * Decimal("0.7") / input_price * 1_000_000),
        "output_tokens": int(amount * Decimal("0.3") / output_price * 1_000_000),
    }


def split(total: Decimal, weights: Sequence[float], unit: Decimal) -> list[Decimal]:
    """Split ``total`` in proportion to ``weights`` into whole multiples of ``unit`` that add up to it exactly.

    Args:
        total: what to split, itself a multiple of ``unit``.
        weights: positive weights, one a part.
        unit: the last place of a part, e.g. ``Decimal("0.0001")``.
    """
    units = int(total / unit)
    so_far = list(accumulate(weights))
    parts, before = [], 0
    for running in so_far:
        upto = units if running == so_far[-1] else int(units * running / so_far[-1])
        parts.append((upto - before) * unit)
        before = upto
    return parts


class Draw:
    """A repeatable draw: only ``random()``, whose sequence for a seed is the same on every Python."""

    def __init__(self, seed: str) -> None:
        """Start the sequence that ``seed`` stands for."""
        self._random = random.Random(sum(ord(letter) * 131**place for place, letter in enumerate(seed)))

    def weights(self, count: int, spread: float = 0.6) -> list[float]:
        """``count`` weights around 1, each within ``spread`` of it."""
        return [1 - spread + 2 * spread * self._random.random() for _ in range(count)]

    def below(self, limit: int) -> int:
        """A whole number from 0 up to, not including, ``limit``."""
        return int(self._random.random() * limit)

    def pick(self, choices: Sequence[T]) -> T:
        """One of ``choices``."""
        return choices[self.below(len(choices))]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """``items`` in a drawn order."""
        places = sorted((self._random.random(), place) for place in range(len(items)))
        return [items[place] for _, place in places]
