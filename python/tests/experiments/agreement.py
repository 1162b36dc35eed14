"""How close two figures have to be, and what is said of those that are not."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

Tolerance = Callable[[float], float]


def relative(expected: float) -> float:
    """A billionth, of at least a thousandth: estimates, standard errors and what is made of them by arithmetic alone."""
    return 1e-9 * max(abs(expected), 1e-3)


def absolute(_: float) -> float:
    """A millionth: probabilities and ends of intervals."""
    return 1e-6


@dataclass
class Agreement:
    """Figures that were compared.

    Attributes:
        count: how many.
        differences: what is wrong with those that do not agree.
    """

    count: int = 0
    differences: list[str] = field(default_factory=list)

    def compare(self, name: str, found: Any, expected: Any, tolerance: Tolerance | None = None) -> None:
        """Compare one figure: null only with null, text only with the same text, numbers within the tolerance."""
        self.count += 1
        if tolerance is None or found is None or expected is None:
            agrees = found == expected
        else:
            agrees = abs(float(found) - float(expected)) <= tolerance(float(expected))
        if not agrees:
            self.differences.append(f"{name}: {found!r} instead of {expected!r}")

    def compare_ends(self, name: str, found: Iterable[Any], expected: Any, tolerance: Tolerance) -> None:
        """Compare the ends of an interval, whose expected ends are a pair, or null together."""
        for end, figure, wanted in zip(("low", "high"), found, expected or (None, None), strict=True):
            self.compare(f"{name} {end}", figure, wanted, tolerance)

    def check(self) -> None:
        """Fail where something does not agree, with all of it, and where nothing was compared."""
        assert self.count, "nothing was compared"
        assert not self.differences, f"{len(self.differences)} of {self.count} figures differ:\n" + "\n".join(self.differences)
