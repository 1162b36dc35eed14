"""What the recording calls take, for editors and type checkers.

The contract states the fields; these types repeat their names because a type checker cannot compute them. A test holds
the two equal, in names, types and what is required.
"""

# No "from __future__ import annotations" here: as mere text, Required would not be seen at run time.

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Required, TypedDict

#: A whole number, or its decimal text.
Integer = int | str
#: A number, or its decimal text.
Number = float | Decimal | str
#: An amount of money; a ``Decimal`` or a decimal text is kept exactly.
Money = Decimal | float | str
#: A moment; without an offset it is UTC.
Timestamp = datetime | str


class CommonFields(TypedDict, total=False):
    """The fields of every record."""

    event_id: str | None
    session_id: Required[str]
    occurred_at: Timestamp | None
    environment: str | None
    metadata: Mapping[str, Any] | None


class GoalFields(CommonFields, total=False):
    """The fields of a goal record."""

    goal: Required[str]
    achieved: bool | None
    value: Money | None
    threshold: Number | None
    threshold_operator: str | None
    score: Number | None
    expected_value: Money | None
    parent_goal: str | None
    sub_goals_achieved: Sequence[str] | None
    verdict_source: str | None
    evaluator: str | None
    evaluator_version: str | None
    label: str | None
    reason: str | None
    currency: str | None
    time_to_goal_seconds: Number | None
    agent: str | None
    customer_id: str | None
    experiment: str | None
    variant: str | None


class CostFields(CommonFields, total=False):
    """The fields of a cost record."""

    amount: Money | None
    currency: str | None
    cost_type: str | None
    provider: str | None
    model: str | None
    input_tokens: Integer | None
    cache_read_tokens: Integer | None
    cache_write_tokens: Integer | None
    output_tokens: Integer | None
    reasoning_tokens: Integer | None
    latency_ms: Number | None
    goal: str | None
    trace_id: str | None
    span_id: str | None
    agent: str | None


class ValueFields(CommonFields, total=False):
    """The fields of a value record."""

    amount: Required[Money]
    currency: str | None
    value_type: str | None
    goal: str | None


class SessionFields(CommonFields, total=False):
    """The fields of a session record."""

    agent: str | None
    agent_version: str | None
    customer_id: str | None
    customer_segment: str | None
    channel: str | None
    started_at: Timestamp | None
    ended_at: Timestamp | None
    model: str | None
    experiment: str | None
    variant: str | None


class TurnFields(CommonFields, total=False):
    """The fields of a turn record."""

    turn_index: Required[Integer]
    role: Required[str]
    content: str | None
    tool_name: str | None
    tool_call: Mapping[str, Any] | None


class DefaultFields(TypedDict, total=False):
    """What a client may be told once: it goes into every record of a type that has the field and was not given it."""

    environment: str | None
    agent: str | None
    agent_version: str | None
    channel: str | None
    currency: str | None
    customer_id: str | None
    customer_segment: str | None
    evaluator: str | None
    evaluator_version: str | None
    experiment: str | None
    variant: str | None
