"""Row-by-row validation: every reason code, its message, and the values read."""

from __future__ import annotations

import json
import math
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_goals.contract import INTEGER_LIMIT, NUMBER_LIMIT, REASONS, RECORD_TYPES
from agent_goals.validate import Validation, validate, validate_line

GOAL = {"type": "goal", "session_id": "s-1", "occurred_at": "2026-01-31T09:30:00Z", "goal": "issue_resolved"}
COST = {"type": "cost", "session_id": "s-1", "occurred_at": "2026-01-31T09:30:00Z", "amount": 1}
VALUE = {"type": "value", "session_id": "s-1", "occurred_at": "2026-01-31T09:30:00Z", "amount": 1}
TURN = {"type": "turn", "session_id": "s-1", "occurred_at": "2026-01-31T09:30:00Z", "turn_index": 0, "role": "user"}


def values_of(validation: Validation) -> Any:
    assert validation.problems == ()
    assert validation.accepted
    assert validation.values is not None
    return validation.values


def reason(validation: Validation) -> str:
    assert not validation.accepted
    assert validation.values is None
    assert {problem.code for problem in validation.problems} <= set(REASONS)
    assert all(problem.message.endswith((".", "?")) for problem in validation.problems)
    return validation.problems[0].code


def test_every_column_has_a_value_and_defaults_are_filled_in() -> None:
    for kind, record in (("goal", GOAL), ("cost", COST), ("value", VALUE), ("turn", TURN)):
        values = values_of(validate(record))
        assert list(values) == [field.name for field in RECORD_TYPES[kind].columns]
        assert values["environment"] == "production"
    assert values_of(validate(GOAL))["verdict_source"] == "automatic"


def test_the_records_own_type_wins_over_the_given_one() -> None:
    assert validate(GOAL, "cost").record_type is RECORD_TYPES["goal"]
    assert validate({**GOAL, "type": None}, "goal").accepted


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b'{"goal": "\xff"}', "invalid_encoding"),
        (b'{"goal": "\xed\xa0\x80"}', "invalid_encoding"),
        ("", "malformed_json"),
        ("{", "malformed_json"),
        ('{"type": "goal"} x', "malformed_json"),
        ('{"type": "goal",}', "malformed_json"),
        ('{"type": "goal", "value": NaN}', "malformed_json"),
        ('{"type": "goal", "metadata": {"a": -Infinity}}', "malformed_json"),
        ('{"type": "goal", "goal": "\\ud800"}', "malformed_json"),
        ('{"type": "goal", "unknown": {"\\udfff": 1}}', "malformed_json"),
        ('{"type": "goal", "goal": "\t"}', "malformed_json"),
        ('{"type": "goal", "value": 01}', "malformed_json"),
        ("[" * 100_000, "malformed_json"),
        ("[1]", "not_an_object"),
        ("null", "not_an_object"),
        ('"goal"', "not_an_object"),
        ("{}", "unknown_record_type"),
        ('{"type": "goals"}', "unknown_record_type"),
        ('{"type": ["goal"]}', "unknown_record_type"),
        ('{"type": "goal", "goal": "a", "goal": "a"}', "duplicate_field"),
        ('{"type": "goal", "type": "goal"}', "duplicate_field"),
    ],
)
def test_a_line_that_is_no_record_says_why(line: str | bytes, code: str) -> None:
    assert reason(validate_line(line)) == code


