"""Random samples for labelling: each session as likely as any other, recorded, and believed by the marts."""

from __future__ import annotations

import csv
import io
import os
import subprocess
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from scipy import stats

from agent_goals.errors import AgentGoalsError
from agent_goals.forget import forget
from agent_goals.raw import RawTables
from agent_goals.sampling import Sample, draw
from agent_goals.warehouse import DuckDB
from compiled import SEEDS, CompiledModels, empty_warehouse, insert
from project import PROGRAMS, ROOT

RAW = RawTables("agent_goals_raw")


def verdict(session: str, **fields: Any) -> dict[str, Any]:
    return {
        "type": "goal", "event_id": f"{session}-{fields.get('verdict_source', 'judge')}",
        "session_id": session, "goal": "resolved",
        "occurred_at": "2026-03-02 10:00:00", "achieved": True, "verdict_source": "judge", "evaluator": "strict",
        "evaluator_version": "1", **fields,
    }  # fmt: skip


def judged(*records: dict[str, Any]) -> DuckDB:
    """A warehouse with these records."""
    connection = empty_warehouse()
    insert(connection, 1, list(records))
    return DuckDB(connection)


def recorded(warehouse: DuckDB) -> list[tuple[Any, ...]]:
    return warehouse.rows(
        f"select batch_id, session_id, environment, goal, evaluator, count_population, seed from {RAW.label_samples} order by 2"
    )


def test_a_sample_is_recorded_as_it_was_drawn() -> None:
    warehouse = judged(*(verdict(f"s{number}") for number in range(20)))
    sample = draw(warehouse, RAW, goal="resolved", size=5, seed=7)
    assert sample.count_population == 20
    assert len(set(sample.sessions)) == 5
    assert recorded(warehouse) == [
        (sample.sample_id, session, "production", "resolved", None, 20, 7) for session in sorted(sample.sessions)
    ]


def test_the_same_seed_draws_the_same_sessions_and_another_one_others() -> None:
    warehouse = judged(*(verdict(f"s{number}") for number in range(200)))
    first, again, other = (draw(warehouse, RAW, goal="resolved", size=20, seed=seed).sessions for seed in (1, 1, 2))
    assert first == again
    assert set(first) != set(other)


def test_every_session_is_drawn_as_often_as_any_other() -> None:
    warehouse = judged(*(verdict(f"s{number}") for number in range(40)))
    drawn = Counter(
        session for seed in range(500) for session in draw(warehouse, RAW, goal="resolved", size=8, seed=seed).sessions
    )
    # Sampling without replacement varies less than chi-square expects, which only makes the limit safer.
    assert stats.chisquare([drawn[f"s{number}"] for number in range(40)]).pvalue > 1e-4


def test_only_what_a_judge_gave_a_verdict_on_is_drawn() -> None:
    warehouse = judged(
        verdict("judged"),
        verdict("human", verdict_source="human"),
        verdict("other_goal", goal="upsold"),
        verdict("nothing_to_judge", achieved=None, label="not_applicable"),
        verdict("staging", environment="staging"),
        verdict("other_judge", evaluator="mild"),
        verdict("early", occurred_at="2026-02-01 10:00:00"),
        verdict("late", occurred_at="2026-04-01 00:00:00"),
    )
    sample = draw(
        warehouse, RAW, goal="resolved", size=10, evaluator="strict", since=datetime(2026, 3, 1), until=datetime(2026, 4, 1)
    )
    assert sample.sessions == ("judged",)
    assert set(draw(warehouse, RAW, goal="resolved", size=10).sessions) == {"judged", "other_judge", "early", "late"}


def test_a_goal_that_no_judge_knows_is_refused_with_those_that_judges_know() -> None:
    with pytest.raises(AgentGoalsError, match=r"'solved' in 'production'.*: resolved \(production\)\."):
        draw(judged(verdict("s1")), RAW, goal="solved", size=10)


def test_nothing_is_recorded_when_nobody_gets_the_sample() -> None:
    warehouse = judged(verdict("s1"))

    def fail(sample: Sample) -> None:
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        draw(warehouse, RAW, goal="resolved", size=1, deliver=fail)
    assert recorded(warehouse) == []


def test_a_forgotten_session_is_in_no_sample() -> None:
    warehouse = judged(verdict("s1"), verdict("s2"))
    draw(warehouse, RAW, goal="resolved", size=2)
    forget(warehouse, RAW, sessions=["s1"])
    assert [session for _, session, *_ in recorded(warehouse)] == ["s2"]


def test_the_labels_of_a_sample_are_loaded_and_believed_to_be_random(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "AGENT_GOALS_DUCKDB_PATH": str(tmp_path / "agent_goals.duckdb"),
        "DBT_PROFILES_DIR": str(ROOT),
    }

    def run(*arguments: str) -> str:
        command = [str(PROGRAMS / "agent-goals"), *arguments]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    lines = [
        f'{{"session_id": "s{number}", "occurred_at": "2026-03-02T10:00:00Z", "goal": "resolved", "achieved": true,'
        f' "verdict_source": "judge", "evaluator": "strict", "evaluator_version": "1"}}'
        for number in range(50)
    ]
    (tmp_path / "goals.ndjson").write_text("\n".join(lines), encoding="utf-8")
    run("load", str(tmp_path / "goals.ndjson"))
    run("sample", "--goal", "resolved", "--size", "30", "--seed", "3", "--output", str(tmp_path / "to_label.csv"))
    drawn = list(csv.DictReader(io.StringIO((tmp_path / "to_label.csv").read_text(encoding="utf-8"))))
    assert len(drawn) == 30
    assert {row["achieved"] for row in drawn} == {""}
    with (tmp_path / "labelled.csv").open("w", newline="", encoding="utf-8") as file:
        labelled = csv.DictWriter(file, list(drawn[0]))
        labelled.writeheader()
        labelled.writerows({**row, "achieved": "true" if number else "false"} for number, row in enumerate(drawn))
    run("load", str(tmp_path / "labelled.csv"))

    connection = empty_warehouse()
    connection.execute(f"attach '{tmp_path / 'agent_goals.duckdb'}' as landed (read_only)")
    for table in ("goal_events", "label_samples"):
        connection.execute(f"insert into agent_goals_raw.{table} select * from landed.agent_goals_raw.{table}")
    row = _agreement(CompiledModels(tmp_path / "models"), connection)
    assert row["label_basis"] == "random sample"
    assert (row["count_judged"], row["count_labels_used"], row["count_false_positive"]) == (50, 30, 1)


def _agreement(models: CompiledModels, connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    for seed in SEEDS:
        models.create_seed(connection, seed, [])
    models.build_in(connection, until=["agent_goals__judge_agreement"])
    found = connection.execute("select * from main.agent_goals__judge_agreement where period = 'all'")
    names = [column[0] for column in found.description]
    (row,) = found.fetchall()
    return dict(zip(names, row, strict=True))
