"""Record goals, costs and values from inside an application.

    client = GoalClient(agent="support", environment="staging")
    client.goals.record(session_id="s-1", goal="issue_resolved", achieved=True)
    client.costs.record(session_id="s-1", amount=Decimal("0.18"), currency="USD")

Each call validates its record by the contract at once and hands it to a thread that appends it to a spool folder;
``agent-goals load`` takes the spool's finished files. No call waits for a disk, and none raises unless asked to.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from types import TracebackType
from typing import Any, ClassVar, Literal, Self, Unpack
from uuid import UUID

from agent_goals.arguments import (
    CostFields,
    DefaultFields,
    GoalFields,
    SessionFields,
    TurnFields,
    ValueFields,
)
from agent_goals.contract import COST, GOAL, SESSION, TURN, VALUE, RecordType
from agent_goals.spool import Spool, spool_folder
from agent_goals.validate import TYPE_FIELD, Problem, validate
from agent_goals.writer import Writer

logger = logging.getLogger("agent_goals")

#: The folder inside the spool where rejected records go.
REJECTS_FOLDER = "rejects"

_to_line = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


class InvalidRecord(ValueError):  # noqa: N818 - it reads as what it is: the record is invalid
    """A record that the contract does not accept, raised by a client with ``on_error="raise"``.

    Attributes:
        problems: everything that is wrong with it.
    """

    def __init__(self, record_type: str, problems: tuple[Problem, ...]) -> None:
        """Make the error from what validation found."""
        super().__init__(f"this {record_type} record is not accepted: " + " ".join(problem.message for problem in problems))
        self.problems = problems


class RecordLost(RuntimeError):  # noqa: N818 - as above
    """A record that could not be spooled, raised by a client with ``on_error="raise"``; the log says why."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a recorded event; true when it was accepted.

    Attributes:
        event_id: the record's identity; recording the same id again replaces the record.
        problems: why the record was rejected, the decisive reason first; empty when it was not.
        lost: whether it could not be kept at all: no room in the queue, or a disk that takes nothing.
    """

    event_id: str | None
    problems: tuple[Problem, ...] = ()
    lost: bool = False

    def __bool__(self) -> bool:
        """Whether the record is on its way into the spool."""
        return not self.problems and not self.lost


@dataclass(frozen=True, slots=True)
class Stats:
    """What became of a client's records in this process so far.

    Attributes:
        written: accepted, and appended to the spool.
        rejected: not accepted, and appended to the rejects.
        dropped: lost; each reason was logged.
    """

    written: int
    rejected: int
    dropped: int


def _describe(method: Callable[..., Any], kind: RecordType) -> None:
    """Give the method the signature and the argument documentation that the contract states."""
    parameters = [inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)]
    lines = [str(method.__doc__), "", "Args:"]
    for field in kind.columns:
        needed = field.required and field.name != "occurred_at"
        default = inspect.Parameter.empty if needed else None
        parameters.append(inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, default=default))
        choices = f" One of {', '.join(field.choices)}." if field.choices else ""
        lines.append(f"    {field.name}: {field.description}{choices}")
    lines += [
        "",
        "Returns:",
        "    A receipt that is true when the record was accepted, and names the problems when it was not.",
        "",
        "Raises:",
        '    InvalidRecord: when the record is not accepted, with ``on_error="raise"``.',
        '    RecordLost: when it could not be kept, with ``on_error="raise"``.',
    ]
    described = {"__doc__": "\n".join(lines), "__signature__": inspect.Signature(parameters)}
    for name, value in described.items():
        setattr(method, name, value)


class _Recorder:
    """Records events of one type; its methods' signature and documentation come from the contract."""

    kind: ClassVar[RecordType]

    def __init__(self, client: GoalClient) -> None:
        self._client = client
        self._defaults = {field.name: client.defaults[field.name] for field in self.kind.columns if field.name in client.defaults}

    def __init_subclass__(cls, *, kind: RecordType) -> None:
        cls.kind = kind
        for name in ("record", "record_async"):
            _describe(getattr(cls, name), kind)


