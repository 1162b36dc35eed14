"""Records, definitions, rates and prices that engines may well read differently.

Text that sorts, folds or trims in different ways; decimals and doubles at their limits; moments at the edges of days and
of daylight saving; ties wherever an order decides; metadata that is no number where one was expected. Beside them stand
random records, whose marts on DuckDB other tests compare with a second implementation of the rules.
"""

# Names that look alike are what this is about, and its lists read better in long lines.
# ruff: noqa: E501, RUF001

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import random_records
from agent_goals.contract import RECORD_TYPES
from random_records import FINE_AMOUNTS, FINE_SCORES
from reference import Row

SETTINGS = {
    "timezone": "America/New_York",
    "cost_allocation": "weight",
    "environments": ["production", "staging", "it's \\ odd", FINE_AMOUNTS, FINE_SCORES],
    "funnel_period": "week",
    "max_goal_depth": 4,
}

#: Names in no order: each differs from another only by case, accent, width, direction, blanks or plane.
NAMES = (
    "goal", "Goal", "GOAL", "goal ", " goal", "goal\t", "göal", "go\u0308al", "ｇｏａｌ", "goal\u200b", "goal\u00a0",
    "straße", "STRASSE", "strasse", "ﬀ", "ff", "İstanbul", "istanbul", "ıstanbul", "ISTANBUL", "ΟΔΟΣ", "οδος", "οδός", "οδοσ",
    "\u212a", "k", "K", "\u212b", "å", "Å", "ǆ", "ǅ", "שלום", "مرحبا", "\u202elaog", "é", "e", "f", "z", "Z", "a", "B", "_", "-", "10", "9",
    "😀", "\uff5a", "\ue000", "\ufffd", "\U0010ffff", "👩\u200d👩\u200d👧", "👩", "❤", "❤\ufe0f", "ด", "ä", "ａ", "null", "NULL", "None", "true",
    "select * from goal_events; --", "'; drop table goal_events; --", '"', "''", "back\\slash", "\\N", "\\.", "line\nbreak", "\r\n",
    "%", "{{ ref('x') }}", "${x}", "a,b", "a, b", " ", "  ", "$", "*", "0", "x" * 2000,
)  # fmt: skip

#: The largest and smallest amounts that a record may have, and those that lie between two that can be told apart.
AMOUNTS = (
    "999999999999.9999999999", "-999999999999.9999999999", "999999999999.999999999949999999", "0.0000000001", "-0.0000000001",
    "0.00000000005", "-0.00000000005", "0.000000000049999999", "-0.000000000049999999", "0.00000000015", "0.000000000000000001",
    "0", "-0", "0.1", "0.3333333333", "1e-7", "1.10", "100", "123456789012.0123456789", "0.99999999995",
)  # fmt: skip

#: Doubles whose text, digits or products engines may make differently.
DOUBLES = (
    0, -0.0, 0.1, 0.30000000000000004, 1 / 3, 2 / 3, 1e-7, 1e-10, 5e-11, 4.9e-11, 1.5e-10, 5e-324, 1.7976931348623157e-300, 69.99999999999999,
    70, 9876543.21, 123456.78901234567, 123456789012.3456, 99999999999.99998, 999999999999.9999, -123456789.123456789, 1e11, 8.5e-5,
    2.675, 1.005, 1234567.1, 0.12345678905, 0.12345678915,
)  # fmt: skip

#: Midnights, hours that a clock skips or repeats, and moments that calendars count differently.
MOMENTS = (
    "2026-03-08T04:59:59.999999Z", "2026-03-08T05:00:00Z", "2026-03-08T06:59:59.999999Z", "2026-03-08T07:00:00Z",
    "2026-03-08T02:30:00", "2026-03-08T02:30:00-05:00", "2026-03-09T03:59:59.999999Z", "2026-03-09T04:00:00Z",
    "2026-11-01T04:00:00Z", "2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z", "2026-11-01T01:30:00-04:00", "2026-11-01T01:30:00-05:00",
    "2026-11-02T04:59:59.999999Z", "2026-11-02T05:00:00Z", "2026-01-01T04:59:59.999999Z", "2026-01-01T05:00:00Z",
    "2025-12-31T23:59:59.999999+05:45", "2026-01-01T00:00:00+05:45", "2025-12-31T18:15:00Z", "2026-01-05T04:59:59Z",
    "2024-02-29T23:59:59.123456Z", "2024-02-29T12:00:00.1234567891Z", "2026-03-29T01:30:00", "2026-10-25T01:30:00+02:00",
    "1970-01-01T00:00:00Z", "1969-12-31T23:59:59.999999Z", "1900-01-01T00:00:00Z", "1883-11-18T17:00:00Z", "1883-11-17T04:56:01Z",
    "1883-11-17T04:56:02Z", "1582-10-15T00:00:00Z", "1582-10-10T12:00:00Z", "1582-10-04T12:00:00Z", "1000-02-28T12:00:00Z",
    "0004-02-29T00:00:00Z", "0001-01-02T00:00:00Z", "2038-01-19T03:14:08Z", "2262-04-11T23:47:16.854776Z", "9999-12-31T23:59:58Z",
    "9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999999Z", "1986-01-01T00:00:00+05:30", "1986-01-01T00:00:00+05:45",
)  # fmt: skip

