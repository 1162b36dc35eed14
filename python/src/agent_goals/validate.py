"""Validate one record at a time in Python, by the contract and with its reason codes.

The recording client uses this to say at once what is wrong with a record, and the loader to explain the lines that
its vectorised validation turned down. Both accept the same records and read the same values from them.
"""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from agent_goals.contract import (
    INTEGER_LIMIT,
    MONEY_SCALE,
    NUMBER_LIMIT,
    NUMBER_PATTERN,
    REASONS,
    RECORD_TYPES,
    TIMESTAMP_PATTERN,
    Field,
    FieldType,
    RecordType,
)

#: The field of a mixed file that names the record's type.
TYPE_FIELD = "type"

_WHOLE_RECORD = list(REASONS)[: list(REASONS).index("missing_field")]
_ACCEPTED: dict[FieldType, str] = {
    "string": "a text",
    "boolean": "true or false",
    "number": "a finite number or its decimal text",
    "integer": "a whole number or its decimal text",
    "money": "a finite number or its decimal text",
    "timestamp": "an RFC 3339 timestamp such as 2026-01-31T09:30:00Z",
    "object": "a JSON object",
    "strings": "a JSON array of texts",
}
_MONEY_CONTEXT = Context(prec=MONEY_SCALE + len(str(NUMBER_LIMIT)) + 2, rounding=ROUND_HALF_UP)
_MONEY_QUANTUM = Decimal(1).scaleb(-MONEY_SCALE)
_SHOWN_CHARACTERS = 60
# Python refuses to read or write integers of more than 4,300 digits.
_PYTHON_DIGITS = 4000