def test_a_key_may_repeat_inside_an_object() -> None:
    line = json.dumps(GOAL)[:-1] + ', "metadata": {"a": 1, "a": 2}}'
    assert validate_line(line).accepted


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"acheived": True}, "unknown_field", "did you mean achieved?"),
        ({"Goal": "x"}, "unknown_field", "did you mean goal?"),
        ({"zzz": 1}, "unknown_field", "put it inside metadata"),
        ({"loaded_at": "2026-01-31T09:30:00Z"}, "unknown_field", "loaded_at is not a field of a goal record: put it inside"),
        ({"session_id": None}, "missing_field", "session_id is required"),
        ({"goal": ""}, "missing_field", "goal is required"),
        ({"session_id": 5}, "wrong_type", "session_id: found 5, but it accepts a text"),
        ({"achieved": "yes"}, "wrong_type", 'achieved: found "yes", but it accepts true or false'),
        ({"achieved": 1}, "wrong_type", "achieved: found 1"),
        ({"score": True}, "wrong_type", "score: found true"),
        ({"score": "1_000"}, "wrong_type", "score"),
        ({"score": " 1"}, "wrong_type", "score"),
        ({"score": "٣"}, "wrong_type", "score"),
        ({"score": "0x1"}, "wrong_type", "score"),
        ({"score": "nan"}, "wrong_type", "score"),
        ({"score": [1]}, "wrong_type", "score"),
        ({"metadata": "{}"}, "wrong_type", 'metadata: found "{}", but it accepts a JSON object'),
        ({"metadata": [1]}, "wrong_type", "metadata"),
        ({"sub_goals_achieved": "a"}, "wrong_type", "a JSON array of texts"),
        ({"sub_goals_achieved": ["a", 1]}, "wrong_type", "sub_goals_achieved"),
        ({"occurred_at": 1_700_000_000}, "wrong_type", "RFC 3339"),
        ({"goal": "a\0b"}, "invalid_text", "NUL"),
        ({"metadata": {"a": ["\0"]}}, "invalid_text", "metadata"),
        ({"metadata": {"\0": 1}}, "invalid_text", "metadata"),
        ({"sub_goals_achieved": ["\0"]}, "invalid_text", "sub_goals_achieved"),
        ({"score": NUMBER_LIMIT}, "out_of_range", "1000000000000"),
        ({"score": -float(NUMBER_LIMIT)}, "out_of_range", "score"),
        ({"score": 10**400}, "out_of_range", "score"),
        ({"score": "1e999"}, "out_of_range", "score"),
        ({"value": "999999999999.9999999999999999999"}, "out_of_range", "value"),
        ({"value": "9" * 5000}, "out_of_range", "value"),
        ({"verdict_source": "derived"}, "not_a_choice", "one of automatic, human, judge"),
        ({"verdict_source": "Human"}, "not_a_choice", "verdict_source"),
        ({"threshold_operator": "=="}, "not_a_choice", ">=, >, <=, <, ="),
        ({"achieved": False, "value": 85, "threshold": 70}, "contradictory_verdict", "leave achieved out"),
        ({"achieved": True, "label": "not_applicable"}, "contradictory_verdict", "not_applicable"),
        ({"goal": "\ud800"}, "malformed_json", "surrogate"),
        ({"metadata": {"a": "\ud800"}}, "malformed_json", "surrogate"),
        ({"score": math.nan}, "malformed_json", "score"),
        ({"metadata": {"a": math.inf}}, "malformed_json", "metadata"),
        ({"metadata": {"a": {1, 2}}}, "wrong_type", "metadata"),
    ],
)
def test_a_goal_with_a_wrong_field_says_what_and_what_instead(change: dict[str, Any], code: str, words: str) -> None:
    validation = validate({**GOAL, **change})
    assert reason(validation) == code
    assert words in validation.problems[0].message


@pytest.mark.parametrize("change", [{"amount": None}, {"amount": ""}, {"amount": None, "input_tokens": 5}])
def test_a_cost_needs_an_amount_or_a_model(change: dict[str, Any]) -> None:
    assert reason(validate({**COST, **change})) == "missing_amount"
    assert validate({**COST, **change, "model": "m"}).accepted