#: What metadata says where a number, a truth or a name was expected.
WORDS = (
    "", " ", "5", " 5", "5 ", "5\n", "5.", ".5", "+5", "-5", "05", "5e0", "5E+1", "1e-7", "5e", "0x5", "٥", "５", "5,0", "NaN", "Infinity",
    "999999999999.9999999999", "1e11", "1e12", "1e99", "1e999", "123456789012345678", "1234567890123456789", "0." + "0" * 400 + "1",
    "0.12345678905", "9876543.21", "true", "TRUE", "tRuE", "true ", "yes", "null", "ＴＲＵＥ", "a.b", "'", '"', "\\",
)  # fmt: skip
NUMBERS_AND_OTHERS: tuple[Any, ...] = (
    None, True, False, 0, -1, 3, 10**14, 10**15, 10**17, 10**20, 2.5, 0.1, 2.9999999999999996, 1e-7, 1e17, 123456789.123456789, [], [5], {}, {"a": 5},
)  # fmt: skip

#: Keys that a rule may look at.
KEYS = ("stars", "a.b", "it's", 'a"b', "a/b", "a~1b", "ключ", "😀", " ", "0", "*", "$", "a\\b", "[0]", "Stars", "{{ x }}", "?")

#: Texts of JSON objects: as they are sent, blanks and escapes included.
OBJECTS = (
    '{ "agent" : "\\u0061\\ud83d\\ude00" , "experiment" : "e" , "variant" : "v" }',
    '{"\\u0061gent": "by an escaped key", "nested": {"agent": "inner"}}',
    '{"agent": null, "variant": ""}',
    '{"nested": {"agent": "inner", "attempts": 7}, "list": [{"agent": "listed"}]}',
    '{"agent": "a\\"b\\\\c\\/d\\n\\t", "": "no key", "Agent": "other key"}',
    '{"attempts": 4, "escalated": true, "customer_satisfaction": 4.50, "time_to_resolution_seconds": 1.5e1}',
    '{"attempts": "4", "escalated": "TRUE", "customer_satisfaction": "4.50", "time_to_resolution_seconds": "1.5e1"}',
    '{"agent": 1.50, "experiment": true, "variant": 1e3}',
    '{"agent": {"a" : [ 1, 2.0 ]}, "experiment": [], "variant": "x"}',
    "{ }",
)


def loads() -> list[list[Row | str]]:
    """The records of two loads; the second one has some of the first's again, as they were or with other content."""
    first, second = random_records.two_loads(seed=20261122, count_sessions=120)
    mine = list(numbered(records()))
    again = [record | {"occurred_at": MOMENTS[0]} for record in mine[::17]]
    return [[*first, *mine, *written_out()], [*second, *again]]


def numbered(found: Iterator[Row]) -> Iterator[Row]:
    """Each record with an id, of what its type may say; where ids decide a tie, their order is not that of the records."""
    for number, record in enumerate(found):
        known = {"type", *(field.name for field in RECORD_TYPES[record["type"]].columns)}
        yield {"event_id": f"{NAMES[number % len(NAMES)]}/{number}", **{name: record[name] for name in record if name in known}}


def records() -> Iterator[Row]:
    yield from names()
    yield from amounts()
    yield from doubles()
    yield from moments()
    yield from words()
    yield from prices_met()