_is_number_text = re.compile(NUMBER_PATTERN).fullmatch
_is_timestamp_text = re.compile(TIMESTAMP_PATTERN).fullmatch
_escaped_nul = re.compile(r"(?<!\\)(?:\\\\)*\\u0000").search
_compact = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why a record is not accepted.

    Attributes:
        code: one of ``contract.REASONS``.
        field: the field that it is about; ``None`` when it is about the record as a whole.
        message: a sentence that says what was found, what is accepted, and what to do.
    """

    code: str
    field: str | None
    message: str


@dataclass(frozen=True, slots=True)
class Validation:
    """What came of validating one record: its values, or its problems.

    Attributes:
        record_type: the record's type, as far as it is known.
        values: every column of the type when the record is accepted, ``None`` where absent: ``str``, ``bool``,
            ``float``, ``int``, ``Decimal`` (money), naive UTC ``datetime``; objects and lists as their JSON text.
        problems: all problems found, the one that counts as the reason first; empty when accepted.
    """

    record_type: RecordType | None
    values: Mapping[str, Any] | None
    problems: tuple[Problem, ...] = ()

    @property
    def accepted(self) -> bool:
        """Whether the record may land."""
        return not self.problems


class _RefusedError(Exception):
    """A value that its field does not accept: reason code, and words for the message where the usual ones don't do."""

    def __init__(self, code: str, message: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.message = message


def validate_line(line: str | bytes, record_type: str | None = None) -> Validation:
    """Validate one NDJSON line.

    Args:
        line: the line, with or without its line break; bytes are read as UTF-8.
        record_type: the type of a record that has no ``type`` field, e.g. ``goal``.

    Returns:
        The record's values, or its problems.
    """
    try:
        record, repeated = _parse(line)
    except _RefusedError as refused:
        return Validation(None, None, (Problem(refused.code, None, str(refused.message)),))
    if not isinstance(record, dict):
        message = f"the line is {_shown(record)}, but a record is a JSON object: {{...}}."
        return Validation(None, None, (Problem("not_an_object", None, message),))
    return _validate(record, record_type, repeated)


def validate(record: Mapping[str, Any], record_type: str | None = None) -> Validation:
    """Validate one record given as a mapping of JSON values (``str``, ``bool``, ``int``, ``float``, ``dict``, ``list``).

    Args:
        record: the record's fields; its own ``type`` field, if any, says its type.
        record_type: the type of a record that has no ``type`` field, e.g. ``goal``.

    Returns:
        The record's values, or its problems.
    """
    return _validate(record, record_type, ())


def sent_id(line: str | bytes) -> str | None:
    """The ``event_id`` of a line, which need not be good otherwise; ``None`` where it has none."""
    try:
        record, _ = _parse(line)
    except _RefusedError:
        return None
    event_id = record.get("event_id") if isinstance(record, dict) else None
    return event_id if isinstance(event_id, str) else None


def _validate(record: Mapping[str, Any], record_type: str | None, repeated: tuple[str, ...]) -> Validation:
    named = record.get(TYPE_FIELD)
    name = record_type if _is_absent(named) else named
    kind = RECORD_TYPES.get(name) if isinstance(name, str) else None
    if kind is None:
        return Validation(None, None, (_unknown_type(name),))

    columns = _COLUMNS[kind.name]
    values = _DEFAULTS[kind.name].copy()
    problems = [
        Problem("duplicate_field", field, f"{_shown(field)} is there more than once: keep one of them.") for field in repeated
    ]
    for name, value in record.items():
        if name not in columns:
            if name != TYPE_FIELD:
                problems.append(_unknown_field(name, kind))
        elif not _is_absent(value):
            field, read = columns[name]
            try:
                values[name] = read(value, field)
            except _RefusedError as refused:
                message = refused.message or f"found {_shown(value)}, but it accepts {_accepted(field)}."
                problems.append(Problem(refused.code, name, f"{name}: {message}"))
    for field in _REQUIRED[kind.name]:
        if _is_absent(record.get(field.name)):
            problems.append(Problem("missing_field", field.name, f"{field.name} is required: send {_accepted(field)}."))
    if problems:
        problems.sort(key=lambda problem: _rank(problem, columns))
    else:
        problems = [Problem(rule.code, None, rule.message) for rule in kind.rules if rule.broken_by(values)]
    return Validation(kind, None if problems else values, tuple(problems))


def _is_absent(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value)


def _rank(problem: Problem, columns: Mapping[str, Any]) -> tuple[int, int]:
    """Where the problem stands among others: those of the whole record first, then by the field's place."""
    if problem.code in _WHOLE_RECORD:
        return _WHOLE_RECORD.index(problem.code), 0
    return len(_WHOLE_RECORD), list(columns).index(problem.field or "")


def _parse(line: str | bytes) -> tuple[Any, tuple[str, ...]]:
    """The line's JSON value, and the names that its outermost object repeats."""
    try:
        line = line.encode().decode() if isinstance(line, str) else line.decode()
    except UnicodeError as error:
        raise _RefusedError("invalid_encoding", f"the line is not UTF-8 text ({error}): save the file as UTF-8.") from None
    try:
        record = _decode(line)
        if "\\u" in line:
            json.dumps(record, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        message = f"not valid JSON at character {error.pos + 1}: {error.msg}."
        raise _RefusedError("malformed_json", message) from None
    except UnicodeEncodeError:
        raise _RefusedError(
            "malformed_json", "a text has half of a surrogate pair (\\ud800 to \\udfff): send whole characters."
        ) from None
    except RecursionError:
        raise _RefusedError("malformed_json", "objects or arrays are nested too deeply.") from None
    return record, record.repeated if isinstance(record, _Repeating) else ()


class _Repeating(dict[str, Any]):
    """An object with names that it repeats."""

    repeated: tuple[str, ...]


def _build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    built = dict(pairs)
    if len(built) == len(pairs):
        return built
    names = [name for name, _ in pairs]
    repeating = _Repeating(built)
    repeating.repeated = tuple(name for name in built if names.count(name) > 1)
    return repeating


def _refuse_constant(name: str) -> None:
    raise _RefusedError("malformed_json", f"{name} is not JSON: leave the field out, or send a finite number.")


def _parse_int(text: str) -> int | float:
    return int(text) if len(text) < _PYTHON_DIGITS else math.inf


def _parse_float(text: str) -> int | float:
    # What is too large for a double may still stand inside an object, where it is kept as what it is: a whole number.
    number = float(text)
    if math.isinf(number) and (exact := Decimal(text)).adjusted() < _PYTHON_DIGITS:
        return int(exact)
    return number


_decode = json.JSONDecoder(
    object_pairs_hook=_build, parse_constant=_refuse_constant, parse_int=_parse_int, parse_float=_parse_float
).decode


def _text(value: Any, _field: Field) -> str:
    if not isinstance(value, str):
        raise _RefusedError("wrong_type")
    _check_characters(value, "\0" in value)
    return value


def _choice(value: Any, field: Field) -> str:
    text = _text(value, field)
    if text not in field.choices:
        raise _RefusedError("not_a_choice")
    return text


def _boolean(value: Any, _field: Field) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and (word := value.lower()) in ("true", "false"):
        return word == "true"
    raise _RefusedError("wrong_type")


def _double(value: Any) -> float:
    """The value as a double, infinite where it is too large for one."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise _RefusedError("wrong_type")
    if isinstance(value, str) and not _is_number_text(value):
        raise _RefusedError("wrong_type")
    try:
        number = float(value)
    except OverflowError:
        return math.inf
    if math.isnan(number):
        raise _RefusedError("malformed_json")
    return number


def _check_limit(number: float | Decimal, limit: int, value: Any) -> None:
    if not -limit < number < limit:
        raise _RefusedError("out_of_range", f"found {_shown(value)}, but it must lie between -{limit} and {limit}.")


def _check_minimum(number: float | Decimal, field: Field) -> None:
    if field.minimum is not None and number < field.minimum:
        raise _RefusedError("out_of_range", f"found {number}, but it must not be below {field.minimum}.")


def _number(value: Any, field: Field) -> float:
    number = _double(value)
    _check_limit(number, NUMBER_LIMIT, value)
    _check_minimum(number, field)
    return number


def _integer(value: Any, field: Field) -> int:
    number = _double(value)
    _check_limit(number, INTEGER_LIMIT, value)
    if not number.is_integer():
        raise _RefusedError("wrong_type")
    _check_minimum(number, field)
    return int(number)


def _money(value: Any, field: Field) -> Decimal:
    # The double may round up to the limit that the amount is below: here it only keeps the decimal small.
    _check_limit(_double(value) / 2, NUMBER_LIMIT, value)
    exact = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    amount = exact.quantize(_MONEY_QUANTUM, context=_MONEY_CONTEXT)
    _check_limit(amount, NUMBER_LIMIT, value)
    _check_minimum(amount, field)
    return amount


def _timestamp(value: Any, _field: Field) -> datetime:
    if not isinstance(value, str):
        raise _RefusedError("wrong_type")
    if not _is_timestamp_text(value):
        raise _RefusedError("invalid_timestamp")
    try:
        moment = datetime.fromisoformat(value)
        return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError) as error:
        raise _RefusedError(
            "invalid_timestamp", f"found {_shown(value)}, which is no date in the years 1 to 9999: {error}."
        ) from None


def _object(value: Any, _field: Field) -> str:
    if not isinstance(value, dict):
        raise _RefusedError("wrong_type")
    return _json_text(value)


def _strings(value: Any, _field: Field) -> str:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _RefusedError("wrong_type")
    return _json_text(value)


def _json_text(value: Any) -> str:
    try:
        text = _compact(value)
    except TypeError as error:
        raise _RefusedError("wrong_type", f"holds a value that JSON has no form for: {error}.") from None
    except ValueError:
        raise _RefusedError("malformed_json", "holds a number that is not finite, or itself: leave it out.") from None
    except RecursionError:
        raise _RefusedError("malformed_json", "is nested too deeply.") from None
    _check_characters(text, "\\u0000" in text and _escaped_nul(text) is not None)
    return text


def _check_characters(text: str, has_nul: bool) -> None:
    if has_nul:
        raise _RefusedError("invalid_text", "holds a NUL character (\\u0000), which databases cannot keep: remove it.")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise _RefusedError(
                "malformed_json", "holds half of a surrogate pair (\\ud800 to \\udfff): send whole characters."
            ) from None


_READERS: dict[FieldType, Callable[[Any, Field], Any]] = {
    "string": _text,
    "boolean": _boolean,
    "number": _number,
    "integer": _integer,
    "money": _money,
    "timestamp": _timestamp,
    "object": _object,
    "strings": _strings,
}
_COLUMNS: dict[str, dict[str, tuple[Field, Callable[[Any, Field], Any]]]] = {
    kind.name: {field.name: (field, _choice if field.choices else _READERS[field.type]) for field in kind.columns}
    for kind in RECORD_TYPES.values()
}
_DEFAULTS: dict[str, dict[str, Any]] = {
    kind.name: {field.name: field.default for field in kind.columns} for kind in RECORD_TYPES.values()
}
_REQUIRED = {kind.name: [field for field in kind.columns if field.required] for kind in RECORD_TYPES.values()}


def _accepted(field: Field) -> str:
    if field.choices:
        return "one of " + ", ".join(field.choices)
    return _ACCEPTED[field.type]


def _shown(value: Any) -> str:
    """The value as a person would recognise it, on one line and not too long."""
    try:
        text = json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        text = f"a Python {type(value).__name__}"
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}... ({len(text)} characters)"


def _unknown_type(name: Any) -> Problem:
    types = ", ".join(RECORD_TYPES)
    if name is None:
        return Problem("unknown_record_type", TYPE_FIELD, f"nothing says what the record is: add {TYPE_FIELD}, one of {types}.")
    return Problem("unknown_record_type", TYPE_FIELD, f"{TYPE_FIELD} is {_shown(name)}, but it accepts one of {types}.")


def _unknown_field(name: Any, kind: RecordType) -> Problem:
    fields = list(_COLUMNS[kind.name])
    similar = difflib.get_close_matches(name.lower(), fields, n=1, cutoff=0.7) if isinstance(name, str) else []
    advice = f"did you mean {similar[0]}?" if similar else "put it inside metadata, or leave it out."
    shown = name if isinstance(name, str) and name.isidentifier() and name.isascii() else _shown(name)
    return Problem("unknown_field", str(name), f"{shown} is not a field of a {kind.name} record: {advice}")
