"""The loader's vectorised validation and the row-by-row one accept the same records and read the same values from them.

Every field of every record type is given every token of a list of hostile ones, and Hypothesis makes up lines besides. Each
line is judged row by row, and loaded from a file; then the landed rows and the rejects are compared with those judgements.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent_goals import GoalClient
from agent_goals.contract import RECORD_TYPES, Field, RecordType
from agent_goals.loading import find_source, load
from agent_goals.loading.clean import clean_select, with_default
from agent_goals.spool import finished_files
from agent_goals.validate import validate_line

NUMBERS = re.findall(
    r"\S+",
    """
    0 -0 -0.0 1 -1 1.5 70 85 1e3 1E+2 1e-7 1e-400 1e400 -1e400 1e4000 123456789012345678901234567890 18446744073709551616
    999999999999 999999999999.9999 999999999999.99999 999999999999.999999999999999999 999999999999.9999999999999999999
    1000000000000 -1000000000000 1e12 999999999999999 1000000000000000 -999999999999999 1e15 1e21 1e22 9007199254740993
    0.1 0.30000000000000004 0.1234567890123456789 0.0000000000000000005 0.00000000000000000049999999999 84.1 1234567.1 5.0 5.5
    1.0000000000000000000001 123e-2 0.5e1 01 +5 .5 5. -.5 1_000 0x10 1e 1e+ e5 - NaN nan Infinity -Infinity inf 1d 1f
    """,
)
TEXTS = [
    *(
        "",
        "a",
        "A",
        "é",
        "e\u0301",
        "😀",
        "ﬀ",
        "\ufeff",
        " ",
        "null",
        "NaN",
        "x,]",
        "x, }",
        "[",
        "{}",
        "[]",
        '["a"]',
        "'",
        "$.goal",
        "#",
    ),
    *(" 5", "5 ", "1,5", "٣", "5\n", "true", "FALSE", "True", "tRuE", " true", "yes", "1", "not_applicable", "x" * 900),
    *("2026-01-31T09:30:00Z", "2026-01-31 09:30:00", "2026-01-31T09:30:00.1234567+05:30", "2026-01-31T09:30:00.9999999Z"),
    *("2026-01-31", "2026-01-31T09:30Z", "2026-02-29T00:00:00Z", "2024-02-29T00:00:00-00:00", "2026-01-31t09:30:00z"),
    *("2026-01-31T24:00:00Z", "2026-01-31T23:59:60Z", "2026-01-31T23:59:59+23:59", "2026-01-31T09:30:00+24:00"),
    *("0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+00:01", "0001-01-01T00:00:00-00:01"),
    *("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.9999999", "9999-12-31T23:59:59-00:01", "10000-01-01T00:00:00Z"),
    *("2026-01-31T09:30:00Z ", "2026-01-31T09:30:00 UTC", "2026-01-31T09:30:00." + "1" * 30 + "Z", "epoch", "infinity"),
]
OTHERS = [
    *(
        "null",
        "true",
        "false",
        "TRUE",
        "nul",
        '"',
        '"open',
        "",
        "'a'",
        '"\t"',
        '"\\x"',
        '"\\u00"',
        '"\\/"',
        '"\\""',
        '"\\\\"',
        '"\\n"',
    ),
    *(
        '"\\u0061"',
        '"\\u0000"',
        '"a\\u0000b"',
        '"\\\\u0000"',
        '"\\\\\\u0000"',
        '"\\ud83d\\ude00"',
        '"\\ud83d"',
        '"\\ude00\\ud83d"',
    ),
    *('"\\u2028"', '"tru\\u0065"', '"\\u0035"', '"2026-01-31T09:30:00\\u005a"', '"\\u003e="', '"\\u0022"'),
    *("{}", "[]", "{ }", '{"a":1}', '{ "a" : [ 1 , 2.50 ] }', '{"a":NaN}', '{"a":"NaN"}', '{"a":-Infinity}', '{"a":1,}', "[1,]"),
    *('{"a":1,"a":2}', '{"a":{"goal":1}}', '{"":1}', '{"a":"\\u0000"}', '{"\\u0000":1}', '{"a":"\\\\u0000"}', '{"a":"\\ud800"}'),
    *('{"a":1e400}', '{"a":1E+2}', '{"a":-0}', '{"a":' + "9" * 30 + "}", '{"a":"é😀"}', '{"a.b":{"$":[]}}', "{1:2}", '{"a":1}}'),
    *(
        '["a","b"]',
        '[ "a" , "b" ]',
        '["",""]',
        '["\\"","\\\\"]',
        '["a",1]',
        '[["a"]]',
        "[null]",
        '["a" "b"]',
        '["\\u0000"]',
        '["é,]"]',
    ),
    *(
        "[" * 300 + "]" * 300,
        '{"a":' * 150 + "1" + "}" * 150,
        '{"a":' * 2000 + "1" + "}" * 2000,
        "[" * 2000,
        '["' + "x" * 2000 + '"]',
    ),
]
TOKENS = [*NUMBERS, *(json.dumps(text) for text in NUMBERS), *(json.dumps(text, ensure_ascii=False) for text in TEXTS), *OTHERS]
TOKENS = [token for token in TOKENS if "\n" not in token]

GOOD = {
    "string": '"x"',
    "boolean": "true",
    "number": "1",
    "integer": "1",
    "money": '"0.25"',
    "timestamp": '"2026-01-31T09:30:00Z"',
    "object": "{}",
    "strings": "[]",
}

WHOLE_LINES = [
    *("null", "true", "1", '"goal"', "[]", "[{}]", "{}", "{", "}", "nonsense", '{"type":"goal"} {"type":"goal"}', "{}{}", "NaN"),
    *(
        '{"type":"goals"}',
        '{"type":null}',
        '{"type":5}',
        '{"type":""}',
        '{"type":["goal"]}',
        '{"type":"Goal"}',
        '{"type":"\\u0067oal"}',
    ),
]


def record_line(kind: RecordType, fields: dict[str, str] | Iterable[tuple[str, str]], *, type_token: str | None = None) -> str:
    """A record's text, from JSON tokens; required fields that are not given are good."""
    given = list(fields.items()) if isinstance(fields, dict) else list(fields)
    names = {name for name, _ in given}
    required = [(field.name, GOOD[field.type]) for field in kind.columns if field.required and field.name not in names]
    if kind.name == "cost" and not names & {"amount", "model"}:
        required.append(("amount", "1"))
    pairs = [("type", type_token or json.dumps(kind.name)), *required, *given]
    return "{" + ",".join(f"{json.dumps(name)}:{token}" for name, token in pairs) + "}"


