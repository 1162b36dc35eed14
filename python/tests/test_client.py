"""Recording from an application: what is kept, what is refused, and that the application never notices."""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import multiprocessing
import signal
import subprocess
import sys
import textwrap
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent_goals import GoalClient, InvalidRecord, Receipt, RecordLost
from agent_goals.arguments import (
    CostFields,
    DefaultFields,
    GoalFields,
    Integer,
    Money,
    Number,
    SessionFields,
    Timestamp,
    TurnFields,
    ValueFields,
)
from agent_goals.client import REJECTS_FOLDER, new_event_id
from agent_goals.contract import RECORD_TYPES
from agent_goals.spool import Spool, finish_abandoned, finished_files
from agent_goals.validate import validate_line

ARGUMENTS = {"goal": GoalFields, "cost": CostFields, "value": ValueFields, "session": SessionFields, "turn": TurnFields}


class Bomb(dict[str, Any]):
    """A value that fails when it is read."""

    def items(self) -> Any:
        raise RuntimeError("boom")


def records_in(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for path in finished_files(folder) for line in path.read_bytes().splitlines()]


@pytest.fixture
def client(tmp_path: Path) -> Iterator[GoalClient]:
    with GoalClient(tmp_path) as client:
        yield client


# What the calls take


@pytest.mark.parametrize("kind", RECORD_TYPES.values(), ids=list(RECORD_TYPES))
def test_the_typed_arguments_are_the_contracts_fields(kind: Any) -> None:
    types: dict[str, Any] = {
        "string": str,
        "boolean": bool,
        "number": Number,
        "integer": Integer,
        "money": Money,
        "timestamp": Timestamp,
        "object": Mapping[str, Any],
        "strings": Sequence[str],
    }
    arguments = ARGUMENTS[kind.name]
    required = {field.name for field in kind.columns if field.required and field.name != "occurred_at"}
    assert arguments.__required_keys__ == required
    expected = {field.name: types[field.type] if field.name in required else types[field.type] | None for field in kind.columns}
    assert get_type_hints(arguments) == expected


def test_the_defaults_are_texts_of_the_contract() -> None:
    fields = {field.name: field for kind in RECORD_TYPES.values() for field in kind.columns}
    assert all(fields[name].type == "string" and not fields[name].required for name in DefaultFields.__annotations__)


def test_the_calls_are_documented_from_the_contract(client: GoalClient) -> None:
    recorders = {"goal": client.goals, "cost": client.costs, "value": client.values, "session": client.sessions}
    for name, recorder in {**recorders, "turn": client.turns}.items():
        for method in (recorder.record, recorder.record_async):
            assert list(inspect.signature(method).parameters) == [field.name for field in RECORD_TYPES[name].columns]
            for field in RECORD_TYPES[name].columns:
                assert f"{field.name}: {field.description}" in str(method.__doc__)


