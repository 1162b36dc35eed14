"""Runs that are killed without a chance to clean up: nothing that was paid for is lost, and nothing is judged twice."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from .judging import PRICED, load, parcel, rows, session_of
from .server import ModelServer, Reply, Request, Verdict, model_server

pytest.importorskip("pydantic_ai", reason="the extra judges is not installed")


class Killer:
    """A script that kills whoever asks at that run's n-th question, and leaves every question that is still open unanswered.

    A moment passes before the kill, so that the answers of before have been read. What was answered was paid for.
    """

    def __init__(self, *kill_at: int) -> None:
        self.process: subprocess.Popen[str] | None = None
        self.answered: list[Request] = []
        self._kill_at = list(kill_at)
        self._count = 0
        self._lock = threading.Lock()
        self._is_dying = threading.Event()

    def start(self, process: subprocess.Popen[str]) -> None:
        self._is_dying.clear()
        self._count = 0
        self.process = process

    def __call__(self, request: Request) -> Reply:
        time.sleep(0.02)  # so that several questions are open at a time
        with self._lock:
            self._count += 1
            kills = bool(self._kill_at) and self._count == self._kill_at[0]
            if kills:
                self._kill_at.pop(0)
                self._is_dying.set()
        if self._is_dying.is_set():
            if kills:
                time.sleep(0.5)
                assert self.process is not None
                self.process.kill()
            assert self.process is not None
            self.process.wait()
            return Verdict("No", "Nobody is there to read this.")
        reply = self.verdict(request)
        with self._lock:
            self.answered.append(request)
        return reply

    def verdict(self, request: Request) -> Verdict:
        return Verdict("Yes", f"About {session_of(request)}.")


def start(server: ModelServer, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "agent_goals.cli", "judge", "--model", "small-judge", "--base-url", server.url]
    return subprocess.Popen(
        [*command, *PRICED, "--json", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
    )


def assert_each_was_judged_once(sessions: list[str]) -> None:
    verdicts = rows("select session_id, count(*), count(distinct event_id) from raw.goal_events group by 1 order by 1")
    assert verdicts == [(session, 1, 1) for session in sorted(sessions)]
    assert rows("select count(*) from raw.rejected_records") == [(0,)]
    reasons = rows("select session_id, reason from raw.goal_events")
    assert reasons == [(session, f"About {session}.") for session, _ in reasons]


@pytest.mark.parametrize("kill_at", [(1, 1), (25, 13), (40, 1)])
def test_a_run_that_is_killed_twice_pays_for_each_conversation_once(project: Path, kill_at: tuple[int, int]) -> None:
    sessions = [f"s{n:03d}" for n in range(40)]
    load(project, *(parcel(session) for session in sessions))
    killer = Killer(*kill_at)
    with model_server(killer) as server:
        for _ in kill_at:
            process = start(server, "--batch", "10", "--concurrency", "4")
            killer.start(process)
            process.communicate()
            assert process.returncode == -signal.SIGKILL
        process = start(server, "--batch", "10", "--concurrency", "4")
        killer.start(process)
        outcome = json.loads(process.communicate()[0])
        assert process.returncode == 0
    assert_each_was_judged_once(sessions)
    assert Counter(map(session_of, killer.answered)) == Counter(sessions)
    assert rows("select count(*), count(distinct event_id), count(distinct session_id) from raw.cost_events") == [(40, 40, 40)]
    assert (outcome["judged"], outcome["failed"]) == (outcome["due"], {})
    assert not list(project.glob("agent_goals_spool/judge/*/*.ndjson*"))


def test_whenever_it_is_killed_only_what_was_being_asked_is_asked_again(project: Path) -> None:
    sessions = [f"s{n:03d}" for n in range(20)]
    load(project, *(parcel(session) for session in sessions))
    moments = random.Random(7)
    concurrency, kills = 4, 0
    with model_server(lambda request: Verdict("Yes", f"About {session_of(request)}.")) as server:
        for _ in range(30):
            process = start(server, "--batch", "3", "--concurrency", str(concurrency))
            before = len(server.requests)
            # From when the first is asked about on, at any moment: between an answer and the disk, the disk and the database, ...
            while len(server.requests) == before and process.poll() is None:
                time.sleep(0.002)
            try:
                process.communicate(timeout=moments.uniform(0, 0.8))
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                kills += 1
            if process.returncode == 0:
                break
        else:
            pytest.fail("the runs never came to an end")
    assert kills >= 2
    assert_each_was_judged_once(sessions)
    asked = Counter(map(session_of, server.requests))
    assert sum(asked.values()) - len(sessions) <= kills * concurrency
    # A bill that was kept stays, and there is one for each verdict.
    ((bills, distinct),) = rows("select count(*), count(distinct event_id) from raw.cost_events")
    assert bills == distinct == len(sessions)