def names() -> Iterator[Row]:
    """Every name as whatever has a name, at one instant, so that nothing but names decides what comes first."""
    common: Row = {"occurred_at": "2026-02-02T12:00:00Z"}
    for number, name in enumerate(NAMES):
        near = [NAMES[(number + step) % len(NAMES)] for step in (1, 2, 3)]
        here = {**common, "session_id": name, "environment": ("production", "staging", "it's \\ odd")[number % 3]}
        called = {"agent": name, "customer_id": near[0], "experiment": near[1], "variant": near[2]}
        yield {
            "type": "session",
            **here,
            **called,
            "customer_segment": name,
            "channel": name,
            "model": name,
            "agent_version": name,
        }
        # An order of names decides who takes what is left of a split, and which parent stands.
        for goal in (name, *near):
            yield {"type": "goal", **here, "goal": goal, "achieved": True, "evaluator": goal, "label": goal, "reason": near[0]}
        yield {"type": "goal", **here, "goal": name, "parent_goal": near[0], "achieved": True, "evaluator": near[1]}
        yield {"type": "goal", **here, "goal": name, "parent_goal": near[1], "achieved": False, "evaluator": near[2]}
        yield {
            "type": "goal",
            **here,
            "goal": near[2],
            "verdict_source": "human",
            "sub_goals_achieved": [f"part of {name}", "part", *near],
        }
        yield {"type": "goal", **here, "goal": near[1], "verdict_source": "judge", "sub_goals_achieved": ["part"]}
        yield {
            "type": "cost",
            **here,
            "amount": "0.0000000007",
            "cost_type": "llm",
            "model": near[0],
            "agent": near[1],
            "provider": name,
        }
        yield {"type": "cost", **here, "amount": "0.0000000007", "cost_type": "llm", "model": near[1], "agent": near[2]}
        yield {"type": "cost", **here, "amount": "1", "currency": ("eur", "EuR", "eur ", "ﬀ", name)[number % 5], "goal": near[0]}
        yield {"type": "value", **here, "amount": "0.0000000005"}
        yield {"type": "value", **here, "amount": "-0.0000000005"}
        yield {
            "type": "turn",
            **here,
            "turn_index": number,
            "role": name if number % 2 else "user",
            "content": name,
            "tool_call": {name: name},
        }
    # Sessions that only costs speak of: the dearer model's name, and of equally dear ones the first, is theirs.
    for number, name in enumerate(NAMES):
        here = {**common, "session_id": f"models {number // 2}"}
        yield {"type": "cost", **here, "amount": "1", "cost_type": "llm", "model": name, "agent": name}
        yield {"type": "cost", **here, "amount": "1", "cost_type": "llm", "model": name, "agent": NAMES[-number]}
    # Attempts at composites whose steps take equally long.
    for number in range(12):
        here = {
            "occurred_at": f"2026-02-0{1 + number % 8}T00:00:00Z",
            "session_id": f"steps {number}",
            "agent": NAMES[number % 2],
        }
        yield {"type": "goal", **here, "goal": "journey", "achieved": number % 3 == 0, "customer_id": f"c{number % 2}"}
        for step in NAMES[number % 4 : 24 : 2]:
            yield {"type": "goal", **here, "goal": step, "parent_goal": "journey", "achieved": number % 5 > 1}
        for step in NAMES[24 + number % 5 : 40]:
            yield {"type": "goal", **here, "goal": step, "achieved": number % 4 > 0}


def amounts() -> Iterator[Row]:
    """Every amount as every kind of money, alone and with the others, split and converted."""
    for number, amount in enumerate(AMOUNTS):
        for session in (f"amount {number}", "amounts"):
            here = {"session_id": session, "occurred_at": f"2026-02-03T12:00:{number:02}Z"}
            currency = {"currency": ("USD", "EUR", "VND", "XXX")[number % 4]} if number % 2 else {}
            for goal in ("amount one", "amount two", "amount three"):
                yield {"type": "goal", **here, "goal": goal, "achieved": True}
            yield {"type": "goal", **here, "goal": f"worth {number}", "achieved": number % 3 > 0, "value": amount, **currency}
            yield {"type": "goal", **here, "goal": f"hoped {number}", "achieved": False, "expected_value": amount, **currency}
            yield {"type": "goal", **here, "goal": "scored in money", "value": amount, "threshold": "0.0000000001"}
            yield {
                "type": "cost",
                **here,
                "amount": amount,
                "cost_type": ("llm", "tool", "human", "evaluation")[number % 4],
                **currency,
            }
            yield {"type": "cost", **here, "amount": amount, "goal": "amount two", **currency}
            yield {"type": "value", **here, "amount": amount, **currency}