def test_every_call_of_the_specification_is_taken_and_valid(tmp_path: Path) -> None:
    with GoalClient(tmp_path, on_error="raise") as client:
        score = client.goals.record(session_id="s", goal="quality", value=85, threshold=70)
        client.goals.record(session_id="s", goal="sale", achieved=True, value=500)
        client.goals.record(session_id="s", goal="sale", value=Decimal("19.99"), score=0.5, threshold=0.7, threshold_operator="<")
        client.goals.record(session_id="s", goal="sale", label="not_applicable", reason="no offer was asked for")
        client.goals.record(session_id="s", goal="sale", achieved=False, expected_value="120.00", currency="EUR")
        client.goals.record(
            session_id="s",
            goal="onboarding",
            achieved=True,
            sub_goals_achieved=("profile", "payment"),
            parent_goal="retention",
            verdict_source="human",
            evaluator="reviewer",
            evaluator_version="2",
            time_to_goal_seconds=168.5,
            customer_id="c",
            experiment="greeting",
            variant="b",
            metadata={"attempts": 2, "escalated": False, "customer_satisfaction": Decimal("4.5"), "seen": datetime(2026, 1, 1)},
        )
        client.costs.record(session_id="s", amount=Decimal("0.18"), currency="USD", cost_type="tool", goal="sale")
        client.costs.record(
            session_id="s",
            provider="openai",
            model="gpt",
            input_tokens=1000,
            cache_read_tokens=600,
            cache_write_tokens=0,
            output_tokens=50,
            reasoning_tokens=20,
            latency_ms=812.4,
            trace_id="t",
            span_id="p",
            agent="a",
            cost_type="llm",
        )
        client.values.record(session_id="s", amount=41_000, currency="USD", value_type="revenue", goal="sale")
        client.sessions.record(
            session_id="s",
            agent="a",
            agent_version="1",
            customer_id="c",
            customer_segment="gold",
            channel="web",
            started_at=datetime(2026, 1, 1, tzinfo=UTC),
            ended_at="2026-01-01T00:10:00Z",
            model="gpt",
            experiment="greeting",
            variant="b",
        )
        client.turns.record(session_id="s", turn_index=0, role="user", content="hello")
        client.turns.record(session_id="s", turn_index=1, role="assistant", tool_name="search", tool_call={"query": "x"})
    assert score
    records = records_in(tmp_path)
    assert [record["type"] for record in records] == ["goal"] * 6 + ["cost"] * 2 + ["value", "session"] + ["turn"] * 2
    assert all(validate_line(json.dumps(record)).accepted for record in records)
    assert records[0] | {"event_id": 0, "occurred_at": 0} == {
        "type": "goal",
        "event_id": 0,
        "occurred_at": 0,
        "session_id": "s",
        "goal": "quality",
        "value": 85,
        "threshold": 70,
    }
    assert records[2]["value"] == "19.99"
    assert records[5]["metadata"]["customer_satisfaction"] == "4.5"
    assert records[5]["metadata"]["seen"] == "2026-01-01T00:00:00.000000Z"


# What is stamped, converted and given once


def test_a_record_is_stamped_with_a_time_and_a_unique_id_that_sorts_by_time(tmp_path: Path) -> None:
    before = datetime.now(UTC)
    with GoalClient(tmp_path) as client:
        receipts = [client.values.record(session_id="s", amount=1) for _ in range(500)]
    records = records_in(tmp_path)
    ids = [record["event_id"] for record in records]
    assert ids == [receipt.event_id for receipt in receipts]
    assert len(set(ids)) == 500
    assert {uuid.UUID(event_id).version for event_id in ids} == {7}
    times = [datetime.fromisoformat(record["occurred_at"]) for record in records]
    assert before - timedelta(milliseconds=1) <= times[0] <= times[-1] <= datetime.now(UTC)


def test_ids_sort_by_time() -> None:
    moments = [0, 1_000, 1_000_000, 1_700_000_000_000_000_000, 1_700_000_000_000_001_000, 2**63]
    ids = [new_event_id(moment) for moment in moments]
    assert ids == sorted(ids)
    assert all(str(uuid.UUID(event_id)) == event_id for event_id in ids)


def test_an_id_and_a_time_that_are_given_are_kept(tmp_path: Path) -> None:
    two_hours_east = timezone(timedelta(hours=2))
    with GoalClient(tmp_path) as client:
        assert client.values.record(session_id="s", amount=1, event_id="e", occurred_at="2026-01-01 00:00:00").event_id == "e"
        client.values.record(session_id="s", amount=1, occurred_at=datetime(2026, 1, 1, tzinfo=two_hours_east))
        client.values.record(session_id="s", amount=1, occurred_at=datetime(2026, 1, 1))
    assert [record["occurred_at"] for record in records_in(tmp_path)] == [
        "2026-01-01 00:00:00",
        "2025-12-31T22:00:00.000000Z",
        "2026-01-01T00:00:00.000000Z",
    ]