def hostile_lines() -> list[str]:
    lines = [*WHOLE_LINES]
    for kind in RECORD_TYPES.values():
        for field in kind.columns:
            tokens = [*TOKENS, *(json.dumps(choice) for choice in field.choices)]
            lines += [record_line(kind, {field.name: token}) for token in tokens]
        good = record_line(kind, {})
        lines += [
            good,
            f"  {good}\t",
            good.replace(":", " : ").replace(",", " , "),
            good[:-1],
            good[:-1] + ",}",
            good + "}",
            good + " x",
            "\ufeff" + good,
            good.replace('"session_id"', '"\\u0073ession_id"'),
            good[:-1] + ',"\\u0073ession_id":"x"}',
            good[:-1] + ',"session_id":"x"}',
            good[:-1] + ',"environment":null,"environment":null}',
            *(
                good[:-1] + f",{json.dumps(key)}:1}}"
                for key in ("zzz", "", "Type", "session_id ", 'a"b', "$.x", "a.b", "é", "\ud800", "\0")
            ),
            *(good[:-1] + f',"zzz":{token}}}' for token in OTHERS if "\n" not in token),
        ]
    goal = RECORD_TYPES["goal"]
    for achieved in ("true", "false"):
        lines.append(record_line(goal, {"achieved": achieved, "label": '"not_applicable"'}))
        for score in (
            "70",
            "69.999999999",
            '"84.1"',
            "84.1",
            "0.30000000000000004",
            '"0.3"',
            '"0.1234567890123456789"',
            "0.1234567890123456789",
        ):
            for threshold in ("70", "84.1", "0.3", '"0.1234567890123456789"'):
                for operator in ('">="', '">"', '"<="', '"<"', '"="', "null"):
                    rest = {"achieved": achieved, "threshold": threshold, "threshold_operator": operator}
                    lines += [record_line(goal, {name: score, **rest}) for name in ("score", "value")]
                    lines.append(record_line(goal, {"score": score, "value": "70", **rest}))
    return lines


