"""A file's lines as an Arrow stream, which DuckDB scans in parallel without copying them.

Arrow cuts the file, outside Python's lock, and each line comes with its number. What Arrow or DuckDB's log would take for
something else than a line of text is kept back, so DuckDB sees the very lines that anything else here sees.
"""

from __future__ import annotations

import io
from array import array
from collections.abc import Iterator
from typing import IO

import pyarrow as pa
from pyarrow import csv

from agent_goals.loading.sources import decode

#: How much is cut at a time: much enough for the calls to cost nothing, little enough to keep all threads busy to the end.
_BLOCK_BYTES = 2_000_000

_SCHEMA = pa.schema([("number", pa.int64()), ("text", pa.utf8())])

_DELIMITER = b"\x01"
#: Begins what stands in place of a line that is kept back.
_PLACEHOLDER = b"\x02"
#: What no line may hold: DuckDB's log would cut it off at a NUL, Arrow would cut it at two others, and one is a placeholder's.
_MARKS = (b"\0", b"\r", _DELIMITER, _PLACEHOLDER)

#: A file of one column, whose cells are the lines.
_AS_LINES = csv.ParseOptions(delimiter=_DELIMITER.decode(), quote_char=False, double_quote=False, ignore_empty_lines=False)
_AS_TEXT = csv.ConvertOptions(column_types={"text": pa.utf8()}, check_utf8=False)


class LineStream:
    """The lines of a file, once: columns ``number`` (from 1) and ``text``, without line breaks.

    Args:
        file: the file's content.

    Attributes:
        reader: the stream for DuckDB.
        count: the lines cut so far.
        error: what went wrong while reading, for DuckDB tells it in its own words.
    """

    def __init__(self, file: IO[bytes]) -> None:  # noqa: D107 (the class says it)
        self.count = 0
        self.error: Exception | None = None
        self.reader = pa.RecordBatchReader.from_batches(_SCHEMA, self._batches(file))
        self._kept_back: list[bytes] = []

    def bytes_of(self, text: str) -> bytes:
        """A line as the file has it, where its text in the stream may be a placeholder."""
        content = text.encode()
        return self._kept_back[int(content[1:])] if content.startswith(_PLACEHOLDER) else content

    def _batches(self, file: IO[bytes]) -> Iterator[pa.RecordBatch]:
        # A block is at most what was read and the part of a line before it, which is no longer than that.
        options = csv.ReadOptions(use_threads=False, block_size=2 * _BLOCK_BYTES, column_names=["text"])
        try:
            blocks = _Blocks(map(self._usable, _blocks(file)))
            if blocks.is_empty:
                return
            with csv.open_csv(pa.PythonFile(blocks, mode="r"), options, _AS_LINES, _AS_TEXT) as lines:
                for batch in lines:
                    numbers = array("q", range(self.count + 1, self.count + batch.num_rows + 1))
                    self.count += batch.num_rows
                    column = pa.Array.from_buffers(pa.int64(), batch.num_rows, [None, pa.py_buffer(numbers)])
                    yield pa.RecordBatch.from_arrays([column, batch.column(0)], schema=_SCHEMA)
        except Exception as error:
            self.error = error
            raise

    def _usable(self, block: bytes) -> bytes:
        """The block with a placeholder for every line that is not for DuckDB."""
        if b"\r" in block:
            block = block.replace(b"\r\n", b"\n")
        if len(block) <= 2 * _BLOCK_BYTES and _is_plain(block):
            return block
        lines = block.split(b"\n")
        for index, line in enumerate(lines):
            if len(line) > _BLOCK_BYTES or not _is_plain(line):
                lines[index] = _PLACEHOLDER + str(len(self._kept_back)).encode()
                self._kept_back.append(line)
        return b"\n".join(lines)


class _Blocks(io.RawIOBase):
    """Blocks as a file that gives one a read: none is larger than what is asked for."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._first = next(blocks, b"")
        self.is_empty = not self._first

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        block, self._first = self._first, b""
        return block or next(self._blocks, b"")


def _is_plain(content: bytes) -> bool:
    """Whether it is UTF-8 without marks."""
    return not any(mark in content for mark in _MARKS) and (content.isascii() or isinstance(decode(content), str))


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    """The file's content in blocks of whole lines, without a byte order mark.

    The line break between two blocks begins the second: Arrow reads a block that ends in one at half the speed.
    """
    rest = file.read(3).removeprefix(b"\xef\xbb\xbf")
    while block := file.read(_BLOCK_BYTES):
        end = block.rfind(b"\n")
        if end >= 0:
            if lines := rest + block[:end]:
                yield lines
            rest = block[end:]
        else:
            rest += block
    if rest:
        yield rest