def test_values_that_applications_have_become_json(tmp_path: Path) -> None:
    class Scalar:  # what numpy's scalars look like
        def item(self) -> int:
            return 7

    Scalar.__module__ = "numpy"
    session: Any = uuid.UUID(int=5)
    scalar: Any = Scalar()
    with GoalClient(tmp_path, on_error="raise") as client:
        client.costs.record(session_id=session, model="m", input_tokens=scalar, amount=Decimal("1E-7"))
    [record] = records_in(tmp_path)
    assert (record["session_id"], record["input_tokens"], record["amount"]) == (str(session), 7, "1E-7")


def test_what_is_given_once_goes_into_every_record_that_has_the_field(tmp_path: Path) -> None:
    with GoalClient(tmp_path, environment="staging", agent="support", variant="a", currency=None) as client:
        client.goals.record(session_id="s", goal="g", agent="sales", variant=None)
        client.values.record(session_id="s", amount=1)
    goal, value = records_in(tmp_path)
    assert (goal["environment"], goal["agent"], "variant" in goal) == ("staging", "sales", False)
    assert (value["environment"], "agent" in value) == ("staging", False)


def test_a_client_that_cannot_mean_what_it_says_is_refused(tmp_path: Path) -> None:
    wrong: Any = {"agnet": "support"}
    with pytest.raises(TypeError, match="agnet"):
        GoalClient(tmp_path, **wrong)
    anything: Any = "ignore"
    with pytest.raises(ValueError, match="'log' or 'raise'"):
        GoalClient(tmp_path, on_error=anything)


def test_the_spool_may_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENT_GOALS_SPOOL", str(tmp_path / "there"))
    with GoalClient() as client:
        client.values.record(session_id="s", amount=1)
    assert len(records_in(tmp_path / "there")) == 1


# What is refused


def test_an_invalid_record_is_kept_with_its_reason_and_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    wrong: Any = {"acheived": True, "metadata": {"what": object()}}
    with GoalClient(tmp_path) as client:
        receipt = client.goals.record(session_id="s", goal="\ud800", **wrong)
        assert client.values.record(session_id="s", amount=1)
    assert not receipt
    assert {problem.code for problem in receipt.problems} == {"malformed_json", "unknown_field", "wrong_type"}
    assert client.stats.rejected == 1
    assert client.stats.written == len(records_in(tmp_path)) == 1
    [reject] = records_in(tmp_path / REJECTS_FOLDER)
    assert reject["reason"] == receipt.problems[0].code
    assert reject["message"] == receipt.problems[0].message
    assert json.loads(reject["raw"])["acheived"] is True
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert receipt.problems[0].message in caplog.text


def test_an_invalid_record_raises_when_asked_to(tmp_path: Path) -> None:
    with GoalClient(tmp_path, on_error="raise") as client:
        with pytest.raises(InvalidRecord, match="a cost needs an amount") as caught:
            client.costs.record(session_id="s")
        assert [problem.code for problem in caught.value.problems] == ["missing_amount"]
    assert len(records_in(tmp_path / REJECTS_FOLDER)) == 1


def test_a_record_that_holds_itself_or_is_too_deep_is_a_reject(tmp_path: Path) -> None:
    itself: dict[str, Any] = {}
    itself["itself"] = itself
    deep: dict[str, Any] = {}
    for _ in range(5_000):
        deep = {"deeper": deep}
    with GoalClient(tmp_path) as client:
        assert client.goals.record(session_id="s", goal="g", metadata=itself).problems[0].code == "malformed_json"
        receipt = client.goals.record(session_id="s", goal="g", metadata=deep)
    assert not receipt
    assert client.stats.rejected + client.stats.dropped == 2


def test_a_value_that_fails_when_it_is_read_is_logged_and_counted(client: GoalClient, caplog: pytest.LogCaptureFixture) -> None:
    receipt = client.goals.record(session_id="s", goal="g", metadata=Bomb())
    assert (bool(receipt), receipt.lost, client.dropped) == (False, True, 1)
    assert "boom" in caplog.text


