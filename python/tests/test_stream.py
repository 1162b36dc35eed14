"""The lines that DuckDB is given of a file are those that Python reads, with the same numbers."""

from __future__ import annotations

import io

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agent_goals.loading import stream
from agent_goals.loading.stream import LineStream

pieces = st.sampled_from(
    [b"\n", b"\n", b"\r\n", b"\r", b"\0", b"\x01", b"\x02", b"\x020", b'"', b",", b'{"a": 1}', b"\xff", "é".encode(), b"x" * 70]
)


@settings(deadline=None)
@given(st.lists(pieces, max_size=40).map(b"".join), st.integers(4, 200))
@example(b"", 4)
@example(b"\n\n\n\n\n\n", 4)
@example(b"\xef\xbb\xbf" + b'{"a": 1}\r\n' * 20, 7)
@example(b"x" * 500 + b"\na\n" + b"y" * 500, 50)
@example(b"a\n" * 500, 8)
def test_the_lines_are_those_of_the_file(content: bytes, block_bytes: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stream, "_BLOCK_BYTES", block_bytes)
        lines = LineStream(io.BytesIO(content))
        rows = lines.reader.read_all().to_pylist()
    expected = [line.rstrip(b"\r\n") for line in io.BytesIO(content.removeprefix(b"\xef\xbb\xbf")).readlines()]
    assert [row["number"] for row in rows] == list(range(1, len(expected) + 1))
    assert lines.count == len(expected)
    assert [lines.bytes_of(row["text"]).rstrip(b"\r\n") for row in rows] == expected
    # What is no text, very long, or holds what would cut it never comes out of the stream itself.
    for row in rows:
        assert not any(mark in row["text"] for mark in "\0\r\x01")
        assert len(row["text"]) <= max(block_bytes, 10)
