"""Tables that are kept from run to run hold what a full refresh would have made, whatever landed, in whatever order."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from agent_goals.forget import forget
from agent_goals.raw import RawTables
from agent_goals.tombstones import subject_hash
from agent_goals.warehouse.embedded import DuckDB
from compiled import Row, empty_warehouse, insert
from kept import InterruptedRunError, KeptModels, same_content, same_rows
from project import PROGRAMS, ROOT

pytestmark = pytest.mark.xdist_group("kept")

EXAMPLES = int(os.environ.get("AGENT_GOALS_EXAMPLES", "12"))
START = datetime(2026, 3, 1, 12)
SESSIONS = ["s0", "s1", "s2", "s3", "s4"]
CUSTOMERS = [None, "c0", "c1", "c2"]
AGENTS = [None, "support", "sales"]

#: Each list of definitions that a project may have from one run to the next, with what the first has not: another
#: threshold, another parent, an expectation, one goal fewer, another version.
FIRST: list[Row] = [
    {"goal": "root", "composite_rule": "all", "value_per_achievement": "3"},
    {"goal": "leaf", "parent_goal": "root", "weight": "2"},
    {"goal": "quality", "kind": "score", "parent_goal": "root", "threshold": "5"},
    {"goal": "quick", "kind": "derived", "source_goal": "leaf", "field": "steps", "threshold": "3", "threshold_operator": "<"},
    {"goal": "settled", "scope": "customer", "window_days": "2", "composite_rule": "all", "value_per_achievement": "7"},
    {"goal": "called", "parent_goal": "settled"},
    {"goal": "paid", "parent_goal": "settled", "expected_agents": "sales"},
]
DEFINITIONS: list[list[Row]] = [
    FIRST,
    [{**row, "threshold": "7"} if row["goal"] == "quality" else row for row in FIRST],
    [{**row, "parent_goal": "root"} if row["goal"] == "paid" else row for row in FIRST],
    [{**row, "expected_agents": "support"} if row["goal"] == "leaf" else row for row in FIRST],
    [row for row in FIRST if row["goal"] != "leaf"],
    [row for row in FIRST if row["goal"] != "root"],
    [row for row in FIRST if row["goal"] != "settled"],
    [*FIRST, {"goal": "quality", "kind": "score", "threshold": "9", "valid_from": "2026-03-02"}],
]
PRICES: list[list[Row]] = [
    [],
    [{"model": "m1", "input_price": "2", "output_price": "3"}],
    [{"model": "m1", "input_price": "2", "output_price": "3"}, {"model": "m1", "valid_from": "2026-03-02", "input_price": "5"}],
    [{"model": "m2", "input_price": "1", "output_price": "1"}],
]


@st.composite
def records(draw: st.DrawFn) -> Row:
    """One record; its id may be one that has been sent before, for this session or another."""
    kind = draw(st.sampled_from(["goal", "goal", "goal", "cost", "cost", "value", "session", "turn"]))
    moment = START + timedelta(hours=draw(st.integers(0, 80)))
    record: dict[str, Any] = {
        "type": kind,
        "event_id": f"{kind}{draw(st.integers(0, 11))}",
        "session_id": draw(st.sampled_from(SESSIONS)),
        "environment": draw(st.sampled_from(["production", "production", "production", "staging"])),
        "occurred_at": moment,
    }
    goals = st.sampled_from(["root", "leaf", "quality", "called", "paid", "settled", "loose", "loose_part"])
    if kind == "goal":
        goal = draw(goals)
        record |= {"goal": goal, "agent": draw(st.sampled_from(AGENTS)), "customer_id": draw(st.sampled_from(CUSTOMERS))}
        record["verdict_source"] = draw(st.sampled_from(["automatic", "human", "judge"]))
        record["parent_goal"] = draw(st.sampled_from([None, "loose", "root"]))
        record["metadata"] = draw(st.sampled_from([None, '{"steps": 2}', '{"steps": 4, "agent": "support"}']))
        record["sub_goals_achieved"] = draw(st.sampled_from([None, None, '["leaf"]']))
        record["variant"] = draw(st.sampled_from([None, "a", "b"]))
        record["experiment"] = "e" if record["variant"] else None
        if goal == "quality":
            record["score"] = draw(st.integers(3, 9))
        else:
            record["achieved"] = draw(st.sampled_from([True, False, None]))
    elif kind == "cost":
        record |= {"goal": draw(st.one_of(st.none(), goals)), "cost_type": draw(st.sampled_from(["llm", "tool", "evaluation"]))}
        record |= {"agent": draw(st.sampled_from(AGENTS)), "model": draw(st.sampled_from([None, "m1", "m2"]))}
        if record["model"] and draw(st.booleans()):
            record |= {"input_tokens": draw(st.integers(0, 1000)), "output_tokens": draw(st.integers(0, 1000))}
        else:
            record["amount"] = draw(st.decimals(0, 100, places=10))
    elif kind == "value":
        record |= {"goal": draw(st.one_of(st.none(), goals)), "amount": draw(st.decimals(0, 100, places=10))}
    elif kind == "session":
        record |= {"agent": draw(st.sampled_from(AGENTS)), "customer_id": draw(st.sampled_from(CUSTOMERS))}
        record["started_at"] = moment - timedelta(hours=draw(st.sampled_from([0, 1, 30])))
        record["customer_segment"] = draw(st.sampled_from([None, "pro"]))
    else:
        record |= {"turn_index": draw(st.integers(0, 5)), "role": "user"}
    return record


#: What happens to a warehouse: a load, whose time may be before that of one that was committed earlier; other
#: definitions or prices; a run, which may be killed.
steps = st.one_of(
    st.tuples(st.just("load"), st.integers(0, 40), st.lists(records(), min_size=1, max_size=8)),
    st.tuples(st.just("define"), st.integers(0, len(DEFINITIONS) - 1)),
    st.tuples(st.just("price"), st.integers(0, len(PRICES) - 1)),
    st.tuples(st.just("kill"), st.integers(0, 57)),
    st.tuples(st.just("run")),
)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> KeptModels:
    return KeptModels(tmp_path_factory.mktemp("kept"), {"agent_goals__max_goal_depth": 3})


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate, *([Phase.shrink] if EXAMPLES > 12 else [])],
)
@given(first=st.lists(records(), min_size=3, max_size=25), what_happens=st.lists(steps, min_size=1, max_size=6))
def test_every_run_leaves_what_a_full_refresh_would_make(
    models: KeptModels, first: list[Row], what_happens: Sequence[tuple[Any, ...]]
) -> None:
    warehouse = empty_warehouse()
    models.create_seed(warehouse, "goal_definitions", DEFINITIONS[0])
    models.create_seed(warehouse, "goal_experiments", [])
    models.create_seed(warehouse, "model_prices", PRICES[1])
    insert(warehouse, 20, first)
    models.run(warehouse)
    used = {20}
    for step, *details in [*what_happens, ("run",)]:
        note(f"{step} {details}")
        if step == "load":
            number, records = details
            # No two loads have one time.
            while number in used:
                number += 1
            used.add(number)
            insert(warehouse, number, records)
        elif step == "define":
            models.create_seed(warehouse, "goal_definitions", DEFINITIONS[details[0]])
        elif step == "price":
            models.create_seed(warehouse, "model_prices", PRICES[details[0]])
        elif step == "kill":
            with pytest.raises(InterruptedRunError):
                models.run(warehouse, stop_after=details[0])
        else:
            models.run(warehouse)
            assert_as_after_a_full_refresh(models, warehouse)


def assert_as_after_a_full_refresh(models: KeptModels, warehouse: duckdb.DuckDBPyConnection) -> None:
    """Compare every public table with that of a warehouse with the same inputs, row for row."""
    with models.refreshed(warehouse) as fresh:
        for name, relation in models.marts():
            query = f"select * from {relation} order by all"
            assert same_rows(warehouse.execute(query).fetchall(), fresh.execute(query).fetchall()), name


def warehouse_with_goals(models: KeptModels) -> duckdb.DuckDBPyConnection:
    warehouse = empty_warehouse()
    for seed, rows in [("goal_definitions", DEFINITIONS[0]), ("goal_experiments", []), ("model_prices", [])]:
        models.create_seed(warehouse, seed, rows)
    return warehouse


def cost_of(session: str, event: str, amount: int = 1) -> Row:
    return {"type": "cost", "event_id": event, "session_id": session, "occurred_at": START, "cost_type": "llm", "amount": amount}


def sessions_costs(warehouse: duckdb.DuckDBPyConnection, models: KeptModels) -> dict[str, int]:
    lines = dict(models.marts())["agent_goals__cost_lines"]
    return dict(warehouse.execute(f"select session_id, sum(amount)::int from {lines} group by all").fetchall())


def test_what_a_forgotten_session_had_taken_over_is_anothers_again(models: KeptModels) -> None:
    warehouse = warehouse_with_goals(models)
    insert(warehouse, 1, [cost_of("s0", "taken", 5), cost_of("s0", "own", 1)])
    insert(warehouse, 2, [cost_of("s1", "taken", 5)])
    models.run(warehouse)
    assert sessions_costs(warehouse, models) == {"s0": 1, "s1": 5}
    forget(DuckDB(warehouse), RawTables("agent_goals_raw"), sessions=["s1"], built_in=["main", "main_agent_goals_staging"])
    models.run(warehouse)
    assert sessions_costs(warehouse, models) == {"s0": 6}
    assert_as_after_a_full_refresh(models, warehouse)


def test_ids_of_batches_that_other_settings_did_not_read_are_looked_at_when_those_change(models: KeptModels) -> None:
    warehouse = warehouse_with_goals(models)
    insert(warehouse, 1, [cost_of("s0", "own")])
    insert(warehouse, 2, [cost_of("s1", "other")])
    models.run(warehouse)
    # Another table of the same batches has rows that nobody has seen yet.
    insert(warehouse, 1, [cost_of("s0", "taken", 5)])
    insert(warehouse, 2, [cost_of("s1", "taken", 5)])
    ledger = "main_agent_goals_staging.int_agent_goals__built_inputs"
    warehouse.execute(f"update {ledger} set input_id = 'before' where input_kind = 'package'")
    models.run(warehouse)
    insert(warehouse, 3, [cost_of("s0", "late", 2)])
    models.run(warehouse)
    assert sessions_costs(warehouse, models) == {"s0": 3, "s1": 6}
    assert_as_after_a_full_refresh(models, warehouse)


# --- with dbt itself


class Project:
    """A warehouse that loads and dbt runs change."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "agent_goals.duckdb"

    def command(self, *words: str) -> subprocess.Popen[bytes]:
        """Start a command on the warehouse."""
        environment = {
            **os.environ,
            "AGENT_GOALS_DUCKDB_PATH": str(self.path),
            "DBT_TARGET_PATH": str(self.folder / "target"),
            "DBT_LOG_PATH": str(self.folder / "logs"),
        }
        program = str(PROGRAMS / words[0])
        return subprocess.Popen(
            [program, *words[1:]], cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )

    def run(self, *words: str) -> None:
        """Run a command to its end, which has to be a good one."""
        with self.command(*words) as process:
            output, _ = process.communicate()
        assert process.returncode == 0, output.decode()

    def content(self) -> dict[str, list[tuple[Any, ...]]]:
        """The rows of every public table."""
        with duckdb.connect(str(self.path), read_only=True) as connection:
            connection.execute("set timezone = 'UTC'")
            names = connection.execute(
                "select table_name from information_schema.tables where table_schema = 'main' order by table_name"
            ).fetchall()
            return {name: connection.execute(f"from {name} order by all").fetchall() for (name,) in names}

    def refreshed(self, folder: Path) -> dict[str, list[tuple[Any, ...]]]:
        """What a full refresh of a copy makes."""
        folder.mkdir()
        shutil.copy(self.path, folder / self.path.name)
        copy = Project(folder)
        copy.run("dbt", "run", "--full-refresh")
        return copy.content()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def parts_of_the_demo(folder: Path, count: int) -> list[list[str]]:
    """The demo's records in several lots: every session's records are spread over all of them."""
    lots: list[list[str]] = [[] for _ in range(count)]
    for source in sorted((ROOT / "seeds" / "demo").glob("*.csv")):
        header, *lines = source.read_text(encoding="utf-8").splitlines(keepends=True)
        for number, lot in enumerate(lots):
            path = folder / f"lot_{number}" / source.name
            path.parent.mkdir(exist_ok=True)
            path.write_text("".join([header, *lines[number::count]]), encoding="utf-8")
            lot.append(str(path))
    return lots