class Goals(_Recorder, kind=GOAL):
    """Records goal events."""

    def record(self, **fields: Unpack[GoalFields]) -> Receipt:
        """Record a goal event without waiting for it to be written."""
        return self._client._record(self.kind, self._defaults, fields)

    async def record_async(self, **fields: Unpack[GoalFields]) -> Receipt:
        """Record a goal event and wait, without blocking the event loop, until it is written."""
        return await self._client._record_async(self.kind, self._defaults, fields)


class Costs(_Recorder, kind=COST):
    """Records cost events."""

    def record(self, **fields: Unpack[CostFields]) -> Receipt:
        """Record a cost event without waiting for it to be written."""
        return self._client._record(self.kind, self._defaults, fields)

    async def record_async(self, **fields: Unpack[CostFields]) -> Receipt:
        """Record a cost event and wait, without blocking the event loop, until it is written."""
        return await self._client._record_async(self.kind, self._defaults, fields)


class Values(_Recorder, kind=VALUE):
    """Records value events."""

    def record(self, **fields: Unpack[ValueFields]) -> Receipt:
        """Record a value event without waiting for it to be written."""
        return self._client._record(self.kind, self._defaults, fields)

    async def record_async(self, **fields: Unpack[ValueFields]) -> Receipt:
        """Record a value event and wait, without blocking the event loop, until it is written."""
        return await self._client._record_async(self.kind, self._defaults, fields)


class Sessions(_Recorder, kind=SESSION):
    """Records what is known about sessions as a whole."""

    def record(self, **fields: Unpack[SessionFields]) -> Receipt:
        """Record a session without waiting for it to be written."""
        return self._client._record(self.kind, self._defaults, fields)

    async def record_async(self, **fields: Unpack[SessionFields]) -> Receipt:
        """Record a session and wait, without blocking the event loop, until it is written."""
        return await self._client._record_async(self.kind, self._defaults, fields)


class Turns(_Recorder, kind=TURN):
    """Records the turns of conversations."""

    def record(self, **fields: Unpack[TurnFields]) -> Receipt:
        """Record a turn without waiting for it to be written."""
        return self._client._record(self.kind, self._defaults, fields)

    async def record_async(self, **fields: Unpack[TurnFields]) -> Receipt:
        """Record a turn and wait, without blocking the event loop, until it is written."""
        return await self._client._record_async(self.kind, self._defaults, fields)