def comparable(field: Field, value: Any) -> Any:
    """The value as one that equals its like whichever way it was read: JSON text is compared by what it says."""
    if field.type in ("object", "strings") and value is not None:
        return json.dumps(json.loads(value, parse_int=float), sort_keys=True)
    return value


def assert_loaded_as_judged(lines: Sequence[str], path: Path, record_type: str | None = None) -> None:
    """Load the lines from a file, and compare what landed and what was rejected with row-by-row validation."""
    path.write_bytes("".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass"))
    expected: dict[str, dict[Any, tuple[Any, ...]]] = {name: {} for name in RECORD_TYPES}
    expected_reasons: dict[int, str] = {}
    for number, line in enumerate(lines, 1):
        validation = validate_line(line.encode("utf-8", "surrogatepass"), record_type)
        if validation.record_type and validation.values is not None:
            columns = validation.record_type.columns
            row = tuple(comparable(field, validation.values[field.name]) for field in columns if field.name != "event_id")
            # Of several records with one id the last stays; one without an id is unlike any other line.
            rows = expected[validation.record_type.name]
            key = validation.values["event_id"] or number
            rows.pop(key, None)
            rows[key] = row
        else:
            expected_reasons[number] = validation.problems[0].code

    with duckdb.connect() as connection:
        load(connection, [find_source(path, record_type)])
        reasons = dict(connection.execute("select line, reason_code from agent_goals_raw.rejected_records").fetchall())
        assert {n: (reasons.get(n), lines[n - 1]) for n in reasons} == {
            n: (code, lines[n - 1]) for n, code in expected_reasons.items()
        }
        for kind in RECORD_TYPES.values():
            fields = [field for field in kind.columns if field.name != "event_id"]
            names = ", ".join(f'"{field.name}"' for field in fields)
            landed = connection.execute(f"select {names} from agent_goals_raw.{kind.table}").fetchall()
            rows_landed = Counter(
                tuple(comparable(field, value) for field, value in zip(fields, row, strict=True)) for row in landed
            )
            assert rows_landed == Counter(expected[kind.name].values())
            ids = {key for key in expected[kind.name] if isinstance(key, str)}
            assert ids <= {row[0] for row in connection.execute(f"select event_id from agent_goals_raw.{kind.table}").fetchall()}


def test_every_token_in_every_field_is_judged_alike(tmp_path: Path) -> None:
    assert_loaded_as_judged(hostile_lines(), tmp_path / "records.ndjson")


@pytest.mark.parametrize("names", [["type"], None, [field.name for field in RECORD_TYPES["goal"].columns]])
def test_every_line_is_judged_alike_when_the_file_is_read_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: list[str] | None
) -> None:
    monkeypatch.setattr("agent_goals.loading.at_once.AT_ONCE_BYTES", 0)
    monkeypatch.setattr("agent_goals.loading.at_once._SAMPLE_CLEAN", -1)
    monkeypatch.setattr("agent_goals.loading.at_once._names", lambda connection, sample: names)
    assert_loaded_as_judged(hostile_lines(), tmp_path / "records.ndjson", "goal")