def doubles() -> Iterator[Row]:
    """Every double as a score against its neighbours, as a time and as metadata."""
    for number, double in enumerate(DOUBLES):
        here = {"session_id": f"double {number}", "occurred_at": f"2026-02-04T12:00:{number:02}Z", "agent": "scored"}
        threshold = DOUBLES[(number + 1) % len(DOUBLES)]
        operator = (">=", ">", "<=", "<", "=")[number % 5]
        sent: Row = {"threshold": threshold, "threshold_operator": operator}
        yield {"type": "goal", **here, "goal": "score", "score": double, **sent}
        yield {"type": "goal", **here, "goal": "same", "score": double, "threshold": double, "threshold_operator": operator}
        yield {"type": "goal", **here, "goal": "defined score", "value": double, "metadata": {"stars": double, "uses": double}}
        yield {"type": "goal", **here, "goal": "timed", "achieved": True, "time_to_goal_seconds": double}
        told = {"time_to_resolution_seconds": double, "customer_satisfaction": double}
        yield {"type": "goal", **here, "goal": "timed by metadata", "achieved": True, "metadata": told}
        yield {"type": "cost", **here, "amount": abs(double), "latency_ms": abs(double)}


def moments() -> Iterator[Row]:
    """Sessions that begin and end at every moment, with verdicts at it and at the next one."""
    for number, moment in enumerate(MOMENTS):
        later = MOMENTS[(number + 1) % len(MOMENTS)]
        here = {"session_id": f"moment {number}", "occurred_at": moment, "customer_id": "traveller", "agent": "clock"}
        if number % 3:
            yield {"type": "session", **here, "started_at": moment, "ended_at": later}
        yield {"type": "goal", **here, "goal": "visit", "achieved": True, "metadata": {"uses": number}}
        yield {"type": "goal", **here, "goal": "dated", "score": number, "occurred_at": later}
        yield {"type": "goal", **here, "goal": "moment", "achieved": number % 2 == 0}
        yield {"type": "goal", **here, "goal": "first", "parent_goal": "moment", "achieved": True, "occurred_at": later}
        yield {"type": "cost", **here, "amount": "1", "currency": "EUR"}
        yield {"type": "cost", **here, "model": "hourly", "provider": "acme", "input_tokens": 1000 * number, "output_tokens": 1}
        yield {"type": "value", **here, "amount": "1", "currency": "VND", "occurred_at": later}
        yield {"type": "turn", **here, "turn_index": 0, "role": "user"}


def words() -> Iterator[Row]:
    """Metadata that is no number, or a strange one, under every key that is looked at."""
    read = ("time_to_resolution_seconds", "resolution_time_seconds", "attempts", "interaction_count", "customer_satisfaction")
    for number, word in enumerate([*WORDS, *NUMBERS_AND_OTHERS]):
        here = {"session_id": f"word {number}", "occurred_at": "2026-02-05T12:00:00Z", "agent": "wordy"}
        told = {name: word for name in read[number % 2 :]} | {"escalated": word, "escalated_to_human": True}
        yield {"type": "goal", **here, "goal": "worded", "achieved": True, "metadata": told}
        yield {"type": "goal", **here, "goal": "keyed", "achieved": True, "metadata": dict.fromkeys(KEYS, word)}
        yield {"type": "session", **here, "metadata": {"anything": word}}
    for number, name in enumerate(NAMES):
        here = {"session_id": f"lifted {number}", "occurred_at": "2026-02-05T12:00:00Z"}
        yield {
            "type": "goal",
            **here,
            "goal": "lifted",
            "achieved": True,
            "metadata": {"agent": name, "experiment": name, "variant": name},
        }
        yield {"type": "goal", **here, "goal": "keyed", "achieved": True, "metadata": {KEYS[number % len(KEYS)]: number, name: 1}}


def prices_met() -> Iterator[Row]:
    """Costs that have tokens and no amount, of models by names that differ in little from those of the list."""
    called = [
        "kimi",
        "KIMI",
        "K\u0130MI",
        "\u212aimi",
        "k\u0131mi",
        "kimi ",
        " kimi",
        "kimi\n",
        "gpt-5",
        "GPT-5\n",
        "gpt-5\n",
        "gpt-50",
        "xgpt-5",
    ]
    called += [
        "acme/kimi",
        "ACME/Kimi",
        "/kimi",
        "kimi/",
        "ﬀ-large",
        "FF-large",
        "straße",
        "STRASSE",
        "free",
        "dear",
        "a\nb",
        "a\u2028b",
        "axb",
    ]
    for number, model in enumerate(called):
        for provider in (None, "acme", " ACME ", "litellm", "açme", "other"):
            here = {"session_id": f"priced {number}", "occurred_at": "2026-02-06T12:00:00Z", "cost_type": "llm", "model": model}
            tokens = {"input_tokens": 10**15 - 1 if model == "dear" else 1001, "output_tokens": 333, "cache_read_tokens": number}
            yield {"type": "cost", **here, "provider": provider, **tokens}


