from __future__ import annotations

import gzip
import hashlib
import json
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import IO

import duckdb
import pytest

from agent_goals.contract import REASONS, RECORD_TYPES
from agent_goals.errors import LoadError
from agent_goals.loading.batch import Batch
from agent_goals.loading.report import LoadReport
from agent_goals.loading.sources import Source
from loading_helpers import LandingPath, Warehouse, cost, goal, write_lines


@pytest.fixture(params=["database", "landing"])
def warehouse(request: pytest.FixtureRequest, tmp_path: Path) -> Warehouse:
    return LandingPath(tmp_path / "landing") if request.param == "landing" else Warehouse()


def test_every_value_of_a_record_lands_in_its_column(warehouse: Warehouse, tmp_path: Path) -> None:
    record = goal(
        event_id="e1", occurred_at="2026-01-01T02:00:00.5+02:00", value="12.345678901234567890", score=1, metadata={"a": [1]}
    )
    warehouse.load(write_lines(tmp_path / "goals.ndjson", [record]))
    row = warehouse.rows("select event_id, occurred_at::varchar, environment, value, score, metadata from raw.goal_events")[0]
    assert row == ("e1", "2026-01-01 00:00:00.5", "production", Decimal("12.345678901234567890"), 1.0, '{"a":[1]}')


