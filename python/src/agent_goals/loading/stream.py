"""A file's lines as an Arrow stream, which DuckDB scans in parallel without copying them.

Python cuts the file, so DuckDB sees the very lines that anything else here sees, and each comes with its number. The stream
is laid out by hand as the Arrow C data interface says: three structs and a few callbacks, where a library that does it
weighs more than the whole package.
"""

from __future__ import annotations

import ctypes
import io
import re
from array import array
from collections.abc import Iterator
from typing import IO, Any

from agent_goals.loading.sources import decode

#: How much is cut at a time: much enough for the calls to cost nothing, little enough to keep all threads busy to the end.
_BLOCK_BYTES = 2_000_000

_ERROR = 5
_find_newlines = re.compile(rb"\n").finditer

_pointer = ctypes.c_void_p
_Release = ctypes.CFUNCTYPE(None, _pointer)
_Fill = ctypes.CFUNCTYPE(ctypes.c_int, _pointer, _pointer)
_Message = ctypes.CFUNCTYPE(_pointer, _pointer)


class _Schema(ctypes.Structure):
    _fields_ = (
        ("format", ctypes.c_char_p),
        ("name", ctypes.c_char_p),
        ("metadata", _pointer),
        ("flags", ctypes.c_int64),
        ("n_children", ctypes.c_int64),
        ("children", _pointer),
        ("dictionary", _pointer),
        ("release", _pointer),
        ("private_data", _pointer),
    )


class _Array(ctypes.Structure):
    _fields_ = (
        ("length", ctypes.c_int64),
        ("null_count", ctypes.c_int64),
        ("offset", ctypes.c_int64),
        ("n_buffers", ctypes.c_int64),
        ("n_children", ctypes.c_int64),
        ("buffers", _pointer),
        ("children", _pointer),
        ("dictionary", _pointer),
        ("release", _pointer),
        ("private_data", _pointer),
    )


class _Stream(ctypes.Structure):
    _fields_ = (
        ("get_schema", _Fill),
        ("get_next", _Fill),
        ("get_last_error", _Message),
        ("release", _pointer),
        ("private_data", _pointer),
    )


def _address(function: Any) -> Any:
    return ctypes.cast(function, _pointer)


_new_capsule = ctypes.pythonapi.PyCapsule_New
_new_capsule.restype = ctypes.py_object
_new_capsule.argtypes = (_pointer, ctypes.c_char_p, _pointer)


class LineStream:
    """The lines of a file, once: DuckDB reads columns ``number`` (from 1) and ``text``, line breaks included.

    Args:
        file: the file's content.

    Attributes:
        count: the lines cut so far.
        aside: numbers and bytes of lines that are no text, or very long: the stream has blank lines in their place.
        error: what went wrong while reading, for DuckDB can only tell that something did.
    """

    def __init__(self, file: IO[bytes]) -> None:  # noqa: D107 (the class says it)
        self.count = 0
        self.aside: list[tuple[int, bytes]] = []
        self.error: BaseException | None = None
        self._blocks = _blocks(file)
        self._lent: dict[int, Any] = {}
        self._release_schema = _Release(lambda schema: _mark_released(_Schema, schema))
        self._release_array = _Release(self._take_back)
        self._release_stream = _Release(lambda stream: _mark_released(_Stream, stream))
        self._message = ctypes.create_string_buffer(b"the file could not be read")
        self._stream = _Stream(
            _Fill(self._get_schema),
            _Fill(self._get_next),
            _Message(lambda stream: ctypes.addressof(self._message)),
        )

    def __arrow_c_stream__(self, requested_schema: object = None) -> Any:
        """The stream as the Arrow PyCapsule interface hands it over."""
        self._stream.release = _address(self._release_stream)
        return _new_capsule(ctypes.addressof(self._stream), b"arrow_array_stream", None)

    def _get_schema(self, stream: int, out: int) -> int:
        release = _address(self._release_schema)
        number = _Schema(b"l", b"number", release=release)
        text = _Schema(b"u", b"text", release=release)
        self._columns = number, text, _addresses(number, text)
        lines = _Schema(b"+s", b"", n_children=2, children=ctypes.addressof(self._columns[-1]), release=release)
        ctypes.memmove(out, ctypes.byref(lines), ctypes.sizeof(lines))
        return 0

    def _get_next(self, stream: int, out: int) -> int:
        try:
            block = next(self._blocks, None)
            # An array that is released already says that there are no more.
            lines = _Array() if block is None else self._lend(block)
        except BaseException as error:
            # No exception passes through DuckDB.
            self.error = error
            return _ERROR
        ctypes.memmove(out, ctypes.byref(lines), ctypes.sizeof(lines))
        return 0

    def _lend(self, block: bytes) -> _Array:
        block = self._usable(block)
        ends = [match.end() for match in _find_newlines(block)]
        if not block.endswith(b"\n"):
            ends.append(len(block))
        offsets = array("i", [0, *ends])
        numbers = array("q", range(self.count + 1, self.count + len(ends) + 1))
        self.count += len(ends)

        release = _address(self._release_array)
        buffers = (
            (_pointer * 2)(None, numbers.buffer_info()[0]),
            (_pointer * 3)(None, offsets.buffer_info()[0], ctypes.cast(ctypes.c_char_p(block), _pointer)),
            (_pointer * 1)(None),
        )
        number, text, lines = (
            _Array(len(ends), n_buffers=len(pointers), buffers=ctypes.addressof(pointers), release=release)
            for pointers in buffers
        )
        columns = _addresses(number, text)
        lines.n_children = 2
        lines.children = ctypes.addressof(columns)
        lines.private_data = self.count
        self._lent[self.count] = block, offsets, numbers, buffers, number, text, columns
        return lines

    def _take_back(self, lines: int) -> None:
        self._lent.pop(_Array.from_address(lines).private_data, None)
        _mark_released(_Array, lines)

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


def _addresses(*structs: ctypes.Structure) -> ctypes.Array[Any]:
    return (_pointer * len(structs))(*map(ctypes.addressof, structs))


def _mark_released(struct: Any, address: int) -> None:
    struct.from_address(address).release = None
