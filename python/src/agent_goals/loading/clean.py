"""The SQL that tells records that are surely good, and reads their values: the vectorised half of validation.

It is written from the contract. What it takes is exactly what ``agent_goals.validate`` accepts, with the same values;
what it does not take may still be good (an unusual form of a number, say), and is left to that module, which also says
what is wrong. So there is one definition of a bad record, and the common case never passes through Python.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from agent_goals.contract import INTEGER_LIMIT, NUMBER_LIMIT, NUMBER_PATTERN, TIMESTAMP_PATTERN, Field, RecordType
from agent_goals.ddl import COLUMN_TYPES, quote
from agent_goals.validate import TYPE_FIELD

#: Below this many bytes, or with fewer than half as many opening brackets, no record is nested more deeply than Python reads.
_SHALLOW_BYTES = 800
_IS_SHALLOW = f"""case
    when strlen(text) < {_SHALLOW_BYTES} then true
    else length(text) - length(translate(text, '[{{', '')) < {_SHALLOW_BYTES // 2}
end"""


def text_literal(text: str) -> str:
    """A DuckDB string literal."""
    return "'" + text.replace("'", "''") + "'"


@dataclass(frozen=True)
class CleanSelect:
    """A query over rows read as records of one type.

    Attributes:
        sql: the query: the type's columns, the relation's columns that were asked for, and ``is_clean``.
        columns: the quoted names of the type's columns in order.
    """

    sql: str
    columns: tuple[str, ...]


def clean_select(
    record: RecordType, relation: str, *, untyped: str, keep: str = "text", names: Collection[str] | None = None
) -> CleanSelect:
    """The query that reads every row of ``relation`` as a record.

    Args:
        record: the type to read the rows as.
        relation: a relation with a column ``text``: one JSON text a row.
        untyped: an SQL condition: whether a row that names no type is of this one.
        keep: the relation's columns to pass on; ``text`` has to be among them.
        names: the only fields that usual rows have. This is quicker, and takes no row for clean that has others, or that
            only a long look would clear: nulls and texts that look like numbers ask for one.
    """
    fields = [field for field in record.columns if names is None or field.name in names]
    kinds = {TYPE_FIELD: "VARCHAR"} | {field.name: "JSON" if _is_nested(field) else "VARCHAR" for field in fields}
    structure = text_literal(json.dumps(kinds))
    columns = tuple(quote(field.name) for field in record.columns)
    values = ", ".join(
        f"{_value(field) if field in fields else _no_value(field)} as {column}"
        for field, column in zip(record.columns, columns, strict=True)
    )
    required = [f"{quote(field.name)} is not null" for field in record.columns if field.required]
    rules = [f"not coalesce({rule.sql}, false)" for rule in record.rules]
    conditions = " and ".join([*required, _is_of_type(record, untyped), *rules, *_is_plain(fields), _IS_SHALLOW])
    # One look decides the usual record: every key it has gave a value, and nothing looks odd. The long look is for the others.
    # (A `case` costs more than what it saves, unless that is much; a condition of one has to be in a `coalesce`, or DuckDB
    # copies the rows for each of its parts.)
    is_usual = f"coalesce({_count_values(fields)} = len(keys) and not {_look_odd(fields)}, false)"
    if names is None:
        is_usual = f"if({is_usual}, true, {_are_texts(fields)} and {_has_only_known(fields)})"
    sql = f"""
        select {", ".join(columns)}, {keep}, coalesce({conditions} and {is_usual}, false) as is_clean
        from (
            select {values}, x, {keep}, json, json_keys(json) as keys
            from (
                select {keep}, json, json_transform(json, {structure}) as x
                from (select {keep}, try_cast(text as json) as json from {relation})
            )
        )"""
    return CleanSelect(sql, columns)


def _is_nested(field: Field) -> bool:
    return field.type in ("object", "strings")


def _text(name: str) -> str:
    """The text of a field of the row: of a JSON string what it says, else the JSON itself; null where absent or null."""
    return f"cast(x.{quote(name)} as varchar)"


def _is_of_type(record: RecordType, untyped: str) -> str:
    own = text_literal(record.name)
    return f"coalesce({_text(TYPE_FIELD)} = {own}, {untyped})"


def _count_values(fields: Sequence[Field]) -> str:
    columns = [_text(TYPE_FIELD), *(quote(field.name) for field in fields)]
    return " + ".join(f"cast({column} is not null as tinyint)" for column in columns)


def _is_plain(fields: Sequence[Field]) -> list[str]:
    r"""Conditions that nothing about the text asks for a closer look.

    DuckDB reads NaN, Infinity and a comma before a closing bracket, which are not JSON. A NUL (``\u0000``) is refused.
    Only inside an object can a NaN have passed the columns' own checks.
    """
    nested = [quote(field.name) for field in fields if field.type == "object"]
    words = [f"not coalesce(contains({column}, '{word}'), false)" for column in nested for word in ("NaN", "Infinity")]
    return [*words, r"not contains(text, '\u0000')", r"not regexp_matches(text, ',\s*[\]}]')"]


def _plain_texts(fields: Sequence[Field]) -> list[str]:
    return [field.name for field in fields if field.type == "string" and not field.choices]


#: A text that JSON could have written without quotes: a number, one of its words (and DuckDB's), an object or an array.
_NOT_SURELY_TEXT = r"(?i)\x1f((-?(0|[1-9][0-9]*)(\.[0-9]+)?(e[-+]?[0-9]+)?|true|false|-?(nan|inf|infinity))(\x1f|$)|[\[{])"


def _look_odd(fields: Sequence[Field]) -> str:
    """Whether a field of type string may have been something else in JSON: the quotes are gone by then."""
    texts = "".join(f", chr(31), {quote(name)}" for name in _plain_texts(fields))
    return f"regexp_matches(concat(''{texts}), '{_NOT_SURELY_TEXT}')"


def _are_texts(fields: Sequence[Field]) -> str:
    """Whether every field of type string was sent as a JSON string, looked up in the record."""
    paths = (text_literal(f"$.{quote(name)}") for name in _plain_texts(fields))
    return " and ".join(f"coalesce(json_type(json, {path}) in ('VARCHAR', 'NULL'), true)" for path in paths)


def _has_only_known(fields: Sequence[Field]) -> str:
    """Whether no key is unknown or repeated, and every field without a value was null or an empty text."""
    names = ", ".join(text_literal(name) for name in (TYPE_FIELD, *(field.name for field in fields)))
    absent = " and ".join(
        f"({quote(field.name)} is not null or coalesce({_text(field.name)} in ('', '\"\"'), true))" for field in fields
    )
    return f"(list_has_all([{names}], keys) and len(list_distinct(keys)) = len(keys) and {absent})"


def _no_value(field: Field) -> str:
    return f"cast(null as {COLUMN_TYPES['duckdb'][field.type]})"


def _value(field: Field) -> str:
    """The field's value by the contract; null where it is absent or not surely right."""
    text = _text(field.name)
    if field.choices:
        return f"case when {text} in ({', '.join(map(text_literal, field.choices))}) then {text} end"
    match field.type:
        case "string":
            value = f"nullif({text}, '')"
        case "boolean":
            value = f"case lower({text}) when 'true' then true when 'false' then false end"
        case "number":
            value = _bounded(field, f"try_cast({_number_text(text)} as double)", NUMBER_LIMIT)
        case "money":
            value = _bounded(field, f"try_cast({_number_text(text)} as {COLUMN_TYPES['duckdb']['money']})", NUMBER_LIMIT)
        case "integer":
            double = f"try_cast({_number_text(text)} as double)"
            whole = f"case when {double} = trunc({double}) then {double} end"
            value = f"cast({_bounded(field, whole, INTEGER_LIMIT)} as bigint)"
        case "timestamp":
            # Years at the ends of the calendar, which an offset could push out of it, are left for a closer look.
            is_moment = f"{text} > '1000' and {text} < '9999' and regexp_full_match({text}, '{TIMESTAMP_PATTERN}')"
            value = f"case when {is_moment} then make_timestamp(epoch_us(try_cast({text} as timestamptz))) end"
        case "object":
            value = f"case when {text}[1] = '{{' then {text} end"
        case "strings":
            item = r'"([^"\\]|\\.)*"'
            value = f"case when regexp_full_match({text}, '\\[({item}(,{item})*)?\\]') then {text} end"
    return value


def _number_text(text: str) -> str:
    """A number's text, whether it was sent as a number or as text."""
    return f"case when regexp_full_match({text}, '{NUMBER_PATTERN}') then {text} end"


def _bounded(field: Field, value: str, limit: int) -> str:
    minimum = f"-{limit - 1}" if field.minimum is None else str(field.minimum)
    # A number between the last whole one and the limit is left for a closer look: comparing whole numbers is quick.
    return f"case when {value} between {minimum} and {limit - 1} then {value} end"


def with_default(field: Field) -> str:
    """The column's value, or the field's default where it is absent."""
    name = quote(field.name)
    return name if field.default is None else f"coalesce({name}, {text_literal(field.default)})"


def content_id(record: RecordType) -> str:
    """The id of a record that sent none: a hash of its type and every value, whatever the order of its fields.

    It rests on texts that no version of DuckDB or Python writes differently: decimals in full and time as microseconds.
    """
    parts = [text_literal(record.name)]
    for field in record.columns:
        if field.name == "event_id":
            continue
        value = with_default(field)
        if field.type in ("number", "money"):
            value = f"cast(cast({value} as {COLUMN_TYPES['duckdb']['money']}) as varchar)"
        elif field.type == "timestamp":
            value = f"cast(epoch_us({value}) as varchar)"
        elif field.type in ("boolean", "integer"):
            value = f"cast({value} as varchar)"
        parts.append(value)
    # What is null leaves nothing between two separators.
    return f"md5(concat({', chr(0), '.join(parts)}))"
