"""The SQL that tells records that are surely good, and reads their values: the vectorised half of validation.

It is written from the contract. What it takes is exactly what ``agent_goals.validate`` accepts, with the same values;
what it does not take may still be good (an unusual form of a number, say), and is left to that module, which also says
what is wrong. So there is one definition of a bad record, and the common case never passes through Python.
"""

from __future__ import annotations

from dataclasses import dataclass

from agent_goals.contract import INTEGER_LIMIT, MONEY_SCALE, NUMBER_LIMIT, NUMBER_PATTERN, TIMESTAMP_PATTERN, Field, RecordType
from agent_goals.ddl import COLUMN_TYPES, quote
from agent_goals.validate import TYPE_FIELD

#: Below this many bytes no record is nested so deeply that Python could not read it.
_SHALLOW_BYTES = 800

#: JSON numbers and the texts that stand for one are told apart by this.
_QUOTE = "'\"'"


def text_literal(text: str) -> str:
    """A DuckDB string literal."""
    return "'" + text.replace("'", "''") + "'"


@dataclass(frozen=True)
class CleanSelect:
    """The clean rows of one record type.

    Attributes:
        sql: a query with the type's columns, ``text`` and ``is_clean``, over the relation it was made for.
        columns: the quoted column names in order.
    """

    sql: str
    columns: tuple[str, ...]


def clean_select(record: RecordType, relation: str, *, untyped: bool, keep: str = "text") -> CleanSelect:
    """The query that reads every row of ``relation`` as a record.

    Args:
        record: the type to read the rows as.
        relation: a relation with a text column ``text``: one JSON text a row.
        untyped: whether a record that names no type is of this one.
        keep: the relation's columns to pass on.
    """
    fields = record.columns
    names = [TYPE_FIELD, *(field.name for field in fields)]
    paths = "[" + ", ".join(text_literal(f'$."{name}"') for name in names) + "]"
    own_type = text_literal(f'"{record.name}"')
    checks = [
        "is_read",
        f"coalesce(x[1] in ({own_type}{', ' + text_literal('null') if untyped else ''}), {'true' if untyped else 'false'})",
    ]
    values = []
    for index, field in enumerate(fields, 2):
        value, check = _field(field, f"x[{index}]")
        values.append(f"{value} as {quote(field.name)}")
        if check:
            checks.append(check)
    checks += [f"not coalesce({rule.sql}, false)" for rule in record.rules]
    columns = tuple(quote(field.name) for field in fields)
    sql = f"""
        select {", ".join(columns)}, {keep}, ({" and ".join(checks)}) as is_clean
        from (
            select {", ".join(values)}, x, {keep}, x is not null and {_WHOLE_RECORD} as is_read
            from (
                select {keep}, case when json_valid(text) then cast(json_extract(text, {paths}) as varchar[]) end as x
                from {relation}
            )
        )"""
    return CleanSelect(sql, columns)


#: Keys without a path, and repeated keys, make more keys than values. DuckDB reads NaN, Infinity and a comma before a
#: closing bracket, which are not JSON. A NUL, or many brackets in a long text, need a closer look.
_WHOLE_RECORD = rf"""list_aggregate(x, 'count') = len(json_keys(text))
    and not contains(text, '\u0000') and not contains(text, 'NaN') and not contains(text, 'Infinity')
    and not regexp_matches(text, ',\s*[\]}}]')
    and (strlen(text) < {_SHALLOW_BYTES} or len(regexp_replace(text, '[^\[{{]', '', 'g')) < 200)"""


def _field(field: Field, json: str) -> tuple[str, str]:
    """A field's value and the check that it was read, over its JSON text (null where it is absent)."""
    absent = f"{json} is null or {json} in ('null', '\"\"')"
    inner = f"substr({json}, 2, length({json}) - 2)"
    if field.type == "string":
        value = f"case when {json}[1] = {_QUOTE} then nullif(case when contains({json}, '\\') then json_extract_string({json}, '$') else {inner} end, '') end"
        if field.choices:
            allowed = ", ".join(text_literal(f'"{choice}"') for choice in field.choices)
            check = f"({absent} or {json} in ({allowed}))"
        elif field.required:
            check = f"coalesce({json}[1] = {_QUOTE} and {json} <> '\"\"', false)"
        else:
            check = f"({absent} or {json}[1] = {_QUOTE})"
        return value, check
    value, check = _READERS[field.type](field, json, inner)
    name = quote(field.name)
    return (
        value,
        f"coalesce({name} is not null and {check}, false)" if field.required else f"({absent} or coalesce({check}, false))",
    )


def _boolean(field: Field, json: str, _inner: str) -> tuple[str, str]:
    words = f"lower(trim({json}, {_QUOTE}))"
    return f"case {words} when 'true' then true when 'false' then false end", f"{quote(field.name)} is not null"


def _numeric(json: str, inner: str) -> str:
    """The number's text: a text that stands for one must be written like one."""
    return f"case when {json}[1] = {_QUOTE} then case when regexp_full_match({inner}, '{NUMBER_PATTERN}') then {inner} end else {json} end"


def _bounds(field: Field, limit: int) -> str:
    name = quote(field.name)
    minimum = "" if field.minimum is None else f" and {name} >= {field.minimum}"
    return f"abs({name}) < {limit}{minimum}"


def _number(field: Field, json: str, inner: str) -> tuple[str, str]:
    return f"try_cast({_numeric(json, inner)} as double)", _bounds(field, NUMBER_LIMIT)


def _integer(field: Field, json: str, inner: str) -> tuple[str, str]:
    double = f"try_cast({_numeric(json, inner)} as double)"
    value = f"case when abs({double}) < {INTEGER_LIMIT} and {double} = trunc({double}) then cast({double} as bigint) end"
    return value, _bounds(field, INTEGER_LIMIT)


def _money(field: Field, json: str, inner: str) -> tuple[str, str]:
    return f"try_cast({_numeric(json, inner)} as decimal(38, {MONEY_SCALE}))", _bounds(field, NUMBER_LIMIT)


def _timestamp(field: Field, json: str, inner: str) -> tuple[str, str]:
    value = f"case when regexp_full_match({json}, '\"{TIMESTAMP_PATTERN}\"') then cast(try_cast({inner} as timestamptz) as timestamp) end"
    return (
        value,
        f"{quote(field.name)} >= timestamp '0001-01-01' and {quote(field.name)} < timestamp '9999-12-31 23:59:59.999999'",
    )


def _object(_field: Field, json: str, _inner: str) -> tuple[str, str]:
    return f"case when {json}[1] = '{{' then {json} end", f"{json}[1] = '{{'"


def _strings(_field: Field, json: str, _inner: str) -> tuple[str, str]:
    item = r'"([^"\\]|\\.)*"'
    return f"case when {json}[1] = '[' then {json} end", f"regexp_full_match({json}, '\\[({item}(,{item})*)?\\]')"


_READERS = {
    "boolean": _boolean,
    "number": _number,
    "integer": _integer,
    "money": _money,
    "timestamp": _timestamp,
    "object": _object,
    "strings": _strings,
}


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
        parts.append(f"coalesce({value}, '')")
    return f"md5(concat_ws(chr(0), {', '.join(parts)}))"
