"""What the formats share: how a text is read as JSON, a number as tokens or money, and a time as a moment."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from agent_goals.contract import NUMBER_PATTERN, TIMESTAMP_PATTERN

_is_number = re.compile(NUMBER_PATTERN).fullmatch
_is_timestamp = re.compile(TIMESTAMP_PATTERN).fullmatch
_is_whole = re.compile(r"[0-9]+").fullmatch

_SECOND = 1_000_000_000
_LAST_SECOND = int(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp())

#: From which magnitude a bare number of time is one of nanoseconds, microseconds or milliseconds; below it is seconds.
_UNITS = ((10**17, 1), (10**14, 1_000), (10**11, 1_000_000))

_SHOWN_CHARACTERS = 60


class UnreadableError(Exception):
    """A thing of a file that cannot be understood.

    Attributes:
        code: the reason's code, one of ``report.REASONS``.
    """

    def __init__(self, code: str, message: str) -> None:
        """Make the error from the code, and a sentence that says what was found and what to do."""
        super().__init__(message)
        self.code = code


def _json(value: Any) -> Any:
    """What JSON has for a value that it knows nothing of: for a decimal a number where a double is the same, else text."""
    if isinstance(value, Decimal):
        whole = value == value.to_integral_value() and abs(value.adjusted()) < 18
        number = int(value) if whole else float(value)
        return number if Decimal(repr(number)) == value else str(value)
    return dict(value) if isinstance(value, Mapping) else str(value)


# Amounts are read as the decimals that they are written as; NaN and Infinity, which are not JSON, as their names.
_decode = json.JSONDecoder(parse_float=Decimal, parse_constant=str).decode
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_json).encode


def decoded(text: str) -> Any:
    """The JSON value of a text, its numbers exact.

    Raises:
        ValueError: when it is not one JSON value.
        RecursionError: when it is nested too deeply.
    """
    return _decode(text)


def encoded(value: Any) -> str:
    """A value as JSON text: the digits of its decimals are kept, what JSON has no form for becomes text."""
    return _encode(value)


def structure(value: Any) -> Any:
    """A value that may come as JSON text: what the text holds if it is an object or an array, else the value itself."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            return decoded(value)
        except (ValueError, RecursionError):
            return value
    return value


def text(value: Any) -> str | None:
    """A value as a text that is not empty: texts as they are, other scalars as JSON has them, ``None`` for all else."""
    if isinstance(value, str):
        return value or None
    if value is None or isinstance(value, Mapping | list | tuple):
        return None
    return encoded(value)


def said(value: Any) -> str | None:
    """A value as what somebody said: like ``text``, and objects and arrays as JSON."""
    if value is None or value == "":
        return None
    return value if isinstance(value, str) else encoded(value)


def tokens(value: Any, name: str) -> int | None:
    """A number of tokens.

    Raises:
        UnreadableError: when it is there and is no whole number from 0.
    """
    number = exact(value, name)
    if number is None:
        return None
    if number < 0 or number != number.to_integral_value():
        raise UnreadableError("wrong_type", f"{name} is {shown(value)}, but tokens are a whole number from 0.")
    return int(number)


def exact(value: Any, name: str) -> Decimal | None:
    """A number as the decimal that it is written as.

    Raises:
        UnreadableError: when it is there and is no finite number.
    """
    if value is None or value == "":
        return None
    try:
        if isinstance(value, bool) or (isinstance(value, str) and not _is_number(value)):
            raise TypeError
        number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
        if not number.is_finite():
            raise TypeError
    except (TypeError, ValueError, InvalidOperation):
        raise UnreadableError("wrong_type", f"{name} is {shown(value)}, but it is to be a finite number.") from None
    return number


def nanoseconds(value: Any, name: str) -> int:
    """A moment, as nanoseconds since 1970 in UTC.

    Args:
        value: an RFC 3339 text (without an offset it is UTC), or a number of nanoseconds, microseconds, milliseconds or
            seconds since 1970, which its magnitude tells apart.
        name: what the message calls it.

    Raises:
        UnreadableError: when it is none, or the zero that stands for none.
    """
    if isinstance(value, str) and _is_timestamp(value):
        try:
            whole, fraction, offset = re.split(r"(\.[0-9]+)", value, maxsplit=1) if "." in value else (value, "", "")
            moment = datetime.fromisoformat(whole + offset)
            seconds = int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
            return seconds * _SECOND + int(fraction[1:10].ljust(9, "0") or 0)
        except (ValueError, OverflowError):
            pass
    elif isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        return int(moment.replace(microsecond=0).timestamp()) * _SECOND + moment.microsecond * 1_000
    elif (isinstance(value, int | float | Decimal) and not isinstance(value, bool)) or (
        isinstance(value, str) and _is_number(value)
    ):
        is_whole = isinstance(value, int) or (isinstance(value, str) and _is_whole(value))
        number: int | Decimal = int(value) if is_whole else exact(value, name) or Decimal(0)
        scale = next((factor for least, factor in _UNITS if number >= least), _SECOND)
        if 0 < number * scale <= _LAST_SECOND * _SECOND:
            return int(number * scale)
    raise UnreadableError(
        "invalid_timestamp",
        f"{name} is {shown(value)}, but it is to be a moment after 1970: RFC 3339 text, or a number of nanoseconds.",
    )


def moment(nanoseconds_: int) -> str:
    """Nanoseconds since 1970 as an RFC 3339 text in UTC, every digit kept."""
    seconds, rest = divmod(nanoseconds_, _SECOND)
    fraction = f".{rest:09}".rstrip("0") if rest else ""
    return f"{datetime.fromtimestamp(seconds, UTC).isoformat()[:19]}{fraction}Z"


def shown(value: Any) -> str:
    """A value as a person would recognise it, on one line and not too long."""
    found = encoded(value)
    return found if len(found) <= _SHOWN_CHARACTERS else f"{found[:_SHOWN_CHARACTERS]}... ({len(found)} characters)"


def first(*values: Any) -> Any:
    """The first value that is not ``None``."""
    for value in values:
        if value is not None:
            return value
    return None
