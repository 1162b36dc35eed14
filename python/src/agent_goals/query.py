"""SQL on the target's database, for people and for scripts: any query, and what it answers in a form of their choice."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from math import isfinite
from typing import IO, Any

from rich import box
from rich.markup import escape
from rich.table import Table

FORMATS = ("table", "csv", "json")


def as_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]], file: IO[str]) -> None:
    """Write rows as CSV with a header: null is empty, lists and structs are JSON."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)


def as_json(columns: Sequence[str], rows: Iterable[Sequence[Any]], file: IO[str]) -> None:
    """Write rows as a JSON array of objects. A decimal is a string, since a JSON number would not keep it exact."""
    separator = "["
    for row in rows:
        values = dict(zip(columns, map(_plain, row), strict=True))
        file.write(separator + json.dumps(values, ensure_ascii=False, default=str))
        separator = ",\n"
    file.write("[]\n" if separator == "[" else "]\n")


def as_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Table:
    """The rows as a table for people."""
    shown = list(rows)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for position, name in enumerate(columns):
        is_number = any(isinstance(row[position], int | float | Decimal) for row in shown)
        table.add_column(escape(name), justify="right" if is_number else "left", no_wrap=True)
    for row in shown:
        table.add_row(*(escape(_cell(value)) for value in row))
    return table


def only_first(rows: Iterator[Sequence[Any]], count: int) -> tuple[list[Sequence[Any]], bool]:
    """The first rows, and whether there are more.

    Args:
        rows: the rows.
        count: how many of them; 0 is all.
    """
    first: list[Sequence[Any]] = []
    for row in rows:
        if count and len(first) == count:
            return first, True
        first.append(row)
    return first, False


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, list | tuple | dict):
        return json.dumps(_plain(value), ensure_ascii=False, default=str)
    return str(value)


def _plain(value: Any) -> Any:
    """The value as JSON has it."""
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, float) and not isfinite(value):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value