def test_runs_between_loads_and_runs_that_are_killed_end_in_what_a_full_refresh_makes(project: Project, tmp_path: Path) -> None:
    random = Random(4)
    first, *others = parts_of_the_demo(tmp_path, 4)
    project.run("agent-goals", "load", *first)
    project.run("dbt", "seed")
    project.run("dbt", "run")
    for lot in others:
        project.run("agent-goals", "load", *lot)
        with project.command("dbt", "run") as process:
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(random.uniform(4, 8))
            process.kill()
    project.run("dbt", "run")
    found = project.content()
    assert same_content(found, project.refreshed(tmp_path / "copy"))
    assert len(found["agent_goals__sessions"]) > 2_000
    # A run with nothing new finds nothing open, and changes nothing.
    project.run("dbt", "run")
    assert same_content(project.content(), found)
    with duckdb.connect(str(project.path), read_only=True) as connection:
        assert connection.execute("from main_agent_goals_staging.int_agent_goals__open_sessions").fetchall() == []
    # A table that somebody dropped is whole again after the next run.
    with duckdb.connect(str(project.path)) as connection:
        connection.execute("drop table agent_goals__cost_lines")
    project.run("dbt", "run")
    assert same_content(project.content(), found)


def test_a_part_of_the_package_is_kept_by_itself(project: Project, tmp_path: Path) -> None:
    (records,) = parts_of_the_demo(tmp_path, 1)
    project.run("agent-goals", "load", *records)
    project.run("dbt", "seed")
    for _ in range(2):
        project.run("dbt", "run", "--select", "+agent_goals__cost_lines")
    with duckdb.connect(str(project.path), read_only=True) as connection:
        assert connection.execute("from main_agent_goals_staging.int_agent_goals__open_sessions").fetchall() == []
        assert connection.execute("select count(*) from agent_goals__cost_lines").fetchall() > [(2_000,)]
    # What is asked for later is whole from the start.
    project.run("dbt", "run")
    assert same_content(project.content(), project.refreshed(tmp_path / "copy"))


