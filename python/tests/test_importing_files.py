"""Every layout gives the same values, and what is broken is named and does not take the rest along."""

from __future__ import annotations

import csv
import gzip
import json
import pickle
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent_goals.errors import LoadError
from agent_goals.importing import files, gathering
from agent_goals.importing.files import Broken, Piece, pieces
from agent_goals.importing.gathering import Gathering
from agent_goals.importing.values import UnreadableError, exact, moment, nanoseconds, tokens
from importing_shapes import SHAPES, call, run

SPANS = [call("c1", "a"), call("c2", "a", start=3)]
EXPORT = {"resourceSpans": [{"resource": {"attributes": []}, "scopeSpans": [{"scope": {"name": "s"}, "spans": SPANS}]}]}

LAYOUTS: dict[str, bytes] = {
    "an array on one line": json.dumps(SPANS).encode(),
    "an array over many lines": json.dumps(SPANS, indent=2).encode(),
    "an array with an element on each line": ("[\n" + ",\n".join(map(json.dumps, SPANS)) + "\n]").encode(),
    "lines": "\n".join(map(json.dumps, SPANS)).encode(),
    "lines with a mark, blanks and comments": ("\ufeff# two\n" + "\n\n".join(map(json.dumps, SPANS)) + "\n").encode(),
    "documents that follow one another": "\n".join(json.dumps(span, indent=1) for span in SPANS).encode(),
    "an object of spans": json.dumps({"session_id": "s", "spans": SPANS}, indent=1).encode(),
    "an export on one line": json.dumps(EXPORT).encode(),
    "an export over many lines": json.dumps(EXPORT, indent=4).encode(),
    "an API's page": json.dumps({"data": SPANS, "meta": {"page": 1}}).encode(),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("is_large", [False, True])
@pytest.mark.parametrize("is_packed", [False, True])
def test_every_layout_gives_the_same_spans(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, layout: str, is_large: bool, is_packed: bool
) -> None:
    if is_large and "comments" in layout:
        pytest.skip("a line that is too large to look at is taken for a document, which has no comments")
    if is_large:
        monkeypatch.setattr(files, "DOCUMENT_BYTES", 100)
    path = tmp_path / "spans.json"
    path.write_bytes(gzip.compress(LAYOUTS[layout]) if is_packed else LAYOUTS[layout])
    found = run(path)
    assert [cost["span_id"] for cost in found.of("cost")] == ["c1", "c2"]
    assert found.left_out == []


def test_a_large_document_is_read_in_small_ones_of_its_shape(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "DOCUMENT_BYTES", 10)
    path = tmp_path / "export.json"
    path.write_text(json.dumps(EXPORT))
    read = list(pieces(path))
    assert [piece.place for piece in read] == ["element 1", "element 2"]
    assert isinstance(read[1], Piece)
    scopes = read[1].value["resourceSpans"][0]["scopeSpans"]
    assert [span["span_id"] for span in scopes[0]["spans"]] == ["c2"]
    assert scopes[0]["scope"] == {"name": "s"}


def test_a_resource_after_its_spans_in_a_large_document_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    late = {"resourceSpans": [{"scopeSpans": [{"spans": SPANS}], "resource": {"attributes": []}}]}
    path = tmp_path / "export.json"
    path.write_text(json.dumps(late))
    assert run(path).report.count_problems == 0
    monkeypatch.setattr(files, "DOCUMENT_BYTES", 10)
    found = run(path)
    assert len(found.of("cost")) == 2
    assert found.codes == ["unknown_shape"]


def test_numbers_are_exact_however_they_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "values.json"
    path.write_text('[{"n": 0.10000000000000000001}]')
    (piece,) = pieces(path)
    monkeypatch.setattr(files, "DOCUMENT_BYTES", 5)
    (streamed,) = pieces(path)
    assert isinstance(piece, Piece)
    assert isinstance(streamed, Piece)
    assert str(piece.value["n"]) == str(streamed.value["n"]) == "0.10000000000000000001"


@pytest.mark.parametrize(
    ("content", "codes", "costs"),
    [
        (b"{oops\n" + json.dumps(SPANS[0]).encode(), ["malformed_json"], 1),
        (json.dumps(SPANS[0]).encode() + b'\n{"trace_id": "\xff"}\n' + json.dumps(SPANS[1]).encode(), ["invalid_encoding"], 2),
        (json.dumps(SPANS[0]).encode() + b"\n" + b"[" * 100_000 + b"\n", ["malformed_json"], 1),
        (b"[" + json.dumps(SPANS[0], indent=1).encode() + b", {", ["malformed_json"], 0),
        (b"\xff\xfe", ["invalid_encoding"], 0),
        (json.dumps([SPANS[0], 17, {"a": 1}, None]).encode(), ["unknown_shape"] * 3, 1),
        (json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [1, SPANS[0]]}]}]}).encode(), ["unknown_shape"], 1),
        (json.dumps({"resourceMetrics": [{}]}).encode(), ["metrics"], 0),
        (json.dumps([{"trace_id": "", "span_id": "s", "start_time": 1}]).encode(), ["missing_field"], 0),
        (json.dumps([SPANS[0] | {"start_time": "yesterday"}]).encode(), ["invalid_timestamp"], 0),
        (json.dumps([SPANS[0] | {"start_time": 0}]).encode(), ["invalid_timestamp"], 0),
        (json.dumps([call("c", None, (-5, 1))]).encode(), ["wrong_type"], 0),
        (json.dumps([call("c", None, ("many", 1))]).encode(), ["wrong_type"], 0),  # type: ignore[arg-type]
        (json.dumps([call("c", None, (10**16, 1))]).encode(), ["out_of_range"], 0),
        (json.dumps([call("c", "c\0")]).encode(), ["invalid_text"], 0),
        (b"", [], 0),
    ],
)
def test_what_is_broken_is_listed_and_the_rest_is_read(tmp_path: Path, content: bytes, codes: list[str], costs: int) -> None:
    path = tmp_path / "spans.json"
    path.write_bytes(content)
    found = run(path)
    assert (found.codes, len(found.of("cost"))) == (codes, costs)
    assert all(thing.file == str(path) and thing.place and thing.reason for thing in found.left_out)
    assert found.report.count_problems == sum(code not in ("metrics",) for code in codes)


