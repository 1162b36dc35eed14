"""The files to load: their format, the type of their records, and their lines."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal, NamedTuple

import duckdb

from agent_goals.contract import RECORD_TYPES
from agent_goals.errors import LoadError

Format = Literal["ndjson", "json", "csv", "parquet"]

FORMATS: dict[str, Format] = {
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "json",
    ".csv": "csv",
    ".parquet": "parquet",
}

#: What a file's name may call its records, e.g. ``my_goals.ndjson`` or ``cost_events.csv``.
_NAMES = {word: record.name for record in RECORD_TYPES.values() for word in (record.name, f"{record.name}s")}
_TABLE_NAMES = {record.table: record.name for record in RECORD_TYPES.values()}

_READ_BYTES = 1 << 20
_DIGEST_BYTES = 1 << 22


class Line(NamedTuple):
    """One record as it stands in a file.

    Attributes:
        number: the physical line (of a Parquet file: the row), from 1.
        text: the record's JSON text; the raw bytes where they are not UTF-8.
        record_type: the type of the record if it names none itself; ``None`` when nothing says.
        error: what is wrong with the row itself, where it has no JSON text that says so.
    """

    number: int
    text: str | bytes
    record_type: str | None
    error: str | None = None


@dataclass(frozen=True)
class Source:
    """One file to load.

    Attributes:
        path: the file as it was named.
        format: how it is read.
        record_type: the type of records that do not name their own; ``None`` when nothing says.
    """

    path: Path
    format: Format
    record_type: str | None

    @property
    def is_gzip(self) -> bool:
        """Whether the file is compressed."""
        return self.path.suffix.lower() == ".gz"

    @property
    def location(self) -> str:
        """The absolute path, which names the file in the warehouse."""
        return str(self.path.resolve())

    def open(self) -> IO[bytes]:
        """The file's content, uncompressed."""
        return gzip.open(self.path, "rb") if self.is_gzip else self.path.open("rb")  # type: ignore[return-value]

    def sha256(self) -> str:
        """The SHA-256 of the file as it is on disk, in hexadecimal."""
        digest = hashlib.sha256()
        # In pieces so large that another thread, which holds Python's lock, is not waited for often.
        piece = memoryview(bytearray(_DIGEST_BYTES))
        with self.path.open("rb", buffering=0) as file:
            while count := file.readinto(piece):
                digest.update(piece[:count])
        return digest.hexdigest()

    def lines(self) -> Iterator[Line]:
        """Every record of the file in order; blank lines and comment lines (``#``) are left out."""
        readers = {"ndjson": _ndjson_lines, "json": _json_elements, "csv": _csv_rows, "parquet": _parquet_rows}
        return readers[self.format](self)


def find_source(path: Path, record_type: str | None = None) -> Source:
    """What is known about a file from its name.

    Args:
        path: the file.
        record_type: the type of records that do not name their own, where the caller knows it.

    Raises:
        LoadError: when there is no such file, or its name does not tell its format.
    """
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise LoadError(f"{path} {what}: name a file of records.")
    stem = path.name.lower().removesuffix(".gz")
    suffix = Path(stem).suffix
    if suffix not in FORMATS or (suffix == ".parquet" and path.suffix.lower() == ".gz"):
        known = ", ".join(FORMATS)
        raise LoadError(f"{path} has no extension that tells its format: rename it to end in one of {known} (.gz may follow).")
    return Source(path, FORMATS[suffix], record_type or _type_from_name(Path(stem).stem))


def _type_from_name(stem: str) -> str | None:
    """The one record type that a file's name speaks of; ``None`` for none or several."""
    for table, name in _TABLE_NAMES.items():
        if table in stem:
            return name
    named = {_NAMES[word] for word in re.split(r"[^a-z]+", stem) if word in _NAMES}
    return named.pop() if len(named) == 1 else None


def decode(line: bytes) -> str | bytes:
    """The line as text, or as it is where it is not UTF-8."""
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line


def is_skipped(line: bytes) -> bool:
    """Whether the line holds no record: it is blank, or a comment."""
    content = line.lstrip()
    return not content or content.startswith(b"#")


#: A comment that says what the lines below it are, in a file of rejected lines; the name of no type ends it.
TYPE_COMMENT = "# type:"


def _ndjson_lines(source: Source) -> Iterator[Line]:
    record_type = source.record_type
    with source.open() as file:
        for number, line in enumerate(file, 1):
            content = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
            if not is_skipped(content):
                yield Line(number, decode(content.rstrip(b"\r\n")), record_type)
            elif source.record_type is None and content.startswith(TYPE_COMMENT.encode()):
                name = content[len(TYPE_COMMENT) :].decode(errors="replace").strip()
                record_type = name if name in RECORD_TYPES else None


_STRUCTURE = re.compile(r'["\\\[\]{},\n]')