@pytest.mark.parametrize("is_quick", [False, True])
@pytest.mark.parametrize("kind", RECORD_TYPES.values(), ids=list(RECORD_TYPES))
def test_what_the_vectorised_check_takes_is_good_and_has_the_same_values(kind: RecordType, is_quick: bool) -> None:
    # Lines of other types are among them: they must not be taken for this one.
    ordinary = {record_line(kind, {field.name: GOOD[field.type]}) for field in kind.columns if not field.choices}
    lines = [*ordinary, *hostile_lines()]
    names = [field.name for field in kind.columns] if is_quick else None
    select = clean_select(kind, "lines", untyped="false", names=names)
    columns = ", ".join(with_default(field) for field in kind.columns)
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        texts = [line for line in lines if _is_text(line)]
        connection.execute("create table lines as select unnest($texts) as text", {"texts": texts})
        taken = connection.execute(f"select text, {columns} from ({select.sql}) where is_clean").fetchall()
    for text, *values in taken:
        validation = validate_line(text)
        assert (validation.problems, validation.record_type) == ((), kind), text
        assert validation.values is not None
        for field, value in zip(kind.columns, values, strict=True):
            assert comparable(field, value) == comparable(field, validation.values[field.name]), text
    # The check is of no use if it leaves the ordinary records to the slow path.
    assert ordinary <= {text for text, *_ in taken}


def _is_text(line: str) -> bool:
    try:
        line.encode()
    except UnicodeEncodeError:
        return False
    return True


tokens = st.sampled_from([token for token in TOKENS if len(token) < 1000])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
any_token = tokens | json_values.map(json.dumps) | json_values.map(lambda value: json.dumps(value, ensure_ascii=False))


@st.composite
def random_lines(draw: st.DrawFn) -> str:
    """A record with some fields of any token, perhaps with a field twice, an unknown one, or a character changed."""
    kind = RECORD_TYPES[draw(st.sampled_from(list(RECORD_TYPES)))]
    names = st.sampled_from([field.name for field in kind.columns])
    good = {field.name: st.just(GOOD[field.type]) for field in kind.columns if not field.choices}
    fields = draw(st.fixed_dictionaries({}, optional=good))
    fields.update(draw(st.dictionaries(names, any_token, max_size=2)))
    pairs = [*fields.items(), *draw(st.lists(st.tuples(names | st.text(max_size=4), any_token), max_size=1))]
    line = record_line(kind, draw(st.permutations(pairs)))
    if draw(st.integers(0, 4)) == 0:
        place = draw(st.integers(0, len(line) - 1))
        line = line[:place] + draw(st.sampled_from(["", *'"{}[],:\\0 e'])) + line[place + draw(st.integers(0, 1)) :]
    return "".join(line.splitlines()) if "\n" in line or "\r" in line else line


@settings(max_examples=15, deadline=None)
@given(st.lists(random_lines(), min_size=1, max_size=60))
def test_random_lines_are_judged_alike(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    path = tmp_path_factory.mktemp("lines") / "records.ndjson"
    assert_loaded_as_judged(lines, path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("agent_goals.loading.at_once.AT_ONCE_BYTES", 0)
        patch.setattr("agent_goals.loading.at_once._SAMPLE_CLEAN", -1)
        assert_loaded_as_judged(lines, path, "goal")


def test_what_a_client_records_lands_and_lands_once(tmp_path: Path) -> None:
    with GoalClient(tmp_path, agent="support", rotate_bytes=2_000) as client:
        for number in range(30):
            client.goals.record(session_id=f"s-{number}", goal="resolved", value=number, threshold=15, metadata={"é": "\n"})
            client.costs.record(session_id=f"s-{number}", amount=Decimal("0.10"), currency="USD")
            client.costs.record(session_id=f"s-{number}", amount=Decimal("0.10"), currency="USD")
            client.values.record(session_id=f"s-{number}", amount="1e-3")
            client.sessions.record(session_id=f"s-{number}", started_at=datetime(2026, 1, 1))
            client.turns.record(session_id=f"s-{number}", turn_index=0, role="user", content="hello")
            client.flush()
    sources = [find_source(path) for path in finished_files(tmp_path)]
    assert len(sources) > 1
    with duckdb.connect() as connection:
        for _ in range(2):
            load(connection, sources)
            assert connection.execute("select count(*) from agent_goals_raw.rejected_records").fetchall() == [(0,)]
            assert connection.execute("select count(*), sum(amount) from agent_goals_raw.cost_events").fetchall() == [(60, 6)]
            for table in ("goal_events", "value_events", "sessions", "conversation_turns"):
                assert connection.execute(f"select count(*) from agent_goals_raw.{table}").fetchall() == [(30,)]