def test_counts_are_whole_and_not_negative() -> None:
    def tokens(value: object) -> Validation:
        return validate({**COST, "input_tokens": value})

    for whole in (5, 5.0, "5", "5.0", "5e0", "+5"):
        assert values_of(tokens(whole))["input_tokens"] == 5
    assert values_of(tokens(INTEGER_LIMIT - 1))["input_tokens"] == INTEGER_LIMIT - 1
    assert reason(tokens(INTEGER_LIMIT)) == "out_of_range"
    assert reason(tokens(-1)) == "out_of_range"
    assert reason(tokens(1.5)) == "wrong_type"
    assert reason(tokens("5 tokens")) == "wrong_type"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-31T09:30:00Z", datetime(2026, 1, 31, 9, 30)),
        ("2026-01-31 09:30:00", datetime(2026, 1, 31, 9, 30)),
        ("2026-01-31T09:30:00+02:00", datetime(2026, 1, 31, 7, 30)),
        ("2026-01-31T09:30:00.1-00:30", datetime(2026, 1, 31, 10, 0, 0, 100_000)),
        ("2026-01-31T09:30:00.123456999Z", datetime(2026, 1, 31, 9, 30, 0, 123_456)),
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1)),
        ("9999-12-31T23:59:59.9999999Z", datetime(9999, 12, 31, 23, 59, 59, 999_999)),
    ],
)
def test_a_timestamp_is_read_in_utc_and_cut_at_microseconds(text: str, moment: datetime) -> None:
    assert values_of(validate({**GOAL, "occurred_at": text}))["occurred_at"] == moment


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-31",
        "2026-02-29T00:00:00Z",
        "2026-01-31T24:00:00Z",
        "2026-01-31T23:59:60Z",
        "2026-01-31t09:30:00z",
        "2026-01-31T09:30Z",
        "2026-01-31T09:30:00+0200",
        "2026-01-31T09:30:00+24:00",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "2026-01-31T09:30:00Z\n",
        "yesterday",
    ],
)
def test_what_is_not_an_rfc_3339_timestamp_is_refused(text: str) -> None:
    assert reason(validate({**GOAL, "occurred_at": text})) == "invalid_timestamp"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (0.1, "0.1"),
        ("0.1", "0.1"),
        ("0.1234567890123456785", "0.123456789012345679"),
        ("-0.0000000000000000005", "-0.000000000000000001"),
        ("0.0000000000000000004999", "0"),
        ("1e-400", "0"),
        ("1.5e3", "1500"),
        ("999999999999.999999999999999999", "999999999999.999999999999999999"),
        ("." + "3" * 2000, "0." + "3" * 18),
    ],
)
def test_money_is_exact_to_eighteen_places(sent: object, kept: str) -> None:
    assert values_of(validate({**VALUE, "amount": sent}))["amount"] == Decimal(kept)


def test_words_for_a_boolean_may_be_in_any_case() -> None:
    assert values_of(validate({**GOAL, "achieved": "True"}))["achieved"] is True
    assert values_of(validate({**GOAL, "achieved": "false"}))["achieved"] is False


def test_objects_and_lists_are_kept_as_their_text() -> None:
    values = values_of(validate({**GOAL, "metadata": {"a": [1, "é", "\\u0000"]}, "sub_goals_achieved": ["x", ""]}))
    assert values["metadata"] == '{"a":[1,"é","\\\\u0000"]}'
    assert values["sub_goals_achieved"] == '["x",""]'


def test_all_problems_are_told_and_the_whole_records_come_first() -> None:
    line = '{"type":"goal","session_id":"","score":"x","score":"x","Score":1}'
    codes = [problem.code for problem in validate_line(line).problems]
    assert codes == ["duplicate_field", "unknown_field", "missing_field", "missing_field", "missing_field", "wrong_type"]


def test_a_huge_value_is_not_repeated_in_its_message() -> None:
    assert len(validate({**GOAL, "achieved": "x" * 10**7}).problems[0].message) < 200


hostile = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.characters(categories=["Cs", "Cc"]) | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from([field.name for kind in RECORD_TYPES.values() for field in kind.columns]) | st.text(max_size=8)


@given(st.dictionaries(names, hostile), st.sampled_from([*RECORD_TYPES, None, "x"]))
def test_any_mapping_gets_values_or_known_reasons(record: dict[str, Any], kind: str | None) -> None:
    validation = validate(record, kind)
    assert validation.accepted is (validation.values is not None)
    assert {problem.code for problem in validation.problems} <= set(REASONS)


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_any_line_gets_values_or_known_reasons(line: bytes | str) -> None:
    validation = validate_line(line, "goal")
    assert validation.accepted is (validation.values is not None)
    assert {problem.code for problem in validation.problems} <= set(REASONS)