def _json_elements(source: Source) -> Iterator[Line]:  # noqa: PLR0915 (one loop over one state)
    """The elements of an array, or objects that follow one another, however they are broken into lines."""
    piece: list[str] = []
    depth = number = start = 0
    in_array = in_string = escaped = False
    number = 1

    def take() -> Iterator[Line]:
        nonlocal start
        text = "".join(piece)
        piece.clear()
        if text.strip():
            content = text.strip().encode("utf-8", "surrogateescape")
            yield Line(start, decode(content), source.record_type)
        start = 0

    with source.open() as binary, io.TextIOWrapper(binary, "utf-8-sig", errors="surrogateescape", newline="") as file:
        while block := file.read(_READ_BYTES):
            position = 0
            for match in _STRUCTURE.finditer(block):
                between = block[position : match.start()]
                if between:
                    escaped = False
                    piece.append(between)
                    start = start or (number if between.strip() else 0)
                position = match.end()
                mark = match.group()
                if mark == "\n":
                    number += 1
                if in_string:
                    piece.append(mark)
                    if mark == '"' and not escaped:
                        in_string = False
                    escaped = mark == "\\" and not escaped
                elif mark == "[" and depth == 0 and not in_array and not "".join(piece).strip():
                    piece.clear()
                    in_array = True
                elif mark == "]" and depth == 0 and in_array:
                    yield from take()
                    in_array = False
                elif (mark == "," and depth == 0 and in_array) or (mark == "\n" and depth == 0 and not in_array):
                    yield from take()
                else:
                    start = start or (0 if mark == "\n" else number)
                    piece.append(mark)
                    in_string = mark == '"'
                    escaped = False
                    depth += (mark in "[{") - (mark in "]}" and depth > 0)
                    if mark == "}" and depth == 0 and not in_array:
                        yield from take()
            if position < len(block):
                rest = block[position:]
                escaped = False
                piece.append(rest)
                start = start or (number if rest.strip() else 0)
    yield from take()


#: Fields that hold JSON, which a CSV cell or a Parquet text writes as text.
_JSON_FIELDS = {field.name for record in RECORD_TYPES.values() for field in record.columns if field.type in ("object", "strings")}

_encode = json.JSONEncoder(ensure_ascii=False).encode


def _as_json(value: str) -> str:
    """The text of a cell as the JSON it holds, or as a JSON text where it holds none."""
    try:
        json.loads(value)
    except (ValueError, RecursionError):
        return _encode(value)
    return value


def _json_object(cells: list[tuple[str, str]]) -> str:
    """A row of texts as a JSON object, its empty cells left out and its columns in order (repeated ones too)."""
    members = (f"{_encode(name)}: {_as_json(cell) if name in _JSON_FIELDS else _encode(cell)}" for name, cell in cells if cell)
    return "{" + ", ".join(members) + "}"


def _csv_rows(source: Source) -> Iterator[Line]:
    csv.field_size_limit(1 << 31)
    with source.open() as binary, io.TextIOWrapper(binary, "utf-8-sig", errors="surrogateescape", newline="") as file:
        rows = csv.reader(file, strict=True)
        number = 1
        header: list[str] | None = None
        while True:
            try:
                row = next(rows, None)
            except csv.Error as error:
                raise LoadError(
                    f"{source.path}, line {number}: not readable as CSV ({error}). "
                    "Quote cells with double quotes, and double those inside."
                ) from None
            if row is None:
                return
            if not row or (len(row) == 1 and not row[0].strip()) or row[0].startswith("#"):
                pass
            elif header is None:
                header = [name.strip() for name in row]
            else:
                yield _csv_line(source, number, header, row)
            number = rows.line_num + 1


def _csv_line(source: Source, number: int, header: list[str], row: list[str]) -> Line:
    names = header + [f"column {index}" for index in range(len(header) + 1, len(row) + 1)]
    cells = list(zip(names, row, strict=False))
    if len(row) < len(header):
        # Not a field of any record, so the row cannot be loaded from the rejects before it is mended.
        cells.append(("missing columns", ", ".join(header[len(row) :])))
    text = _json_object(cells)
    error = None
    if len(row) != len(header):
        error = f"the row has {len(row)} cells but the header {len(header)}: quote cells that hold a comma, add missing ones."
    return Line(number, decode(text.encode("utf-8", "surrogateescape")), source.record_type, error)


def _parquet_rows(source: Source) -> Iterator[Line]:
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        try:
            relation = connection.sql(f"select * from read_parquet({_literal(str(source.path))})")
            columns = dict(zip(relation.columns, map(str, relation.types), strict=True))
            members = ", ".join(f"{_literal(name)}: {_parquet_value(name, kind)}" for name, kind in columns.items())
            cursor = connection.execute(f"select to_json({{{members}}})::varchar from read_parquet({_literal(str(source.path))})")
        except duckdb.Error as error:
            raise LoadError(f"{source.path} cannot be read as Parquet: {error}") from None
        number = 0
        while rows := cursor.fetchmany(10_000):
            for (text,) in rows:
                number += 1
                yield Line(number, text, source.record_type)


def _parquet_value(name: str, kind: str) -> str:
    column = '"' + name.replace('"', '""') + '"'
    if kind.startswith("TIMESTAMP"):
        return f"strftime({column}::timestamp, '%Y-%m-%dT%H:%M:%S.%fZ')"
    if kind.startswith("DECIMAL"):
        return f"{column}::varchar"
    if kind == "VARCHAR" and name in _JSON_FIELDS:
        return f"coalesce(try_cast({column} as json), to_json({column}))"
    return column


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def describe(value: Any) -> str:
    """A record's text as it is stored with a rejected record.

    Bytes that are not UTF-8 become a Python bytes literal, and so does a text with a NUL, which PostgreSQL cannot store.
    """
    if isinstance(value, str) and "\0" not in value:
        return value
    return repr(value.encode() if isinstance(value, str) else value)