def test_who_is_forgotten_is_in_no_mart_after_the_next_run_and_does_not_come_back(project: Project, tmp_path: Path) -> None:
    files = [str(path) for path in sorted((ROOT / "seeds" / "demo").glob("*.csv"))]
    project.run("agent-goals", "load", *files)
    project.run("dbt", "seed")
    project.run("dbt", "run")
    with duckdb.connect(str(project.path), read_only=True) as connection:
        customers = connection.execute(
            "select customer_id from agent_goals__customer_outcomes group by all having max(count_sessions) > 1 order by 1"
        ).fetchall()
        ((of_customer,),) = connection.execute(
            "select min(session_id) from agent_goals__sessions where customer_id = $customer", {"customer": customers[0][0]}
        ).fetchall()
    before = project.content()
    project.run("agent-goals", "forget", "--yes", "--session", of_customer, "--customer", customers[1][0])
    project.run("dbt", "run")
    found = project.content()
    assert same_content(found, project.refreshed(tmp_path / "copy"))
    assert found["agent_goals__customer_outcomes"] != before["agent_goals__customer_outcomes"]
    assert found["agent_goals__goal_metrics_daily"] != before["agent_goals__goal_metrics_daily"]
    project.run("agent-goals", "load", *files)
    # Even what another loader brings back stays out.
    with duckdb.connect(str(project.path)) as connection:
        connection.execute(
            """insert into agent_goals_raw.goal_events by name
            select * replace ('back' as event_id, $session as session_id, 'another' as batch_id)
            from agent_goals_raw.goal_events limit 1""",
            {"session": of_customer},
        )
    project.run("dbt", "run")
    assert same_content(project.content(), found)
    with duckdb.connect(str(project.path), read_only=True) as connection:
        hashes = connection.execute("select subject_hash from agent_goals_raw.tombstones where subject = 'session'").fetchall()
    assert (subject_hash(of_customer),) in hashes