def test_the_list_has_the_line_and_the_raw_text(tmp_path: Path) -> None:
    path = tmp_path / "spans.jsonl"
    path.write_text(json.dumps(SPANS[0]) + '\n\n{"trace_id": "t", oops\n')
    (broken,) = run(path).left_out
    assert (broken.place, broken.text) == ("line 3", '{"trace_id": "t", oops')
    assert "character 19" in broken.reason


def test_a_file_that_was_cut_off_gives_what_stands_before(tmp_path: Path) -> None:
    path = tmp_path / "spans.jsonl.gz"
    lines = "".join(json.dumps(call(f"{number:x}", None, trace=f"t{number}")) + "\n" for number in range(2_000))
    packed = gzip.compress(lines.encode())
    path.write_bytes(packed[: len(packed) // 2])
    found = run(path)
    assert 100 < len(found.of("cost")) < 2_000
    assert "unreadable_file" in found.codes


def test_a_large_document_that_breaks_off_gives_what_stands_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "DOCUMENT_BYTES", 10)
    path = tmp_path / "spans.json"
    path.write_text(json.dumps(SPANS, indent=1)[:-200])
    found = run(path)
    assert len(found.of("cost")) == 1
    assert found.codes == ["malformed_json"]


@pytest.mark.parametrize("name", ["missing.json", "."])
def test_a_file_that_is_not_there_is_no_import(tmp_path: Path, name: str) -> None:
    with pytest.raises(LoadError, match="name a file"):
        run(tmp_path / name)


def test_parquet_and_csv_rows_are_values(tmp_path: Path) -> None:
    observations = SHAPES / "langfuse_observations.jsonl"
    with duckdb.connect() as connection:
        source = f"read_json('{observations}', maximum_sample_files = 1)"
        connection.execute(f"copy (select * from {source}) to '{tmp_path / 'o.parquet'}' (format parquet)")
    rows = [json.loads(line) for line in observations.read_text().splitlines()]
    with (tmp_path / "o.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        for row in rows:
            writer.writerow({name: json.dumps(value) if isinstance(value, dict | list) else value for name, value in row.items()})
    lines = run(observations)
    kept = ("event_id", "session_id", "occurred_at", "input_tokens", "output_tokens", "model")
    for name in ("o.parquet", "o.csv"):
        found = run(tmp_path / name)
        assert found.report.count_problems == 0
        for ours, theirs in zip(found.of("cost"), lines.of("cost"), strict=True):
            assert {name: ours.get(name) for name in kept} == {name: theirs.get(name) for name in kept}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1767225601000000001, "2026-01-01T00:00:01.000000001Z"),
        ("1767225601000000001", "2026-01-01T00:00:01.000000001Z"),
        (1767225601000000, "2026-01-01T00:00:01Z"),
        (1767225601250, "2026-01-01T00:00:01.25Z"),
        (1767225601.5, "2026-01-01T00:00:01.5Z"),
        ("2026-01-01T01:00:01.123456789+01:00", "2026-01-01T00:00:01.123456789Z"),
        ("2026-01-01 00:00:01.000100", "2026-01-01T00:00:01.0001Z"),
    ],
)
def test_a_moment_is_told_from_its_form_and_keeps_every_digit(value: Any, text: str) -> None:
    assert moment(nanoseconds(value, "time")) == text


