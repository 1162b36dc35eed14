"""The tokens of one call, whatever its source takes input and output to include."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple


class Usage(NamedTuple):
    """Tokens of one call as they were reported; ``None`` is not said.

    Attributes:
        input: tokens read.
        output: tokens written.
        cache_read: tokens read from a cache.
        cache_write: tokens written to a cache.
        reasoning: tokens spent on reasoning.
        total: all of them, where the source has a sum.
    """

    input: int | None = None
    output: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None
    total: int | None = None

    @property
    def is_known(self) -> bool:
        """Whether any number is said."""
        return any(number is not None for number in self._parts())

    @property
    def is_positive(self) -> bool:
        """Whether any token was used."""
        return any(number for number in self._parts())

    def whole(self) -> Usage:
        """The same with input that includes cached tokens and output that includes reasoning, as a cost record has them.

        Conventions say that input includes what was cached, and not all that report it heed them. It did not where the
        cached tokens alone are more than the input, or where only all of them together make the total that is sent. The
        same goes for reasoning and output.
        """
        cached = (self.cache_read or 0) + (self.cache_write or 0)
        reasoning = self.reasoning or 0
        input_, output = self.input, self.output
        if cached and (cached > (input_ or 0) or self._is_total((input_ or 0) + cached + (output or 0))):
            input_ = (input_ or 0) + cached
        if reasoning and (reasoning > (output or 0) or self._is_total((input_ or 0) + (output or 0) + reasoning)):
            output = (output or 0) + reasoning
        return Usage(input_, output, self.cache_read, self.cache_write, self.reasoning, self.total)

    def fields(self) -> dict[str, int]:
        """The fields of a cost record, those that are known."""
        found = {
            "input_tokens": self.input,
            "cache_read_tokens": self.cache_read,
            "cache_write_tokens": self.cache_write,
            "output_tokens": self.output,
            "reasoning_tokens": self.reasoning,
        }
        return {name: number for name, number in found.items() if number is not None}

    def _is_total(self, sum_: int) -> bool:
        return self.total is not None and sum_ == self.total and (self.input or 0) + (self.output or 0) != self.total

    def _parts(self) -> Iterator[int | None]:
        yield from (self.input, self.output, self.cache_read, self.cache_write, self.reasoning)