class GoalClient:
    """Records goals, costs, values, sessions and turns into a spool folder. Make one per process.

    Threads may share it, and after ``fork`` the child's copy writes files of its own.

    Every record that is not given one gets an ``event_id`` and ``occurred_at`` (now). A record that the contract does not
    accept goes to the folder ``rejects`` inside the spool, with its reason; a warning is logged and the call's receipt is
    false. A call never waits for a disk: up to ``capacity`` records wait in memory for a thread that writes them, usually
    for a millisecond or two. What waits when the process is killed is lost; a normal end of the process, ``close`` and
    ``flush`` wait for it. When the queue is full or the disk refuses, records are dropped, counted in ``stats`` and logged.

    Attributes:
        goals: records goal events.
        costs: records cost events.
        values: records value events.
        sessions: records what is known about sessions as a whole.
        turns: records the turns of conversations.
        defaults: the fields given once for all records.
    """

    def __init__(
        self,
        spool: str | os.PathLike[str] | None = None,
        *,
        on_error: Literal["log", "raise"] = "log",
        fsync: bool = False,
        capacity: int = 10_000,
        rotate_bytes: int = 64 * 2**20,
        rotate_seconds: float = 60.0,
        **defaults: Unpack[DefaultFields],
    ) -> None:
        """Make a client; nothing is opened or started before the first record.

        Args:
            spool: the spool's folder; else the environment's ``AGENT_GOALS_SPOOL``, else ``agent_goals_spool`` here.
            on_error: ``log``: a call never raises for what it records. ``raise``: a record that is not accepted raises
                ``InvalidRecord``, and one that could not be kept ``RecordLost``.
            fsync: whether each written batch waits for the disk, so that it survives a crash of the machine.
            capacity: how many records may wait in memory to be written.
            rotate_bytes: the size at which a file is finished and may be loaded.
            rotate_seconds: the age at which a file is finished and may be loaded.
            **defaults: fields for every record of a type that has them, e.g. ``agent="support"``.

        Raises:
            ValueError: when ``on_error`` is neither of the two.
            TypeError: when a default is not one of ``DefaultFields``.
        """
        if on_error not in ("log", "raise"):
            raise ValueError(f"on_error is {on_error!r}, but it accepts 'log' or 'raise'")
        if unknown := sorted(set(defaults) - set(DefaultFields.__annotations__)):
            accepted = ", ".join(DefaultFields.__annotations__)
            raise TypeError(f"GoalClient takes no argument {', '.join(unknown)}; a default may be one of {accepted}")
        folder = spool_folder(spool)
        self.defaults: Mapping[str, Any] = {name: value for name, value in defaults.items() if value is not None}
        self._raises = on_error == "raise"
        self._writer = Writer(
            Spool(folder, fsync=fsync, rotate_bytes=rotate_bytes, rotate_seconds=rotate_seconds),
            Spool(folder / REJECTS_FOLDER, fsync=fsync, rotate_bytes=rotate_bytes, rotate_seconds=rotate_seconds),
            capacity=capacity,
        )
        self.goals = Goals(self)
        self.costs = Costs(self)
        self.values = Values(self)
        self.sessions = Sessions(self)
        self.turns = Turns(self)

    @property
    def stats(self) -> Stats:
        """What became of this process's records so far."""
        return Stats(self._writer.written, self._writer.rejected, self._writer.dropped)

    @property
    def dropped(self) -> int:
        """How many records this process has lost so far."""
        return self._writer.dropped

    def flush(self, timeout: float = 5.0) -> bool:
        """Wait until everything recorded so far is written.

        Args:
            timeout: how many seconds to wait at most.

        Returns:
            Whether it all was written, and none lost since the last ``flush``.

        Raises:
            RecordLost: instead of returning false, with ``on_error="raise"``.
        """
        return self._report(self._writer.flush(timeout))

    def close(self, timeout: float = 5.0) -> bool:
        """Write what is recorded, finish the files for ``agent-goals load``, and take no more records.

        Args:
            timeout: how many seconds to wait at most.

        Returns:
            Whether it all was written, and none lost since the last ``flush``.

        Raises:
            RecordLost: instead of returning false, with ``on_error="raise"``.
        """
        return self._report(self._writer.close(timeout))

    def __enter__(self) -> Self:
        """The client itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the client."""
        self.close()

    async def __aenter__(self) -> Self:
        """The client itself."""
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the client without blocking the event loop."""
        await asyncio.to_thread(self.close)

    def _record(
        self, kind: RecordType, defaults: Mapping[str, Any], fields: Mapping[str, Any], done: Future[bool] | None = None
    ) -> Receipt:
        try:
            receipt = self._submit(kind, {**defaults, **fields}, done)
        except Exception:
            # The application must not fail because of what it records: whatever it was, it is logged and counted.
            logger.exception("a %s record could not be taken", kind.name)
            self._writer.drop(1, "it could not be taken")
            receipt = Receipt(None, lost=True)
        if self._raises:
            _raise_for(receipt, kind)
        return receipt

    async def _record_async(self, kind: RecordType, defaults: Mapping[str, Any], fields: Mapping[str, Any]) -> Receipt:
        done: Future[bool] = Future()
        receipt = self._record(kind, defaults, fields, done)
        if not receipt.lost and not await asyncio.wrap_future(done):
            receipt = Receipt(receipt.event_id, receipt.problems, lost=True)
            if self._raises:
                _raise_for(receipt, kind)
        return receipt

    def _submit(self, kind: RecordType, fields: Mapping[str, Any], done: Future[bool] | None) -> Receipt:
        now = time.time_ns()
        record = {TYPE_FIELD: kind.name, "event_id": None, "session_id": None, "occurred_at": None}
        record.update((name, _field_value(value)) for name, value in fields.items() if value is not None)
        event_id = record["event_id"] = record["event_id"] or new_event_id(now)
        record["occurred_at"] = record["occurred_at"] or _rfc3339(datetime.fromtimestamp(now / 1e9, UTC))
        problems = validate(record).problems
        if not problems:
            return Receipt(event_id, lost=not self._writer.put(_to_line(record).encode(), done=done))
        problem = problems[0]
        logger.warning("a %s record was rejected (%s): %s", kind.name, problem.code, problem.message)
        line = _reject_line(record, problem, now)
        return Receipt(str(event_id), problems, lost=not self._writer.put(line, rejected=True, done=done))

    def _report(self, in_time: bool) -> bool:
        lost = self._writer.losses()
        if self._raises and lost:
            raise RecordLost(f"{lost} records were lost: the log says why")
        if self._raises and not in_time:
            raise RecordLost("not all records were written in time: they may still be, if the process lives on")
        return in_time and not lost


def new_event_id(nanoseconds: int) -> str:
    """A unique id whose text sorts by time: a version 7 UUID with the sub-millisecond time in its 12 bits after the version.

    Args:
        nanoseconds: the time since 1970.

    Returns:
        The UUID as text. Source of the layout: RFC 9562, sections 5.7 and 6.2 (method 3).
    """
    milliseconds, rest = divmod(nanoseconds, 1_000_000)
    fraction = rest * 4096 // 1_000_000
    random = int.from_bytes(os.urandom(8)) >> 2
    digits = f"{milliseconds << 80 | 7 << 76 | fraction << 64 | 2 << 62 | random:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _raise_for(receipt: Receipt, kind: RecordType) -> None:
    if receipt.problems:
        raise InvalidRecord(kind.name, receipt.problems)
    if receipt.lost:
        raise RecordLost(f"a {kind.name} record could not be kept: the log says why")


def _field_value(value: Any) -> Any:
    try:
        return _json_value(value)
    except RecursionError:  # it holds itself, or is nested too deeply: validation will say so
        return value


def _json_value(value: Any) -> Any:
    """The value as JSON knows it; what JSON has no form for stays as it is, for validation to name."""
    if isinstance(value, (str, int, float)) or value is None:
        return value
    if isinstance(value, Mapping):
        return {str(name): _json_value(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_json_value(item) for item in value]
    if isinstance(value, datetime):
        return _rfc3339(value)
    if type(value).__module__ == "numpy" and callable(item := getattr(value, "item", None)):
        value = item()  # a numpy scalar knows the Python value it stands for
    return str(value) if isinstance(value, (Decimal, UUID)) else value


def _rfc3339(moment: datetime) -> str:
    if moment.tzinfo is not None:
        try:
            moment = moment.astimezone(UTC).replace(tzinfo=None)
        except OverflowError:  # no such moment in UTC: validation will say so
            return moment.isoformat()
    return moment.isoformat(timespec="microseconds") + "Z"


def _reject_line(record: Mapping[str, Any], problem: Problem, nanoseconds: int) -> bytes:
    """The rejected record as one line: when, why, and its whole text, which may be mended and loaded."""
    try:
        raw = json.dumps(record, default=repr)
    except (ValueError, RecursionError):  # it holds itself, or is nested too deeply
        raw = repr(record)
    return json.dumps(
        {
            "rejected_at": _rfc3339(datetime.fromtimestamp(nanoseconds / 1e9, UTC)),
            "reason": problem.code,
            "message": problem.message,
            "raw": raw,
        }
    ).encode()
