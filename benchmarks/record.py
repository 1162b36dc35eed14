"""How fast is `record`, against a bare `json.dumps` and file append of the same record, in one run?

    python benchmarks/record.py [--records 20000] [--rounds 5] [--threads 4]

Prints calls per second and the median, 99th and highest latency of one call: in a tight loop, where the caller and the
writing thread compete for one interpreter, and at a steady 1,000 calls a second, which is more like an application. The
ways take turns, round after round, so that a busy machine is slow for all of them; the figures are each way's median round.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from agent_goals import GoalClient
from agent_goals.spool import finished_files

FIELDS: dict[str, Any] = {
    "session_id": "session-000123",
    "goal": "issue_resolved",
    "achieved": True,
    "value": 42.5,
    "customer_id": "customer-77",
    "metadata": {"attempts": 2, "escalated": False},
}
Call = Callable[[], object]
Round = tuple[float, list[float]]


def timed(call: Call, count: int, pause: float) -> Round:
    """Seconds spent in `count` calls, and each call's own seconds."""
    seconds = []
    clock = time.perf_counter
    for _ in range(count):
        before = clock()
        call()
        seconds.append(clock() - before)
        if pause:
            time.sleep(pause)
    return sum(seconds), seconds


def bare(folder: Path, count: int, pause: float) -> Round:
    """`json.dumps` and one append per record, unbuffered, with a time and an id but without validation."""
    with (folder / "bare.ndjson").open("ab", buffering=0) as file:

        def call() -> None:
            stamp = {"type": "goal", "event_id": str(uuid.uuid4()), "occurred_at": datetime.now(UTC).isoformat()}
            file.write(json.dumps({**stamp, **FIELDS}).encode() + b"\n")

        return timed(call, count, pause)


def recorded(folder: Path, count: int, pause: float) -> Round:
    """`GoalClient.goals.record`: stamped, validated and handed to the writing thread."""
    with GoalClient(folder, agent="support", capacity=count + 1) as client:
        result = timed(lambda: client.goals.record(**FIELDS), count, pause)
    check(folder, client, count)
    return result


def recorded_by_threads(folder: Path, count: int, threads: int) -> Round:
    """The same client called from several threads at once."""
    rounds: list[Round] = []
    with GoalClient(folder, agent="support", capacity=count + threads) as client:

        def run() -> None:
            rounds.append(timed(lambda: client.goals.record(**FIELDS), count // threads, 0))

        workers = [threading.Thread(target=run) for _ in range(threads)]
        before = time.perf_counter()
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        wall = time.perf_counter() - before
    check(folder, client, count // threads * threads)
    return wall, [each for _, seconds in rounds for each in seconds]


def check(folder: Path, client: GoalClient, count: int) -> None:
    """A figure counts only if every record arrived."""
    lines = sum(path.read_bytes().count(b"\n") for path in finished_files(folder))
    if (client.stats.written, client.dropped, lines) != (count, 0, count):
        raise SystemExit(f"{count} records were recorded, but {client.stats} and {lines} lines were found")


def main() -> None:
    """Run every way in turn and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=20_000, help="calls per round in a tight loop")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=4)
    options = parser.parse_args()
    count, steady = options.records, min(options.records, 2000)
    ways: dict[str, Callable[[Path], Round]] = {
        "tight loop: json.dumps and append": lambda folder: bare(folder, count, 0),
        "tight loop: record": lambda folder: recorded(folder, count, 0),
        f"tight loop, {options.threads} threads: record": lambda folder: recorded_by_threads(folder, count, options.threads),
        "1,000 a second: json.dumps and append": lambda folder: bare(folder, steady, 0.001),
        "1,000 a second: record": lambda folder: recorded(folder, steady, 0.001),
    }
    rounds: dict[str, list[tuple[float, ...]]] = {name: [] for name in ways}
    for _ in range(options.rounds):
        for name, way in ways.items():
            with tempfile.TemporaryDirectory() as folder:
                total, seconds = way(Path(folder))
            cut = statistics.quantiles(seconds, n=100)
            rounds[name].append((len(seconds) / total, *(1e6 * each for each in (cut[49], cut[98], max(seconds)))))
    table = Table(title=f"median of {options.rounds} rounds")
    for heading in ("way", "calls/s", "p50 us", "p99 us", "max us"):
        table.add_column(heading, justify="left" if heading == "way" else "right")
    for name, figures in rounds.items():
        table.add_row(name, *(f"{statistics.median(each):,.0f}" for each in zip(*figures, strict=True)))
    Console().print(table)


if __name__ == "__main__":
    main()
