"""`agent-goals judge` on a PostgreSQL server, by somebody who may load and nothing else."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from agent_goals.ddl import create_all
from agent_goals.roles import LOADER, role_statements
from judges.judging import PRICED, parcel, session_of, turns, yes
from judges.server import ModelServer, Reply, Request, Verdict, model_server
from loading_helpers import write_lines

from .test_postgres import RAW, Database, database  # noqa: F401 (a fixture)

pytest.importorskip("pydantic_ai", reason="the extra judges is not installed")

JUDGE_LOGIN = "jo_judges"


@pytest.fixture
def deployed(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:  # noqa: F811
    """A deployment with its roles, and a login that may load."""
    monkeypatch.setenv("AGENT_GOALS_SPOOL", str(tmp_path / "spool"))
    with database.open() as admin:
        for statement in [*create_all(RAW.schema, "postgres"), *role_statements(database.target())]:
            admin.run(statement)
        if not admin.rows("select 1 from pg_roles where rolname = $name", name=JUDGE_LOGIN):
            admin.run(f"create role {JUDGE_LOGIN} login")
        admin.run(f"grant {LOADER} to {JUDGE_LOGIN}")
    return database


def judged(database: Database, server: ModelServer, *arguments: str) -> dict[str, Any]:  # noqa: F811
    command = ["judge", "--model", "small-judge", "--base-url", server.url, *PRICED, "--json", *arguments]
    done = database.command(*command, user=JUDGE_LOGIN)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_a_loader_may_judge_and_judges_only_what_is_new(deployed: Database, tmp_path: Path) -> None:
    def script(request: Request) -> Reply:
        return Verdict("No" if session_of(request) == "b" else "Yes")

    sessions = [*parcel("a"), *parcel("b"), *turns("c", ("user", "Hello?")), *parcel("d", environment="staging")]
    deployed.load(write_lines(tmp_path / "turns.ndjson", sessions), user=JUDGE_LOGIN)
    with model_server(script) as server:
        assert judged(deployed, server, "--dry-run")["sessions"] == 3
        outcome = judged(deployed, server)
        assert outcome["labels"] == {"Yes": 1, "No": 1, "not_applicable": 1}
        assert judged(deployed, server)["due"] == 0
        deployed.load(write_lines(tmp_path / "more.ndjson", parcel("e")), user=JUDGE_LOGIN)
        assert judged(deployed, server, "--batch", "1")["labels"] == {"Yes": 1}
        assert Counter(map(session_of, server.requests)) == {"a": 1, "b": 1, "e": 1}
    verdicts = deployed.rows("select session_id, achieved, label from agent_goals_raw.goal_events order by 1")
    assert verdicts == [("a", True, "Yes"), ("b", False, "No"), ("c", None, "not_applicable"), ("e", True, "Yes")]
    costs = deployed.rows("select session_id, cost_type, amount from agent_goals_raw.cost_events order by 1")
    assert costs == [(session, "evaluation", Decimal("0.0015")) for session in ("a", "b", "e")]


def test_a_selection_asks_the_mart_and_a_wrong_one_is_told(deployed: Database, tmp_path: Path) -> None:
    deployed.load(write_lines(tmp_path / "turns.ndjson", [*parcel("a"), *parcel("b")]), user=JUDGE_LOGIN)
    with deployed.open() as admin:
        admin.run("create table marts.agent_goals__sessions (environment text, session_id text, agent text)")
        admin.run("insert into marts.agent_goals__sessions values ('production', 'a', 'x'), ('production', 'b', '100%')")
        admin.run(f"grant usage on schema marts to {JUDGE_LOGIN}")
        admin.run(f"grant select on marts.agent_goals__sessions to {JUDGE_LOGIN}")
    with model_server(yes) as server:
        assert judged(deployed, server, "--select", "agent like '100%'")["due"] == 1
        assert [session_of(request) for request in server.requests] == ["b"]
        wrong = deployed.command(
            "judge", "--model", "m", "--base-url", server.url, "--select", "no_such_column = 1", user=JUDGE_LOGIN
        )
    assert wrong.returncode == 2
    assert "--select 'no_such_column = 1'" in wrong.stderr
