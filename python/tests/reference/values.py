"""Amounts, instants and the values of records: what every rule needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from agent_goals.contract import NUMBER_LIMIT, NUMBER_PATTERN

UNIT = Decimal(1).scaleb(-10)

Row = dict[str, Any]


def instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)


def local_date(at: datetime, timezone: str) -> date:
    return at.astimezone(ZoneInfo(timezone)).date()


def order(record: Row) -> tuple[Any, ...]:
    """Where a record stands among others: by when it happened, then when it was loaded, then its id."""
    return (record["at"], record["load"], record["event_id"])


def total(amounts: Iterable[Any]) -> Any:
    """The sum of what is known; ``None`` when nothing is."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known[1:], known[0]) if known else None


def first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


def latest(records: Iterable[Row], read: Callable[[Row], Any]) -> Any:
    """The latest record's value that is not null."""
    known = [value for value in (read(record) for record in sorted(records, key=order)) if value is not None]
    return known[-1] if known else None


def metadata(record: Row, *names: str) -> Any:
    inside = record.get("metadata") or {}
    return first(*(inside.get(name) for name in names))


def own_or_metadata(name: str) -> Callable[[Row], Any]:
    return lambda record: first(record.get(name), metadata(record, name))


def number(value: Any) -> float | None:
    """A number of the metadata, which may have come as text; ``None`` for anything else."""
    is_text_of_number = isinstance(value, str) and re.fullmatch(NUMBER_PATTERN, value, re.ASCII)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_text_of_number or is_number else None


def metadata_number(record: Row, *names: str) -> float | None:
    return number(metadata(record, *names))


def known_number(value: Any) -> float | None:
    """What a rule makes of a metadata value: numbers, also as text, and true or false; anything else is unknown."""
    word = str(value).lower()
    known = float(word == "true") if word in ("true", "false") else number(value)
    return known if known is not None and abs(known) < NUMBER_LIMIT else None


def rounded(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value)).quantize(UNIT, ROUND_HALF_UP)


def is_met(score: float, operator: str, threshold: float) -> bool:
    return {
        ">=": score >= threshold,
        ">": score > threshold,
        "<=": score <= threshold,
        "<": score < threshold,
        "=": score == threshold,
    }[operator]


def quotient(numerator: Any, denominator: Any) -> float | None:
    return None if numerator is None or not denominator else float(Fraction(numerator) / Fraction(denominator))
