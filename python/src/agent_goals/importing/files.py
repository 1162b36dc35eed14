"""The values that a file holds, one after the other, however large it is and however they are laid out.

Lines of JSON are read line by line. A JSON document is decoded whole up to a size, and above it is read as many small
documents of the same shape. Either may be compressed. Parquet and CSV are read row by row.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, NamedTuple

import ijson

from agent_goals.errors import LoadError
from agent_goals.importing.values import decoded
from agent_goals.loading.sources import Source, decode, is_skipped

#: A JSON document of more bytes is not held whole.
DOCUMENT_BYTES = 64_000_000

#: The members of a large document whose elements are read one by one; what stands beside them comes with each.
_SPLIT = frozenset({"spans", "data", "observations", "scores", "traces", "evaluations", "sessions"})

#: The members that hold spans or logs by resource and scope: the members below them, in order.
_NESTED = {"resourceSpans": ("scopeSpans", "spans"), "resourceLogs": ("scopeLogs", "logRecords")}

_GZIP = b"\x1f\x8b"
_PARQUET = b"PAR1"


class Piece(NamedTuple):
    """One value of a file.

    Attributes:
        place: where it stands, for people.
        value: the value.
    """

    place: str
    value: Any


class Broken(NamedTuple):
    """A part of a file that is no value.

    Attributes:
        place: where it stands, for people.
        code: the reason's code.
        reason: what is wrong, and what to do.
        text: its raw text.
    """

    place: str
    code: str
    reason: str
    text: str


def pieces(path: Path, on_bytes: Callable[[int], None] = lambda count: None) -> Iterator[Piece | Broken]:
    """The values of a file.

    Args:
        path: the file: JSON, lines of JSON, CSV or Parquet; the first two may be compressed by gzip.
        on_bytes: told now and then how many bytes of the file, as it is on disk, have been read.

    Raises:
        LoadError: when the file is not there or cannot be read at all.
    """
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise LoadError(f"{path} {what}: name a file.")
    with path.open("rb") as raw:
        magic = raw.read(4)
        raw.seek(0)
        if magic == _PARQUET:
            yield from _rows(Source(path, "parquet", None))
        elif path.name.lower().removesuffix(".gz").endswith(".csv"):
            yield from _rows(Source(path, "csv", None))
        elif magic.startswith(_GZIP):
            with gzip.open(raw, "rb") as unpacked:
                yield from _until_damaged(path, _json(path, unpacked, lambda: on_bytes(raw.tell())))  # type: ignore[arg-type]
        else:
            yield from _json(path, raw, lambda: on_bytes(raw.tell()))


def _rows(source: Source) -> Iterator[Piece | Broken]:
    for line in source.lines():
        place = f"{'row' if source.format == 'parquet' else 'line'} {line.number}"
        if line.error:
            yield Broken(place, "malformed_row", line.error, str(line.text))
        else:
            yield Piece(place, decoded(str(line.text)))


def _until_damaged(path: Path, found: Iterator[Piece | Broken]) -> Iterator[Piece | Broken]:
    """What there is until the compressed file turns out to be damaged."""
    try:
        yield from found
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        reason = f"{path} is damaged from here on, or ends too early ({error}): what stands before it was read."
        yield Broken("the file's end", "unreadable_file", reason, "")


def _json(path: Path, file: IO[bytes], on_progress: Callable[[], None]) -> Iterator[Piece | Broken]:
    if _is_lines(path, file):
        file.seek(0)
        yield from _lines(file, on_progress)
        return
    file.seek(0)
    content = file.read(DOCUMENT_BYTES + 1)
    if len(content) <= DOCUMENT_BYTES:
        on_progress()
        yield from _document(content)
        return
    del content
    file.seek(0)
    yield from _large_document(file, on_progress)


def _is_lines(path: Path, file: IO[bytes]) -> bool:
    """Whether each line holds a value of its own; of a single line, whether it does and is no large document."""
    if Path(path.name.lower().removesuffix(".gz")).suffix in (".jsonl", ".ndjson"):
        return True
    heads = []
    for _ in range(2):
        line = b"\n"
        while line and is_skipped(line.removeprefix(b"\xef\xbb\xbf")):
            line = file.readline(DOCUMENT_BYTES)
        heads.append(line)
    one, other = (_object_or_none(line) for line in heads)
    if not heads[1].strip():
        # A single line may be a document of any size; a short one is the same either way.
        return one is not None and len(heads[0]) < DOCUMENT_BYTES
    return one is not None or (other is not None and heads[0].lstrip()[:1] == b"{")


def _object_or_none(line: bytes) -> Any:
    try:
        found = decoded(line.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, Mapping | list) else None


def _lines(file: IO[bytes], on_progress: Callable[[], None]) -> Iterator[Piece | Broken]:
    for number, line in enumerate(file, 1):
        if number % 100 == 0:
            on_progress()
        content = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if is_skipped(content):
            continue
        place = f"line {number}"
        try:
            value = decoded(content.decode())
        except UnicodeDecodeError as error:
            reason = f"the line is not UTF-8 text ({error}): save the file as UTF-8."
            yield Broken(place, "invalid_encoding", reason, repr(content.rstrip(b"\r\n")))
        except json.JSONDecodeError as error:
            reason = f"not valid JSON at character {error.pos + 1}: {error.msg}."
            yield Broken(place, "malformed_json", reason, str(decode(content.rstrip(b"\r\n"))))
        except RecursionError:
            reason = "objects or arrays are nested too deeply."
            yield Broken(place, "malformed_json", reason, str(decode(content.rstrip(b"\r\n"))))
        else:
            yield from _elements(value, place)


def _elements(value: Any, place: str) -> Iterator[Piece]:
    if isinstance(value, list):
        for number, element in enumerate(value, 1):
            yield Piece(f"{place}, element {number}" if place else f"element {number}", element)
    else:
        yield Piece(place or "the document", value)


def _document(content: bytes) -> Iterator[Piece | Broken]:
    """The values of a document that is held whole: an array's elements, or objects that follow one another."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        yield Broken(
            "the document", "invalid_encoding", f"it is not UTF-8 text ({error}): save the file as UTF-8.", repr(content)
        )
        return
    decoder = json.JSONDecoder(parse_float=Decimal, parse_constant=str)
    position, number = _skip_space(text, 0), 0
    while position < len(text):
        number += 1
        start = position
        try:
            value, position = decoder.raw_decode(text, position)
        except json.JSONDecodeError as error:
            reason = f"not valid JSON at line {error.lineno}, column {error.colno}: {error.msg}. Nothing after it was read."
            yield Broken(f"line {text.count(chr(10), 0, start) + 1}", "malformed_json", reason, text[start:])
            return
        except RecursionError:
            yield Broken("the document", "malformed_json", "objects or arrays are nested too deeply.", text[start:])
            return
        position = _skip_space(text, position)
        yield from _elements(value, "" if number == 1 else f"document {number}")