@pytest.mark.parametrize("name", ["my_goals.ndjson", "goal_events.jsonl", "goal.ndjson.gz", "2026-goals-export.ndjson"])
def test_the_file_name_says_the_type(warehouse: Warehouse, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name.endswith(".gz"):
        path.write_bytes(gzip.compress(json.dumps(goal()).encode()))
    else:
        write_lines(path, [goal()])
    assert warehouse.load(path).count_loaded == 1


def test_a_name_that_speaks_of_two_types_says_none(warehouse: Warehouse, tmp_path: Path) -> None:
    path = write_lines(tmp_path / "session_costs.ndjson", [cost()])
    warehouse.load(path)
    assert [item.code for item in warehouse.rejected] == ["unknown_record_type"]
    assert warehouse.load(path, record_type="cost").count_loaded == 1


def test_a_file_may_mix_all_types(warehouse: Warehouse, tmp_path: Path) -> None:
    records = [
        goal(type="goal"),
        cost(type="cost"),
        {"type": "value", "session_id": "s1", "occurred_at": "2026-01-01T00:00:00Z", "amount": 3},
        {"type": "session", "session_id": "s1", "occurred_at": "2026-01-01T00:00:00Z"},
        {"type": "turn", "session_id": "s1", "occurred_at": "2026-01-01T00:00:00Z", "turn_index": 0, "role": "user"},
    ]
    assert warehouse.load(write_lines(tmp_path / "all.ndjson", records)).count_loaded == 5
    assert [warehouse.count(record.table) for record in RECORD_TYPES.values()] == [1] * 5


def test_json_arrays_csv_and_parquet_land_the_same_rows(tmp_path: Path) -> None:
    records = [cost(metadata={"k": [1, "ü,\n"]}), cost(session_id="s2", input_tokens=5, model="m")]
    (tmp_path / "costs.json").write_text(json.dumps(records, indent=2))
    (tmp_path / "costs.csv").write_text(
        "session_id,occurred_at,amount,currency,metadata,input_tokens,model\n"
        's1,2026-01-01T00:00:00Z,0.25,USD,"{""k"": [1, ""ü,\\n""]}",,\n'
        "s2,2026-01-01T00:00:00Z,0.25,USD,,5,m\n"
    )
    duckdb.execute(
        f"""copy (select * from (values
            ('s1', timestamptz '2026-01-01 00:00:00+00', 0.25::decimal(9, 2), 'USD', '{{"k": [1, "ü,\\n"]}}', null, null),
            ('s2', timestamptz '2026-01-01 00:00:00+00', 0.25, 'USD', null, 5, 'm')
        ) t(session_id, occurred_at, amount, currency, metadata, input_tokens, model)) to '{tmp_path}/costs.parquet'"""
    )
    write_lines(tmp_path / "costs.ndjson", records)
    landed = []
    for name in ("costs.ndjson", "costs.json", "costs.csv", "costs.parquet"):
        warehouse = Warehouse()
        warehouse.load(tmp_path / name)
        assert warehouse.rejected == [], name
        landed.append(warehouse.rows("select * exclude (loaded_at, batch_id) from raw.cost_events order by session_id"))
    assert len(landed[0]) == 2
    assert all(rows == landed[0] for rows in landed)


def test_a_parquet_metadata_struct_becomes_its_json(warehouse: Warehouse, tmp_path: Path) -> None:
    duckdb.execute(
        f"""copy (select 's' as session_id, timestamp '2026-01-01' as occurred_at, 1 as amount, {{'a': 1}} as metadata)
        to '{tmp_path}/costs.parquet'"""
    )
    warehouse.load(tmp_path / "costs.parquet")
    assert warehouse.rows("select metadata, occurred_at::varchar from raw.cost_events") == [('{"a":1}', "2026-01-01 00:00:00")]


def test_two_identical_records_both_count_and_a_second_load_changes_nothing(warehouse: Warehouse, tmp_path: Path) -> None:
    path = write_lines(tmp_path / "costs.ndjson", [cost(), cost(), cost(amount=1)])
    assert warehouse.load(path).count_loaded == 3
    before = warehouse.rows("from raw.cost_events order by event_id")
    assert len({row[0] for row in before}) == 3
    # A blank line makes it another file, so that the ledger does not answer.
    path.write_bytes(path.read_bytes() + b"\n")
    report = warehouse.load(path)
    assert (report.count_loaded, report.count_duplicate) == (0, 3)
    assert not report.files[0].is_unchanged
    assert warehouse.rows("from raw.cost_events order by event_id") == before


def test_the_derived_id_heeds_neither_the_order_of_fields_nor_white_space(warehouse: Warehouse, tmp_path: Path) -> None:
    one = '{"session_id":"s1","occurred_at":"2026-01-01T00:00:00Z","amount":1.50,"currency":"USD"}'
    other = '{ "currency" : "USD", "amount" : 1.5, "occurred_at" : "2026-01-01T00:00:00+00:00", "session_id" : "s1" }'
    warehouse.load(write_lines(tmp_path / "costs.ndjson", [one]))
    assert warehouse.load(write_lines(tmp_path / "other_costs.ndjson", [other])).count_duplicate == 1


def test_the_derived_id_is_the_same_for_ever(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.load(write_lines(tmp_path / "costs.ndjson", [cost(latency_ms=1.5), cost(latency_ms=1.5)]))
    sent = {
        "session_id": "s1",
        "occurred_at": "1767225600000000",
        "environment": "production",
        "amount": "0.250000000000000000",
        "currency": "USD",
        "cost_type": "other",
        "latency_ms": "1.500000000000000000",
    }
    parts = ["cost", *(sent.get(column.name, "") for column in RECORD_TYPES["cost"].columns if column.name != "event_id")]
    first = hashlib.md5("\0".join(parts).encode()).hexdigest()
    second = hashlib.md5(f"{first}\0002".encode()).hexdigest()
    assert {row[0] for row in warehouse.rows("select event_id from raw.cost_events")} == {first, second}


def test_the_last_of_one_id_in_a_file_stays(warehouse: Warehouse, tmp_path: Path) -> None:
    report = warehouse.load(write_lines(tmp_path / "costs.ndjson", [cost(event_id="a", amount=n) for n in (1, 2, 3)]))
    assert (report.count_loaded, report.count_duplicate) == (1, 2)
    assert warehouse.rows("select amount from raw.cost_events") == [(Decimal(3),)]


@pytest.mark.parametrize("at_once", [True, False])
def test_the_last_good_line_of_an_id_stays_wherever_it_is_in_the_file(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, at_once: bool
) -> None:
    monkeypatch.setattr("agent_goals.loading.at_once.AT_ONCE_BYTES", 0 if at_once else 1_000_000_000)
    monkeypatch.setattr("agent_goals.loading.stream._BLOCK_BYTES", 20_000)
    # One in three is written in a way that only the closer look reads, one in seven is bad; every id comes four times.
    lines, last = [], {}
    for number in range(8_000):
        event_id = f"e{number % 2_000}"
        line = cost(event_id=event_id, amount=number)
        if number % 7 == 0:
            line["amount"] = "much"
        else:
            last[event_id] = Decimal(number)
        if number % 3 == 0:
            # A comma before a bracket is looked at closely, and here it is part of a text.
            line["metadata"] = {"note": ",]"}
        lines.append(line)
    report = warehouse.load(write_lines(tmp_path / "costs.ndjson", lines))
    counts = report.files[0].types["cost"]
    assert (counts.loaded, counts.duplicate, counts.rejected.total()) == (2_000, 8_000 - 1_143 - 2_000, 1_143)
    assert dict(warehouse.rows("select event_id, amount from raw.cost_events")) == last


def test_a_correction_lands_beside_what_it_corrects_and_later(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.load(write_lines(tmp_path / "costs.ndjson", [cost(event_id="a", amount=1)]))
    report = warehouse.load(write_lines(tmp_path / "costs.ndjson", [cost(event_id="a", amount=2)]))
    assert (report.count_loaded, report.count_duplicate) == (1, 0)
    assert warehouse.rows("select amount from raw.cost_events order by loaded_at") == [(Decimal(1),), (Decimal(2),)]
    # The first version again is no news.
    assert warehouse.load(write_lines(tmp_path / "costs.ndjson", [cost(event_id="a", amount=1), ""])).count_duplicate == 1


def test_of_one_id_in_two_files_of_a_load_the_later_file_wins(warehouse: Warehouse, tmp_path: Path) -> None:
    first = write_lines(tmp_path / "a_costs.ndjson", [cost(event_id="a", amount=1), cost(event_id="b")])
    second = write_lines(tmp_path / "b_costs.ndjson", [cost(event_id="a", amount=2)])
    report = warehouse.load(first, second)
    assert [(file.types["cost"].loaded, file.types["cost"].duplicate) for file in report.files] == [(1, 1), (1, 0)]
    assert warehouse.rows("select amount from raw.cost_events where event_id = 'a'") == [(Decimal(2),)]


def test_later_batches_have_later_times_even_when_the_clock_goes_back(tmp_path: Path) -> None:
    warehouse = Warehouse()
    warehouse.load(write_lines(tmp_path / "costs.ndjson", [cost(event_id="a")]))
    warehouse.connection.execute("update agent_goals_raw.cost_events set loaded_at = timestamp '2999-01-01'")
    warehouse.load(write_lines(tmp_path / "costs.ndjson", [cost(event_id="b")]))
    assert warehouse.rows("select loaded_at > timestamp '2999-01-01' from raw.cost_events where event_id = 'b'") == [(True,)]


def test_an_unchanged_file_is_not_read_again_unless_its_rows_are_gone(tmp_path: Path) -> None:
    warehouse = Warehouse()
    path = write_lines(tmp_path / "costs.ndjson", [cost(), cost(amount=2)])
    warehouse.load(path)
    again = warehouse.load(path)
    assert again.files[0].is_unchanged
    assert again.count_duplicate == 2
    warehouse.connection.execute("delete from agent_goals_raw.cost_events where amount = 2")
    report = warehouse.load(path)
    assert not report.files[0].is_unchanged
    assert (report.count_loaded, report.count_duplicate) == (1, 1)


def test_a_line_that_is_added_while_the_file_is_read_lands_the_next_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_lines(tmp_path / "goals.ndjson", [goal(event_id="a")])
    was_read = threading.Event()
    take, finish = Source.sha256, Batch.finish

    def take_late(source: Source) -> str:
        assert was_read.wait(timeout=30)
        write_lines(path, [goal(event_id="a"), goal(event_id="b")])
        return take(source)

    def finish_after(batch: Batch) -> LoadReport:
        was_read.set()
        return finish(batch)

    warehouse = Warehouse()
    with monkeypatch.context() as patch:
        patch.setattr(Source, "sha256", take_late)
        patch.setattr(Batch, "finish", finish_after)
        assert warehouse.load(path).count_loaded == 1
    report = warehouse.load(path)
    assert (report.count_loaded, report.count_duplicate) == (1, 1)
    assert warehouse.load(path).files[0].is_unchanged


def test_a_bad_line_is_kept_whole_with_its_place_and_reason(warehouse: Warehouse, tmp_path: Path) -> None:
    bad = '{"session_id":"s1", "occured_at":"2026-01-01T00:00:00Z","goal":"g"} '
    path = write_lines(tmp_path / "goals.ndjson", ["# a comment", goal(), "", bad, "{oops"])
    report = warehouse.load(path)
    assert report.count_loaded == 1
    assert warehouse.rows("select file, line, record_type, reason_code, raw_text from raw.rejected_records order by line") == [
        (str(path), 4, "goal", "unknown_field", bad),
        (str(path), 5, "goal", "malformed_json", "{oops"),
    ]
    assert "did you mean occurred_at" in warehouse.rejected[0].reason


def test_rejects_do_not_double(warehouse: Warehouse, tmp_path: Path) -> None:
    path = write_lines(tmp_path / "goals.ndjson", ["{oops", "{oops"])
    for _ in range(2):
        assert warehouse.load(path).count_rejected == 2
    assert warehouse.count("rejected_records") == 2


def test_strict_writes_nothing_when_a_line_is_bad(warehouse: Warehouse, tmp_path: Path) -> None:
    good, bad = write_lines(tmp_path / "goals.ndjson", [goal()]), write_lines(tmp_path / "bad_goals.ndjson", ["{oops"])
    report = warehouse.load(good, bad, strict=True)
    assert report.batch_id is None
    assert len(warehouse.rejected) == 1
    assert warehouse.rows("select count(*) from duckdb_tables() where schema_name = 'agent_goals_raw'") == [(0,)]
    assert warehouse.load(good, strict=True).count_loaded == 1


HOSTILE = {
    '{"a": 1': "malformed_json",
    "{} {}": "malformed_json",
    "[1, 2]": "not_an_object",
    "17": "not_an_object",
    "null": "not_an_object",
    '{"session_id": "s1", "session_id": "s2", "occurred_at": "2026-01-01T00:00:00Z", "goal": "g"}': "duplicate_field",
    '{"session_id": 17, "occurred_at": "2026-01-01T00:00:00Z", "goal": "g"}': "wrong_type",
    '{"session_id": 1e999, "occurred_at": "2026-01-01T00:00:00Z", "goal": "g"}': "wrong_type",
    '{"session_id": NaN, "occurred_at": "2026-01-01T00:00:00Z", "goal": "g"}': "malformed_json",
    '{"session_id": true, "occurred_at": "2026-01-01T00:00:00Z", "goal": "g"}': "wrong_type",
    '{"session_id": {"a": 1}, "occurred_at": "2026-01-01T00:00:00Z", "goal": "g"}': "wrong_type",
    '{"session_id": "s", "occurred_at": "2026-01-01T00:00:00Z", "goal": "g",}': "malformed_json",
    '{"session_id": "s", "occurred_at": "2026-01-01T00:00:00Z", "goal": "g", "metadata": {"a": [1, ]}}': "malformed_json",
    '{"session_id": "s", "occurred_at": "2026-01-01T00:00:00Z", "goal": "g", "metadata": {"a": NaN}}': "malformed_json",
    '{"session_id": "s", "occurred_at": "2026-01-01T00:00:00Z", "goal": "g", "metadata": {"a": -Infinity}}': "malformed_json",
    '{"session_id": "s", "occurred_at": "2026-01-01T00:00:00Z", "goal": "g", "metadata": "{}"}': "wrong_type",
    '{"session_id": "s", "occurred_at": "2026-01-01T00:00:00Z", "goal": "g", "sub_goals_achieved": [1]}': "wrong_type",
    '{"session_id": "s", "occurred_at": "2026-01-01T00:00:00Z", "goal": "g", "achieved": "yes"}': "wrong_type",
    '{"session_id": "s", "occurred_at": "2026-01-01T00:00:00Z", "goal": "g", "achieved": 2}': "wrong_type",
    '{"session_id": "s", "occurred_at": "2026-01-01T00:00:00Z", "goal": "g", "value": 1e12}': "out_of_range",
    '{"session_id": "s", "occurred_at": "2026-01-01T00:00:00Z", "goal": "g", "value": 1e999}': "out_of_range",
    '{"session_id": "s", "occurred_at": "2026-01-01T00:00:00Z", "goal": "g", "score": "1_000"}': "wrong_type",
    '{"session_id": "s", "occurred_at": "2026-01-01T00:00:00Z", "goal": "g", "score": " 1"}': "wrong_type",
    '{"session_id": "s", "occurred_at": "2026-02-30T00:00:00Z", "goal": "g"}': "invalid_timestamp",
    '{"session_id": "s", "occurred_at": "2026-01-01T24:00:00Z", "goal": "g"}': "invalid_timestamp",
    '{"session_id": "s", "occurred_at": "2026-01-01T 1:00:00Z", "goal": "g"}': "invalid_timestamp",
    '{"session_id": "s", "occurred_at": "tomorrow", "goal": "g"}': "invalid_timestamp",
    '{"session_id": "s", "occurred_at": 1767225600, "goal": "g"}': "wrong_type",
    '{"session_id": "s", "occurred_at": "2026-01-01T00:00:00Z"}': "missing_field",
    '{"session_id": "", "occurred_at": "2026-01-01T00:00:00Z", "goal": "g"}': "missing_field",
    '{"session_id": "\\ud800", "occurred_at": "2026-01-01T00:00:00Z", "goal": "g"}': "malformed_json",
    '{"session_id": "a\\u0000b", "occurred_at": "2026-01-01T00:00:00Z", "goal": "g"}': "invalid_text",
    '{"session_id": "a\0b", "occurred_at": "2026-01-01T00:00:00Z", "goal": "g"}': "malformed_json",
    '{"session_id": "s", "occurred_at": "2026-01-01T00:00:00Z", "goal": "g", "verdict_source": "derived"}': "not_a_choice",
    '{"session_id": "s", "occurred_at": "2026-01-01T00:00:00Z", "goal": "g", "achieved": true, "label": "not_applicable"}': (
        "contradictory_verdict"
    ),
    '{"session_id": "s", "occurred_at": "2026-01-01T00:00:00Z", "goal": "g", "achieved": false, "value": 85, "threshold": 70}': (
        "contradictory_verdict"
    ),
    '{"type": "gaol", "session_id": "s"}': "unknown_record_type",
    '{"metadata": ' + "[" * 100_000 + "]" * 100_000 + "}": "malformed_json",
}


def test_hostile_lines_are_rejected_with_their_reason_and_none_is_lost(warehouse: Warehouse, tmp_path: Path) -> None:
    path = write_lines(tmp_path / "goals.ndjson", HOSTILE)
    assert warehouse.load(path).count_loaded == 0
    assert [item.code for item in warehouse.rejected] == list(HOSTILE.values())
    assert set(HOSTILE.values()) <= set(REASONS)
    kept = [repr(line.encode()) if "\0" in line else line for line in HOSTILE]
    assert warehouse.rows("select raw_text from raw.rejected_records order by line") == [(line,) for line in kept]


def test_bytes_that_are_not_utf8_are_kept_in_a_printable_form(warehouse: Warehouse, tmp_path: Path) -> None:
    line = b'{"session_id": "\xff\\xff\0"}'
    warehouse.load(write_lines(tmp_path / "goals.ndjson", [goal(), line]))
    assert warehouse.rows("select reason_code, raw_text from raw.rejected_records") == [("invalid_encoding", repr(line))]


def test_a_line_of_100_megabytes_is_no_trouble(warehouse: Warehouse, tmp_path: Path) -> None:
    text = "x" * 50_000_000
    path = write_lines(tmp_path / "goals.ndjson", [goal(reason=text), goal(nonsense=text), goal()])
    report = warehouse.load(path)
    assert (report.count_loaded, report.count_rejected) == (2, 1)
    assert warehouse.rows("select max(length(reason)) from raw.goal_events") == [(50_000_000,)]
    assert warehouse.rows("select length(raw_text) > 50000000 from raw.rejected_records") == [(True,)]


@pytest.mark.parametrize("content", ["", "\n\n", "# nothing\n", "\ufeff\n"])
def test_an_empty_file_has_nothing_in_it(warehouse: Warehouse, tmp_path: Path, content: str) -> None:
    path = tmp_path / "goals.ndjson"
    path.write_text(content)
    assert warehouse.load(path).files[0].is_empty


@pytest.mark.parametrize(
    ("content", "codes", "count"),
    [
        ("[]", [], 0),
        ("[%s, %s]", [], 2),
        ("%s\n%s", [], 2),
        ("%s%s", [], 2),
        ("[%s,\n%s,]", [], 2),
        ("[%s, 17, %s", ["not_an_object"], 2),
        ('[%s, {"a": "]}\\"', ["malformed_json"], 1),
        ("[%s] trailing", ["malformed_json"], 1),
        ("nonsense", ["malformed_json"], 0),
    ],
)
def test_a_json_file_is_taken_apart_into_its_elements(
    warehouse: Warehouse, tmp_path: Path, content: str, codes: list[str], count: int
) -> None:
    records = tuple(
        json.dumps(cost(amount=n, metadata={"text": 'a "quoted\\ ]}{['}), indent=1) for n in range(content.count("%s"))
    )
    path = tmp_path / "costs.json"
    path.write_text(content % records)
    assert warehouse.load(path).count_loaded == count
    assert [item.code for item in warehouse.rejected] == codes


def test_a_csv_row_of_the_wrong_width_and_an_unknown_column_lose_nothing(warehouse: Warehouse, tmp_path: Path) -> None:
    path = tmp_path / "costs.csv"
    path.write_text("session_id,occurred_at,amount\ns1,2026-01-01T00:00:00Z\ns1,2026-01-01T00:00:00Z,1,2\n")
    warehouse.load(path)
    assert [item.code for item in warehouse.rejected] == ["malformed_row", "malformed_row"]
    path.write_text('session_id,occurred_at,amuont\n"s\n1",2026-01-01T00:00:00Z,5\ns2,2026-01-01T00:00:00Z,\n')
    warehouse.load(path)
    assert [(item.line, item.code) for item in warehouse.rejected] == [(2, "unknown_field"), (4, "missing_amount")]
    assert json.loads(str(warehouse.rejected[0].text))["amuont"] == "5"
    assert "did you mean amount" in warehouse.rejected[0].reason


def test_a_csv_that_is_none_says_where(warehouse: Warehouse, tmp_path: Path) -> None:
    path = tmp_path / "costs.csv"
    path.write_text('session_id,occurred_at\n"s1" x,y\n')
    with pytest.raises(LoadError, match="line 2"):
        warehouse.load(path)


def test_a_file_that_is_no_parquet_says_so(warehouse: Warehouse, tmp_path: Path) -> None:
    path = tmp_path / "costs.parquet"
    path.write_text("no")
    with pytest.raises(LoadError, match="cannot be read as Parquet"):
        warehouse.load(path)


def test_a_failure_halfway_writes_nothing(warehouse: Warehouse, tmp_path: Path) -> None:
    good = write_lines(tmp_path / "goals.ndjson", [goal()])
    broken = tmp_path / "costs.parquet"
    broken.write_text("no")
    with pytest.raises(LoadError):
        warehouse.load(good, broken)
    assert warehouse.rows("select count(*) from duckdb_tables() where schema_name = 'agent_goals_raw'") == [(0,)]


def test_a_large_file_is_read_at_once_with_the_same_outcome(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = [goal(event_id=f"e{number}", metadata={"n": number}) for number in range(3000)]
    lines = [
        *records[:10],
        "",
        "# comment",
        "{oops",
        *records[10:],
        goal(type="cost"),
        cost(type="cost"),
        goal(score="1E1"),
        "{oops",
    ]
    path = write_lines(tmp_path / "goals.ndjson", lines)
    outcomes = []
    for size in (0, 1 << 40):
        monkeypatch.setattr("agent_goals.loading.at_once.AT_ONCE_BYTES", size)
        warehouse = Warehouse()
        warehouse.load(path)
        tables = ("goal_events", "cost_events")
        landed = [warehouse.rows(f"select * exclude (loaded_at, batch_id) from raw.{table} order by all") for table in tables]
        outcomes.append(
            (landed, sorted(item.line for item in warehouse.rejected), sorted(item.code for item in warehouse.rejected))
        )
    assert outcomes[0] == outcomes[1]
    assert [len(rows) for rows in outcomes[0][0]] == [3001, 1]
    assert outcomes[0][1] == [13, 3004, 3007]


@pytest.mark.parametrize(
    "hostile", [b'{"session_id": "\xff"}', b'{"session_id": "s1"}\r{"a": 1}', b"x" * 5_000_000, b'{"a": "\x01"}', b"\x020", b"\0"]
)
def test_a_line_that_duckdb_cannot_read_as_text_is_read_line_by_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hostile: bytes
) -> None:
    monkeypatch.setattr("agent_goals.loading.at_once.AT_ONCE_BYTES", 0)
    warehouse = Warehouse()
    records = [goal(event_id=f"e{number}") for number in range(2000)]
    report = warehouse.load(write_lines(tmp_path / "goals.ndjson", ["{oops", *records, hostile]))
    assert (report.count_loaded, report.count_rejected) == (2000, 2)
    assert [item.line for item in warehouse.rejected] == [1, 2002]


def test_a_file_that_cannot_be_read_to_its_end_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(file: IO[bytes]) -> Iterator[bytes]:
        yield file.readline()
        raise OSError("the disk is gone")

    monkeypatch.setattr("agent_goals.loading.at_once.AT_ONCE_BYTES", 0)
    monkeypatch.setattr("agent_goals.loading.stream._blocks", broken)
    warehouse = Warehouse()
    path = write_lines(tmp_path / "goals.ndjson", [goal(event_id=f"e{number}") for number in range(2000)])
    with pytest.raises(OSError, match="the disk is gone"):
        warehouse.load(path)
    assert warehouse.rows("select count(*) from duckdb_tables() where schema_name = 'agent_goals_raw'") == [(0,)]
