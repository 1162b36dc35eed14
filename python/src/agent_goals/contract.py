"""The record contract: what a goal, cost, value, session or turn record may contain.

This module is the only place that states a field. Validation (vectorised in DuckDB and row by row in
Python), the raw tables' DDL, the JSON Schema and the dbt source documentation are all generated from it.

A field has one of these types:

========== ============================================ =====================================
type       accepted in a record                         stored as
========== ============================================ =====================================
string     a JSON string without NUL; empty is absent   text
boolean    ``true``/``false``, or those words as text   boolean
number     a finite number, or its decimal text         double
integer    a whole number, or its decimal text          64-bit integer
money      a finite number, or its decimal text         decimal(38, 18)
timestamp  RFC 3339 text; without an offset it is UTC   timestamp without zone, in UTC
object     a JSON object                                its JSON text
strings    a JSON array of strings                      its JSON text
========== ============================================ =====================================

A JSON ``null`` is the same as an absent field, and so is an empty text (``""``) in a field of any type.
Numbers and money must lie strictly between ``-NUMBER_LIMIT`` and ``NUMBER_LIMIT``.

The fine print, which every validator decides alike:

* A number as text matches ``NUMBER_PATTERN``. A JSON number is read as a double, and money takes that double's
  shortest decimal form; exact money is sent as text. Money is rounded to ``MONEY_SCALE`` places, halves away from zero,
  before its limit is checked. An integer is a number (read as a double, limit first) without a fraction: ``5.0`` is 5.
* Words for a boolean are read without regard to case. Choices are case-sensitive.
* A timestamp matches ``TIMESTAMP_PATTERN``, is a real date, and lies in the years 1 to 9999 once in UTC. Digits beyond
  microseconds are cut off. Text that is none of this is ``invalid_timestamp``; what is not text is ``wrong_type``.
* ``\\u0000`` anywhere in a field, nested or not, is ``invalid_text``. An unpaired surrogate escape, ``NaN`` or
  ``Infinity`` anywhere makes the record ``malformed_json``. Keys may repeat inside a nested object, not at the top.
* A record with several problems is rejected for the first: those of the whole record in the order of ``REASONS``,
  then its fields in the order of ``RecordType.columns``, then its rules in their order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

FieldType = Literal["string", "boolean", "number", "integer", "money", "timestamp", "object", "strings"]

#: Numbers and money at or beyond this magnitude are refused: no real cost, value or score is that
#: large, and sums of such numbers would no longer fit the marts' decimal type.
NUMBER_LIMIT = 10**12

#: Integers (tokens, turn numbers) at or beyond this magnitude are refused.
INTEGER_LIMIT = 10**15

#: Places after the decimal point that a landed money amount keeps.
MONEY_SCALE = 18

#: What the text of a number or of money matches in full (Python ``re`` and RE2 alike).
NUMBER_PATTERN = r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{1,3})?"

#: What a timestamp matches in full: RFC 3339 with ``T`` or a space, the offset optional, no leap second.
TIMESTAMP_PATTERN = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?"
    r"(Z|[-+]([01][0-9]|2[0-3]):[0-5][0-9])?"
)

#: Why a record may be rejected: each stable reason code and what it means. Those before missing_field concern the whole record.
REASONS = {
    "invalid_encoding": "the line is not UTF-8 text",
    "malformed_row": "a CSV row has more or fewer cells than the header",
    "malformed_json": "the line is not one JSON value",
    "not_an_object": "the line is JSON but not an object",
    "unknown_record_type": "nothing says which type of record it is, or no such type exists",
    "duplicate_field": "a field is there more than once",
    "unknown_field": "a field is not in the contract for this type of record",
    "missing_field": "a required field is absent, null or empty",
    "wrong_type": "a field has a value of another type than the contract's",
    "invalid_text": "a text holds a NUL character",
    "invalid_timestamp": "a text is not an RFC 3339 timestamp, or not a real date",
    "out_of_range": "a number is too large, or below its minimum",
    "not_a_choice": "a field with a fixed list of values has another one",
    "contradictory_verdict": "what the record says about the verdict cannot all be true",
    "missing_amount": "a cost can neither be booked nor priced",
}

ENVIRONMENT_DEFAULT = "production"
NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True)
class Field:
    """One field of a record, and one column of its raw table.

    Attributes:
        name: the field's name in a record and the column's name in the raw table.
        type: one of the contract's field types (see the module's table).
        description: one sentence, used in the JSON Schema and the dbt docs.
        required: whether a record without it is rejected.
        choices: the only values accepted, where the field is an enumeration.
        default: the value stored when the field is absent.
        minimum: the smallest number accepted, where there is one.
    """

    name: str
    type: FieldType
    description: str
    required: bool = False
    choices: tuple[str, ...] = ()
    default: str | None = None
    minimum: int | None = None


@dataclass(frozen=True)
class Rule:
    """A condition over several fields of one record.

    The two forms say the same thing and a property test shows that they agree: ``sql`` is a DuckDB
    expression over the record's typed columns, true when the record breaks the rule; ``broken_by`` is
    the same over a mapping of parsed values (absent fields are ``None``).

    Attributes:
        code: the stable reason code stored with a rejected record.
        message: a sentence that tells a person what to do.
        sql: DuckDB expression, true (not null) when the record is to be rejected.
        broken_by: the same as a Python predicate.
    """

    code: str
    message: str
    sql: str
    broken_by: Callable[[Mapping[str, Any]], bool]


@dataclass(frozen=True)
class RecordType:
    """One of the five kinds of record.

    Attributes:
        name: what the ``type`` field of a mixed file says, e.g. ``goal``.
        table: the raw table it lands in, e.g. ``goal_events``.
        description: one sentence that begins with the table's grain.
        fields: its own fields; the common ones come before them in ``columns``.
        rules: conditions over several fields.
    """

    name: str
    table: str
    description: str
    fields: tuple[Field, ...]
    rules: tuple[Rule, ...] = ()

    @property
    def columns(self) -> tuple[Field, ...]:
        """Every field a record of this type may have, the common ones first."""
        return COMMON_FIELDS + self.fields


def threshold_met(score: float, operator: str, threshold: float) -> bool:
    """Whether ``score operator threshold`` holds, for the operators of ``THRESHOLD_OPERATORS``.

    Raises:
        KeyError: when the operator is none of those.
    """
    return {
        ">=": score >= threshold,
        ">": score > threshold,
        "<=": score <= threshold,
        "<": score < threshold,
        "=": score == threshold,
    }[operator]


def _contradicts_threshold(record: Mapping[str, Any]) -> bool:
    score = record["score"] if record["score"] is not None else record["value"]
    if record["achieved"] is None or record["threshold"] is None or score is None:
        return False
    operator = record["threshold_operator"] or ">="
    return threshold_met(float(score), operator, float(record["threshold"])) is not record["achieved"]


THRESHOLD_OPERATORS = (">=", ">", "<=", "<", "=")
VERDICT_SOURCES = ("automatic", "human", "judge")
COST_TYPES = ("llm", "tool", "retrieval", "infrastructure", "human", "evaluation", "other")
VALUE_TYPES = ("revenue", "cost_saving", "time_saved", "retention", "other")

COMMON_FIELDS = (
    Field("event_id", "string", "Identifies the record: of one id the last loaded wins. Derived from the content when absent."),
    Field("session_id", "string", "The conversation or run that the record belongs to.", required=True),
    Field("occurred_at", "timestamp", "When it happened (RFC 3339; without an offset it is UTC).", required=True),
    Field("environment", "string", "Where it happened, e.g. production, staging or evaluation.", default=ENVIRONMENT_DEFAULT),
    Field("metadata", "object", "Anything else worth keeping, as a JSON object."),
)

#: What the loader adds to every row.
LOAD_FIELDS = (
    Field(
        "loaded_at", "timestamp", "When the record's batch was written, in UTC; later batches have later times.", required=True
    ),
    Field("batch_id", "string", "The load batch that wrote the row.", required=True),
)

CURRENCY = Field("currency", "string", "ISO 4217 code of the amount's currency; the default currency when absent.")
AGENT = Field("agent", "string", "The agent that acted.")

_ASSIGNMENT = (
    Field("experiment", "string", "The experiment that the session or customer takes part in."),
    Field("variant", "string", "The variant of the experiment that was served."),
)

GOAL = RecordType(
    "goal",
    "goal_events",
    "One row per landed goal event: one recorded verdict on one goal in one session.",
    (
        Field("goal", "string", "The goal's name, e.g. issue_resolved.", required=True),
        Field("achieved", "boolean", "Whether the goal was achieved; may be left out where score and threshold decide."),
        Field("value", "money", "A score when a threshold is sent and no score, else the money that the goal is worth."),
        Field("threshold", "number", "What the score is compared with."),
        Field(
            "threshold_operator", "string", "How score and threshold are compared; >= when absent.", choices=THRESHOLD_OPERATORS
        ),
        Field("score", "number", "The score of the verdict."),
        Field("expected_value", "money", "The money that the goal would be worth if it were achieved."),
        Field("parent_goal", "string", "The goal that this one is a part of, in this session."),
        Field("sub_goals_achieved", "strings", "Names of the sub-goals that were achieved."),
        Field("verdict_source", "string", "Who said so.", choices=VERDICT_SOURCES, default="automatic"),
        Field("evaluator", "string", "The name of the check, person's role or judge that gave the verdict."),
        Field("evaluator_version", "string", "The evaluator's version."),
        Field("label", "string", "The verdict in the evaluator's words; not_applicable says that there was nothing to judge."),
        Field("reason", "string", "Why the verdict is what it is."),
        CURRENCY,
        Field("time_to_goal_seconds", "number", "Seconds from the session's start until the goal was achieved."),
        AGENT,
        Field("customer_id", "string", "The customer that the session served."),
        *_ASSIGNMENT,
    ),
    (
        Rule(
            "contradictory_verdict",
            "achieved says one thing and the score against the threshold another: correct one of them, or leave achieved out.",
            """case when threshold is not null
            then achieved <> case coalesce(threshold_operator, '>=')
                when '>=' then coalesce(score, cast(value as double)) >= threshold
                when '>' then coalesce(score, cast(value as double)) > threshold
                when '<=' then coalesce(score, cast(value as double)) <= threshold
                when '<' then coalesce(score, cast(value as double)) < threshold
                else coalesce(score, cast(value as double)) = threshold end
            end""",
            _contradicts_threshold,
        ),
        Rule(
            "contradictory_verdict",
            "label says not_applicable but achieved is sent as well: leave achieved out, or change the label.",
            f"achieved is not null and label = '{NOT_APPLICABLE}'",
            lambda record: record["achieved"] is not None and record["label"] == NOT_APPLICABLE,
        ),
    ),
)

COST = RecordType(
    "cost",
    "cost_events",
    "One row per landed cost event: one thing that was paid for in one session.",
    (
        Field("amount", "money", "What it cost; when absent the tokens are priced."),
        CURRENCY,
        Field("cost_type", "string", "What kind of cost it is.", choices=COST_TYPES, default="other"),
        Field("provider", "string", "Who serves the model, e.g. openai."),
        Field("model", "string", "The model that was called."),
        Field("input_tokens", "integer", "Tokens read, cached ones included.", minimum=0),
        Field("cache_read_tokens", "integer", "Of the input tokens, those read from a cache.", minimum=0),
        Field("cache_write_tokens", "integer", "Of the input tokens, those written to a cache.", minimum=0),
        Field("output_tokens", "integer", "Tokens written, reasoning included.", minimum=0),
        Field("reasoning_tokens", "integer", "Of the output tokens, those spent on reasoning.", minimum=0),
        Field("latency_ms", "number", "How long the call took, in milliseconds.", minimum=0),
        Field("goal", "string", "The goal that this cost is for; the session's leaf goals share it when absent."),
        Field("trace_id", "string", "The OpenTelemetry trace that the cost belongs to."),
        Field("span_id", "string", "The OpenTelemetry span that the cost belongs to."),
        AGENT,
    ),
    (
        Rule(
            "missing_amount",
            "a cost needs an amount, or a model whose tokens can be priced: send one of them.",
            "amount is null and model is null",
            lambda record: record["amount"] is None and record["model"] is None,
        ),
    ),
)

VALUE = RecordType(
    "value",
    "value_events",
    "One row per landed value event: money that a session brought in or saved.",
    (
        Field("amount", "money", "What it is worth.", required=True),
        CURRENCY,
        Field("value_type", "string", "What kind of value it is.", choices=VALUE_TYPES, default="other"),
        Field("goal", "string", "The goal that brought the value; the session's achieved leaf goals share it when absent."),
    ),
)

SESSION = RecordType(
    "session",
    "sessions",
    "One row per landed session record: what is known about a session as a whole.",
    (
        AGENT,
        Field("agent_version", "string", "The agent's version."),
        Field("customer_id", "string", "The customer that the session served."),
        Field("customer_segment", "string", "The customer's segment or tier."),
        Field("channel", "string", "Where the session took place, e.g. web or phone."),
        Field("started_at", "timestamp", "When the session began."),
        Field("ended_at", "timestamp", "When the session ended."),
        Field("model", "string", "The model that served the session."),
        *_ASSIGNMENT,
    ),
)

TURN = RecordType(
    "turn",
    "conversation_turns",
    "One row per landed turn: one message or tool call of a session.",
    (
        Field("turn_index", "integer", "The turn's place in its session, from 0.", required=True, minimum=0),
        Field("role", "string", "Who spoke: user, assistant, tool or system.", required=True),
        Field("content", "string", "What was said."),
        Field("tool_name", "string", "The tool that was called or that answered."),
        Field("tool_call", "object", "The tool call's arguments."),
    ),
)

RECORD_TYPES: dict[str, RecordType] = {record.name: record for record in (GOAL, COST, VALUE, SESSION, TURN)}