def written_out() -> Iterator[str]:
    """Goal records whose metadata is kept as it is written."""
    for number, text in enumerate(OBJECTS):
        here = f'"session_id": "written {number}", "occurred_at": "2026-02-07T12:00:00Z", "event_id": "written {number}"'
        yield f'{{"type": "goal", {here}, "goal": "written", "achieved": true, "metadata": {text}}}'


def definitions() -> list[Row]:
    """The definitions that the random records meet, and hostile ones."""
    mine: list[Row] = [
        {"goal": "journey", "expected_agents": "goal, Goal"},
        *({"goal": name, "parent_goal": "journey", "sequence": 1, "weight": "0.3333"} for name in NAMES[24:40]),
        {"goal": "defined score", "kind": "score", "threshold": "9876543.21", "threshold_operator": ">="},
        {"goal": "dated", "kind": "score", "threshold": "5", "valid_to": "2026-03-08T02:30:00-05:00"},
        {"goal": "dated", "kind": "score", "threshold": "10", "valid_from": "2026-03-08T07:30:00", "valid_to": "2026-11-01T06:30:00Z"},
        {"goal": "dated", "kind": "score", "threshold": "20", "valid_from": "2026-11-01T01:30:00-05:00"},
        {"goal": "dated", "kind": "score", "threshold": "30", "valid_from": "2026-11-02"},
        {"goal": "amount one", "weight": "99999999.9999", "value_per_achievement": "999999999999.9999999999"},
        {"goal": "amount two", "weight": "0.0001"},
        {"goal": "amount three", "weight": "33333.3333"},
        {"goal": "stays", "kind": "derived", "scope": "customer", "window_days": "30", "source_goal": "visit", "field": "uses", "threshold": "20"},
        *({"goal": f"key {key}", "kind": "derived", "source_goal": "keyed", "field": key, "threshold": "5"} for key in KEYS),
        {"goal": "uses", "kind": "derived", "source_goal": "defined score", "field": "uses", "threshold": "0.1"},
        {"goal": "close enough", "kind": "derived", "source_goal": "score", "field": "score", "threshold": "0.3"},
        {"goal": "soon", "kind": "derived", "source_goal": "timed", "field": "time_to_goal_seconds", "threshold": "70", "threshold_operator": "<"},
        {"goal": "widely expected", "expected_agents": ", ".join(name for name in NAMES if "," not in name)},
    ]  # fmt: skip
    return [*random_records.definitions(), *mine]


def rates() -> list[Row]:
    """The exchange rates that the random records meet."""
    return random_records.rates()


def prices() -> list[Row]:
    """A price list of its own: dear and cheap, by the hour and by the number of tokens, named in every way."""
    return [
        {
            "model": "kimi",
            "provider": "acme",
            "input_price": "0.1",
            "output_price": "0.00000000001",
            "cache_read_price": "0.33333333333",
        },
        {"model": "kimi", "input_price": "7", "output_price": "9", "match_order": "2"},
        {"model": "dear", "input_price": "999.99999999999", "output_price": "9999.99999999999"},
        {"model": "free", "input_price": "0", "output_price": "0"},
        {"model": "gpt", "match_kind": "regex", "match_text": "^gpt-[0-9]$", "input_price": "1.25", "output_price": "10"},
        {"model": "any", "match_kind": "regex", "match_text": "^a.b$", "input_price": "3", "output_price": "4"},
        {"model": "ﬀ", "match_kind": "starts_with", "match_text": "ﬀ", "input_price": "1", "output_price": "1"},
        {"model": "strasse", "match_kind": "contains", "match_text": "strass", "input_price": "2", "output_price": "2"},
        {"model": "hourly", "minute_from": "0", "minute_to": "420", "input_price": "1", "output_price": "1"},
        {"model": "hourly", "minute_from": "420", "minute_to": "1440", "input_price": "2", "output_price": "2"},
        {"model": "hourly", "valid_from": "2026-03-08T02:30:00-05:00", "input_price": "5", "output_price": "5"},
    ]