# What the disk and the queue do


def test_an_unwritable_folder_is_logged_and_counted_but_never_raised(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("in the way")
    client = GoalClient(tmp_path / "file")
    assert client.values.record(session_id="s", amount=1)
    assert not client.flush()
    assert client.dropped == 1
    assert "1 records lost so far" in caplog.text
    (tmp_path / "file").unlink()
    assert client.values.record(session_id="s", amount=2)
    assert client.close()
    assert [record["amount"] for record in records_in(tmp_path / "file")] == [2]


def test_an_unwritable_folder_raises_when_asked_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    client = GoalClient(tmp_path / "file", on_error="raise")
    client.values.record(session_id="s", amount=1)
    with pytest.raises(RecordLost, match="1 records were lost"):
        client.flush()
    with pytest.raises(RecordLost):
        asyncio.run(client.values.record_async(session_id="s", amount=1))
    with pytest.raises(RecordLost):
        client.close()


@pytest.fixture
def stuck_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """A disk that takes nothing until the event is set."""
    moves = threading.Event()
    really_append = Spool.append

    def append(spool: Spool, lines: Sequence[bytes]) -> None:
        moves.wait()
        really_append(spool, lines)

    monkeypatch.setattr(Spool, "append", append)
    yield moves
    moves.set()


def test_a_full_queue_drops_counts_and_logs_but_never_waits(
    tmp_path: Path, stuck_disk: threading.Event, caplog: pytest.LogCaptureFixture
) -> None:
    client = GoalClient(tmp_path, capacity=10)
    receipts = [client.values.record(session_id="s", amount=number) for number in range(100)]
    assert not client.flush(timeout=0.01)
    kept = [number for number, receipt in enumerate(receipts) if receipt]
    assert 10 <= len(kept) <= 90
    assert all(receipt.lost for receipt in receipts if not receipt)
    assert client.dropped == 100 - len(kept)
    assert "10 records are waiting for the disk already" in caplog.text
    stuck_disk.set()
    client.close()
    assert [record["amount"] for record in records_in(tmp_path)] == kept
    assert client.stats.written == len(kept)


def test_a_full_queue_raises_when_asked_to(tmp_path: Path) -> None:
    client = GoalClient(tmp_path, capacity=0, on_error="raise")
    with pytest.raises(RecordLost):
        client.values.record(session_id="s", amount=1)
    assert client.dropped == 1


def test_a_closed_client_takes_no_more(tmp_path: Path) -> None:
    client = GoalClient(tmp_path)
    client.values.record(session_id="s", amount=1)
    assert client.close()
    assert client.values.record(session_id="s", amount=2).lost
    assert not client.close()
    assert [record["amount"] for record in records_in(tmp_path)] == [1]


# Who calls


def test_a_thread_that_cannot_be_started_is_a_loss_but_the_next_record_tries_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with GoalClient(tmp_path) as client:
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", refuse)
            assert client.values.record(session_id="s", amount=1).lost
        assert client.values.record(session_id="s", amount=2)
    assert client.dropped == 1
    assert "can't start new thread" in caplog.text
    assert [record["amount"] for record in records_in(tmp_path)] == [2]


def test_many_threads_lose_and_tear_nothing(tmp_path: Path) -> None:
    with GoalClient(tmp_path, capacity=100_000) as client:

        def run(thread: int) -> None:
            for number in range(500):
                client.turns.record(session_id=f"s-{thread}", turn_index=number, role="user", content="x" * (number % 97))

        threads = [threading.Thread(target=run, args=(thread,)) for thread in range(8)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    seen = [(record["session_id"], record["turn_index"]) for record in records_in(tmp_path)]
    assert sorted(seen) == sorted((f"s-{thread}", number) for thread in range(8) for number in range(500))
    for thread in range(8):
        assert [number for session, number in seen if session == f"s-{thread}"] == list(range(500))


def test_an_async_call_returns_when_the_record_is_written(tmp_path: Path) -> None:
    async def run() -> list[Receipt]:
        async with GoalClient(tmp_path) as client:
            receipts = await asyncio.gather(
                *(client.goals.record_async(session_id="s", goal="g", value=number) for number in range(50)),
                client.costs.record_async(session_id="s", amount=1),
                client.values.record_async(session_id="s", amount=1),
                client.sessions.record_async(session_id="s"),
                client.turns.record_async(session_id="s", turn_index=0, role="user"),
            )
            assert client.stats.written == 54
            rejected = await client.costs.record_async(session_id="s")
            assert (bool(rejected), client.stats.rejected) == (False, 1)
            return receipts

    assert all(asyncio.run(run()))
    assert len(records_in(tmp_path)) == 54


def test_an_async_call_may_be_given_up(tmp_path: Path, stuck_disk: threading.Event) -> None:
    async def run(client: GoalClient) -> None:
        async with asyncio.timeout(0.01):
            await client.values.record_async(session_id="s", amount=1)

    client = GoalClient(tmp_path)
    with pytest.raises(TimeoutError):
        asyncio.run(run(client))
    stuck_disk.set()
    assert client.values.record(session_id="s", amount=2)
    assert client.close()
    assert [record["amount"] for record in records_in(tmp_path)] == [1, 2]


def record_in_child(client: GoalClient, number: int, disk: threading.Event) -> None:
    disk.set()
    client.values.record(session_id="child", amount=number)
    if not client.flush() or client.dropped:
        raise SystemExit("what the parent lost is not the child's")


def test_a_forked_child_writes_its_own_records_once(tmp_path: Path, stuck_disk: threading.Event) -> None:
    client = GoalClient(tmp_path)
    assert client.goals.record(session_id="parent", goal="g", metadata=Bomb()).lost
    assert not client.flush()
    client.values.record(session_id="parent", amount=0)  # waits in the queue while the children are forked
    context = multiprocessing.get_context("fork")
    children = [context.Process(target=record_in_child, args=(client, number, stuck_disk)) for number in range(3)]
    for child in children:
        child.start()
    for child in children:
        child.join()
        assert child.exitcode == 0
    stuck_disk.set()
    client.values.record(session_id="parent", amount=1)
    assert client.close()
    seen = sorted((record["session_id"], record["amount"]) for record in records_in(tmp_path))
    assert seen == [("child", 0), ("child", 1), ("child", 2), ("parent", 0), ("parent", 1)]


def run_program(program: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", textwrap.dedent(program), str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_what_waits_is_written_when_a_program_ends_or_its_bare_forks_end(tmp_path: Path) -> None:
    program = """
        import os, sys
        from agent_goals import GoalClient
        client = GoalClient(sys.argv[1])
        client.values.record(session_id="parent", amount=0)
        child = os.fork()
        client.values.record(session_id="child" if child == 0 else "parent", amount=1)
        if child:
            os.waitpid(child, 0)
    """
    finished = run_program(program, tmp_path)
    assert (finished.returncode, finished.stderr) == (0, "")
    seen = sorted((record["session_id"], record["amount"]) for record in records_in(tmp_path))
    assert seen == [("child", 1), ("parent", 0), ("parent", 1)]


def test_what_was_flushed_survives_a_kill(tmp_path: Path) -> None:
    program = """
        import os, signal, sys
        from agent_goals import GoalClient
        client = GoalClient(sys.argv[1])
        for number in range(1000):
            client.values.record(session_id="s", amount=number)
        assert client.flush()
        os.kill(os.getpid(), signal.SIGKILL)
    """
    assert run_program(program, tmp_path).returncode == -signal.SIGKILL
    assert records_in(tmp_path) == []
    assert len(finish_abandoned(tmp_path)) == 1
    assert [record["amount"] for record in records_in(tmp_path)] == list(range(1000))


def test_a_signal_handler_may_record_while_its_thread_records(tmp_path: Path) -> None:
    with GoalClient(tmp_path, capacity=100_000) as client:
        interruptions = 0

        def handler(*_: object) -> None:
            nonlocal interruptions
            interruptions += 1
            client.values.record(session_id="handler", amount=1)

        before = signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
        try:
            for _ in range(3000):
                client.values.record(session_id="main", amount=1)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
    assert interruptions > 0
    assert len(records_in(tmp_path)) == 3000 + interruptions


def test_a_signal_handler_that_records_while_the_thread_is_started_starts_no_second_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    class Interrupted(threading.Thread):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            made.append(self)
            if len(made) == 1:
                client.values.record(session_id="handler", amount=1)

    with GoalClient(tmp_path) as client:
        with monkeypatch.context() as patch:
            patch.setattr(threading, "Thread", Interrupted)
            client.values.record(session_id="main", amount=1)
        client.flush()
        assert [thread.ident is not None for thread in made] == [False, True]
    assert sorted(record["session_id"] for record in records_in(tmp_path)) == ["handler", "main"]


def test_a_log_handler_may_record_what_it_is_told(tmp_path: Path) -> None:
    client = GoalClient(tmp_path, capacity=0)

    class Recording(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            client.values.record(session_id="log", amount=1)

    handler = Recording()
    logger = logging.getLogger("agent_goals")
    logger.addHandler(handler)
    try:
        client.values.record(session_id="s", amount=1)
    finally:
        logger.removeHandler(handler)
    assert client.dropped > 1


# Whatever is recorded


texts = st.text(max_size=12) | st.characters(categories=["Cs", "Cc"])
scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.decimals() | texts | st.datetimes() | st.uuids() | st.binary()
)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts | st.integers(), inner, max_size=3), max_leaves=6
)
typed = {
    "string": texts,
    "boolean": st.booleans(),
    "number": st.floats(-1e6, 1e6) | st.integers(-1000, 1000) | st.decimals(-1000, 1000),
    "integer": st.integers(0, 10**16),
    "money": st.decimals() | st.floats() | st.integers(),
    "timestamp": st.datetimes(timezones=st.none() | st.timezones()),
    "object": st.dictionaries(texts, anything, max_size=3),
    "strings": st.lists(texts, max_size=3),
}


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A record type and keyword arguments: mostly of the right types, sometimes anything."""
    kind = RECORD_TYPES[draw(st.sampled_from(list(RECORD_TYPES)))]
    required = {
        field.name: st.sampled_from(field.choices) if field.choices else typed[field.type]
        for field in kind.columns
        if field.required
    }
    optional = {
        field.name: st.sampled_from(field.choices) if field.choices else typed[field.type] | anything
        for field in kind.columns
        if not field.required
    }
    return kind.name, draw(st.fixed_dictionaries(required, optional=optional))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None)
@given(st.lists(calls(), min_size=1, max_size=8))
def test_whatever_is_accepted_is_accepted_again_from_the_spool(
    tmp_path_factory: pytest.TempPathFactory, recorded: list[tuple[str, dict[str, Any]]]
) -> None:
    folder = tmp_path_factory.mktemp("spool")
    with GoalClient(folder) as client:
        recorders: dict[str, Any] = {
            "goal": client.goals,
            "cost": client.costs,
            "value": client.values,
            "session": client.sessions,
            "turn": client.turns,
        }
        receipts = [recorders[kind].record(**fields) for kind, fields in recorded]
    assert client.dropped == 0
    lines = [line for path in finished_files(folder) for line in path.read_bytes().splitlines()]
    assert len(lines) == sum(map(bool, receipts))
    assert len(records_in(folder / REJECTS_FOLDER)) == len(receipts) - len(lines)
    for line in lines:
        assert validate_line(line).problems == ()