@pytest.mark.parametrize("value", [None, "", "soon", "2026-02-30T00:00:00Z", True, -1, 10**30, [], "1e400"])
def test_what_is_no_moment_is_refused(value: Any) -> None:
    with pytest.raises(UnreadableError, match="time is"):
        nanoseconds(value, "time")


@pytest.mark.parametrize("value", ["ten", 1.5, -1, True, [1], float("nan"), "NaN"])
def test_what_are_no_tokens_is_refused(value: Any) -> None:
    with pytest.raises(UnreadableError, match="tokens"):
        tokens(value, "tokens")


def test_a_double_is_read_as_it_is_written() -> None:
    assert str(exact(0.1, "n")) == "0.1"


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.sampled_from("abcdé"), st.integers())), st.integers(1, 400))
def test_gathering_gives_back_all_by_key_in_the_order_they_came(
    tmp_path_factory: pytest.TempPathFactory, things: list[tuple[str, int]], held: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gathering, "_HELD_BYTES", held)
        patch.setattr(gathering, "_MOST_RUNS", 3)
        gathered = Gathering(tmp_path_factory.mktemp("gathering"))
        for key, thing in things:
            gathered.add(key, thing)
        expected: dict[str, list[int]] = {}
        for key, thing in sorted(things, key=lambda item: item[0]):
            expected.setdefault(key, []).append(thing)
        assert dict(gathered.groups()) == expected
        assert gathered.count == len(things)


def test_gathering_holds_no_more_than_it_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "_HELD_BYTES", 1_000)
    gathered = Gathering(tmp_path)
    largest = 0
    for number in range(2_000):
        gathered.add(str(number % 7), "x" * 50)
        largest = max(largest, sum(len(pickle.dumps(held)) for held in gathered._held))
    assert largest < 3_000
    assert sum(len(things) for _, things in gathered.groups()) == 2_000


def test_broken_parts_of_a_file_are_no_values(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": 1}\nnull\n{')
    assert [type(piece) for piece in pieces(path)] == [Piece, Piece, Broken]
