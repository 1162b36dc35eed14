"""A file's lines as an Arrow stream, which DuckDB scans in parallel without copying them.

Python cuts the file, so DuckDB sees the very lines that anything else here sees, and each comes with its number.
"""

from __future__ import annotations

import io
import re
from array import array
from collections.abc import Iterator
from typing import IO

import pyarrow as pa

from agent_goals.loading.sources import decode

#: How much is cut at a time: much enough for the calls to cost nothing, little enough to keep all threads busy to the end.
_BLOCK_BYTES = 2_000_000

_SCHEMA = pa.schema([("number", pa.int64()), ("text", pa.utf8())])
_find_newlines = re.compile(rb"\n").finditer


class LineStream:
    """The lines of a file, once: columns ``number`` (from 1) and ``text``, line breaks included.

    Args:
        file: the file's content.

    Attributes:
        reader: the stream for DuckDB.
        count: the lines cut so far.
        aside: numbers and bytes of lines that are no text, or very long: the stream has blank lines in their place.
        error: what went wrong while reading, for DuckDB tells it in its own words.
    """

    def __init__(self, file: IO[bytes]) -> None:  # noqa: D107 (the class says it)
        self.count = 0
        self.aside: list[tuple[int, bytes]] = []
        self.error: Exception | None = None
        self.reader = pa.RecordBatchReader.from_batches(_SCHEMA, self._batches(file))

    def _batches(self, file: IO[bytes]) -> Iterator[pa.RecordBatch]:
        try:
            for block in _blocks(file):
                yield self._batch(self._usable(block))
        except Exception as error:
            self.error = error
            raise

    def _batch(self, block: bytes) -> pa.RecordBatch:
        ends = [match.end() for match in _find_newlines(block)]
        if not block.endswith(b"\n"):
            ends.append(len(block))
        numbers = array("q", range(self.count + 1, self.count + len(ends) + 1))
        self.count += len(ends)
        columns = [
            pa.Array.from_buffers(pa.int64(), len(ends), [None, pa.py_buffer(numbers)]),
            pa.Array.from_buffers(pa.utf8(), len(ends), [None, pa.py_buffer(array("i", [0, *ends])), pa.py_buffer(block)]),
        ]
        return pa.RecordBatch.from_arrays(columns, schema=_SCHEMA)

    def _usable(self, block: bytes) -> bytes:
        """The block with a blank line for every line that is not for DuckDB."""
        if len(block) <= 2 * _BLOCK_BYTES and _is_text(block):
            return block
        lines = io.BytesIO(block).readlines()
        for index, line in enumerate(lines):
            if len(line) > _BLOCK_BYTES or not _is_text(line):
                self.aside.append((self.count + index + 1, line))
                lines[index] = b"\n"
        return b"".join(lines)


def _is_text(content: bytes) -> bool:
    """Whether it is UTF-8 without a NUL, at which DuckDB's log would cut a line off."""
    return b"\0" not in content and (content.isascii() or isinstance(decode(content), str))


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    """The file's content in blocks of whole lines, without a byte order mark."""
    rest = file.read(3).removeprefix(b"\xef\xbb\xbf")
    while block := file.read(_BLOCK_BYTES):
        end = block.rfind(b"\n") + 1
        if end:
            yield rest + block[:end]
            rest = block[end:]
        else:
            rest += block
    if rest:
        yield rest