def _skip_space(text: str, position: int) -> int:
    while position < len(text) and text[position].isspace():
        position += 1
    return position


_Event = tuple[str, Any]


def _large_document(file: IO[bytes], on_progress: Callable[[], None]) -> Iterator[Piece | Broken]:
    """The values of a document that is not held whole."""
    events: Iterator[_Event] = ijson.basic_parse(file, multiple_values=True)
    number = 0
    try:
        for kind, value in events:
            found = _members(events) if kind == "start_map" else _items(events) if kind == "start_array" else iter([value])
            for element in found:
                number += 1
                if number % 100 == 0:
                    on_progress()
                yield element if isinstance(element, Broken) else Piece(f"element {number}", element)
    except ijson.JSONError as error:
        reason = f"not valid JSON after its element {number} ({error}). Nothing after it was read."
        yield Broken(f"element {number + 1}", "malformed_json", reason, "")


def _items(events: Iterator[_Event]) -> Iterator[Any]:
    """The elements of an array whose start has been read."""
    for event in events:
        if event[0] == "end_array":
            return
        yield _built(event, events)


def _built(event: _Event, events: Iterator[_Event]) -> Any:
    """The whole value that an event begins."""
    builder = ijson.ObjectBuilder()
    builder.event(*event)
    depth = int(event[0].startswith("start_"))
    while depth:
        event = next(events)
        builder.event(*event)
        depth += event[0].startswith("start_") - event[0].startswith("end_")
    return builder.value


def _members(events: Iterator[_Event]) -> Iterator[Any]:
    """An object whose start has been read, as one for each element of the members that are read one by one."""
    beside: dict[str, Any] = {}
    is_split = False
    for kind, name in events:
        if kind == "end_map":
            break
        event = next(events)
        if event[0] == "start_array" and name in _NESTED:
            is_split = True
            yield from ({name: [element]} if not isinstance(element, Broken) else element for element in _resources(name, events))
        elif event[0] == "start_array" and name in _SPLIT:
            is_split = True
            for element in _items(events):
                yield {**beside, name: [element]}
        else:
            beside[name] = _built(event, events)
    if not is_split:
        yield beside


def _resources(name: str, events: Iterator[_Event]) -> Iterator[Any]:
    """Resources with one span each, of an array whose start has been read."""
    inner, innermost = _NESTED[name]
    for kind, _ in events:
        if kind == "end_array":
            return
        yield from _below(events, inner, lambda scopes: _scopes(scopes, innermost))


def _scopes(events: Iterator[_Event], innermost: str) -> Iterator[Any]:
    for kind, _ in events:
        if kind == "end_array":
            return
        yield from _below(events, innermost, _items)


def _below(events: Iterator[_Event], name: str, elements: Callable[[Iterator[_Event]], Iterator[Any]]) -> Iterator[Any]:
    """An object whose start has been read, with one element of the named member at a time."""
    beside: dict[str, Any] = {}
    has_given = False
    for kind, member in events:
        if kind == "end_map":
            return
        event = next(events)
        if member == name and event[0] == "start_array":
            for element in elements(events):
                has_given = True
                yield element if isinstance(element, Broken) else {**beside, name: [element]}
        else:
            beside[member] = _built(event, events)
            if has_given:
                reason = f"{member} stands after {name}, so they went without it: put it before them, or split the file."
                yield Broken(member, "unknown_shape", reason, json.dumps(beside[member], default=str))
