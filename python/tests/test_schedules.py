"""The examples of schedules do what they say: runs never overlap, a failure stops what comes after it, and is told."""

from __future__ import annotations

import ast
import os
import py_compile
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import pytest
import yaml

from loading_helpers import goal, write_lines
from project import PROGRAMS, ROOT, run_program

EXAMPLES = ROOT / "docs" / "schedules"
CRON = EXAMPLES / "cron.sh"

#: What every schedule does, in this order.
STEPS = [
    "agent-goals load spool/a.ndjson",
    "dbt source freshness",
    "dbt build --exclude-resource-type unit_test",
    "agent-goals publish",
    "agent-goals report --output agent_goals_report.html",
    "agent-goals summary --one-line",
]

#: Stands for dbt and agent-goals: notes how it was called, waits in a build as long as it is told to, and fails where it is to.
FAKE = """#!/bin/sh
echo "$(basename "$0") $*" >> calls
if [ "$1" = build ]; then while [ -e wait ]; do sleep 0.05; done; fi
if [ "$1" = "$FAILING_STEP" ]; then echo "what went wrong" >&2; exit "$EXIT_CODE"; fi
if [ "$1" = summary ]; then echo "all is well."; fi
"""


@pytest.fixture
def faked(tmp_path: Path) -> Path:
    """A project whose programs are fake, with one file in its spool."""
    project = tmp_path / "a project"
    (project / "spool").mkdir(parents=True)
    (project / "spool" / "a.ndjson").touch()
    for name in ("dbt", "agent-goals"):
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(FAKE, encoding="utf-8")
        program.chmod(0o755)
    return project


def start(project: Path, failing_step: str = "", code: int = 1, programs: Path | None = None, **settings: str) -> Any:
    """Start cron.sh in a project, with real or fake programs."""
    programs = programs or project.parent / "bin"
    environment = os.environ | {"PATH": f"{programs}:{os.environ['PATH']}", "FAILING_STEP": failing_step, "EXIT_CODE": str(code)}
    return subprocess.Popen(
        [str(CRON), str(project)], env=environment | settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def ended(process: Any) -> tuple[int, str, str]:
    """The exit code of a run, its line, and its complaint."""
    line, complaint = process.communicate(timeout=600)
    return process.returncode, line, complaint


def calls(project: Path) -> list[str]:
    file = project / "calls"
    found = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    file.unlink(missing_ok=True)
    return found


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_cron_does_every_step_and_says_one_line(faked: Path) -> None:
    assert ended(start(faked)) == (0, "agent-goals all is well.\n", "")
    assert calls(faked) == STEPS
    (faked / "spool" / "a.ndjson").unlink()
    assert ended(start(faked)) == (0, "agent-goals all is well. Nothing was there to load.\n", "")
    assert calls(faked) == STEPS[1:]


@pytest.mark.parametrize(("step", "place"), [("load", 1), ("build", 3), ("publish", 4), ("report", 5), ("summary", 6)])
def test_cron_stops_at_the_first_step_that_fails(faked: Path, step: str, place: int) -> None:
    code, line, complaint = ended(start(faked, step, 2))
    assert code == 2
    assert calls(faked) == STEPS[:place]
    assert re.fullmatch(
        r"agent-goals: `.*" + step + r".*` failed with exit code 2, and nothing after it ran\. See .*\.log\.\n", line
    )
    assert "what went wrong" in complaint


@pytest.mark.parametrize(("step", "told"), [("load", "Some lines were rejected"), ("source", "The goal events are stale")])
def test_cron_goes_on_after_what_only_has_to_be_told(faked: Path, step: str, told: str) -> None:
    code, line, _ = ended(start(faked, step, 1))
    assert (code, calls(faked)) == (0, STEPS)
    assert told in line
    assert line.count("\n") == 1


def test_cron_runs_never_overlap_even_when_one_is_killed(faked: Path) -> None:
    (faked / "wait").touch()
    first = start(faked)
    wait_until(lambda: (faked / "calls").exists() and "dbt build" in (faked / "calls").read_text(encoding="utf-8"))
    refused = (75, "", f"agent-goals: another run is at work in {faked}, so this one did nothing.\n")
    assert ended(start(faked)) == refused
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert ended(start(faked)) == refused  # the killed one's build is still at work
    assert calls(faked) == STEPS[:3]
    (faked / "wait").unlink()
    wait_until(lambda: ended(start(faked)) != refused)
    assert calls(faked) == STEPS


def test_a_chat_that_is_out_of_order_fails_no_run(faked: Path) -> None:
    code, line, complaint = ended(start(faked, AGENT_GOALS_CHAT_URL="http://127.0.0.1:1/"))
    assert (code, line) == (0, "agent-goals all is well.\n")
    assert "the chat did not take the line" in complaint


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A small project that installs the package, with a spool that holds a good and a bad line."""
    folder = tmp_path_factory.mktemp("scheduled") / "project"
    folder.mkdir()
    (folder / "dbt_project.yml").write_text("name: mine\nversion: 1.0.0\nprofile: agent_goals\n", encoding="utf-8")
    (folder / "packages.yml").write_text(f"packages:\n  - local: {ROOT}\n", encoding="utf-8")
    run_program(folder, "dbt", "--quiet", "deps", project=folder)
    (folder / "spool").mkdir()
    write_lines(
        folder / "spool" / "a_goals.ndjson", [goal(agent="support", occurred_at="2026-01-01T10:00:00Z"), {"goal": "broken"}]
    )
    yield folder


def settings(project: Path) -> dict[str, str]:
    return {
        "AGENT_GOALS_DUCKDB_PATH": str(project / "agent_goals.duckdb"),
        "DBT_PROFILES_DIR": str(ROOT),
        "DBT_TARGET_PATH": str(project / "target"),
        "DBT_LOG_PATH": str(project / "logs"),
    }


@pytest.mark.xdist_group("consumer")
def test_cron_publishes_a_real_project_while_a_second_run_is_refused(project: Path) -> None:
    first = start(project, programs=PROGRAMS, **settings(project))
    wait_until(lambda: bool(list(project.glob("logs/schedule/*.log"))))
    code, _, complaint = ended(start(project, programs=PROGRAMS, **settings(project)))
    assert (code, "another run is at work" in complaint) == (75, True)
    code, line, complaint = ended(first)
    assert code == 0, complaint
    assert re.fullmatch(
        r"agent-goals 2026-01-01: 1 session, .*; newest session .* days ago\. Some lines were rejected: .*\n", line
    ), line
    with duckdb.connect(str(project / "agent_goals_marts.duckdb"), read_only=True) as published:
        assert published.execute("select count(*) from agent_goals__goal_outcomes").fetchone() == (1,)
    assert "</html>" in (project / "agent_goals_report.html").read_text(encoding="utf-8")
    (log,) = project.glob("logs/schedule/*.log")
    assert "PASS freshness of agent_goals_raw.goal_events" in log.read_text(encoding="utf-8")


OVERRIDDEN = """
sources:
  agent_goals:
    staging:
      agent_goals_raw:
        goal_events:
          +freshness: {warn_after: {count: 20, period: day}, error_after: {count: 30, period: day}}
        cost_events:
          +freshness: {error_after: {count: 5, period: minute}}
"""


@pytest.mark.xdist_group("consumer")
def test_goal_events_that_no_longer_come_in_are_stale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Moments are in UTC and have no zone: the machine's must not matter.
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    run_program(tmp_path, "agent-goals", "load", write_lines(tmp_path / "goals.ndjson", [goal()]))
    project = tmp_path / "project"
    project.mkdir()
    about = "name: mine\nversion: 1.0.0\nprofile: agent_goals\n"
    (project / "dbt_project.yml").write_text(about, encoding="utf-8")
    (project / "packages.yml").write_text(f"packages:\n  - local: {ROOT}\n", encoding="utf-8")
    run_program(tmp_path, "dbt", "--quiet", "deps", project=project)

    def checked(age: timedelta) -> str:
        with duckdb.connect(str(tmp_path / "agent_goals.duckdb")) as connection:
            (now,) = connection.execute("select now() at time zone 'UTC'").fetchone() or ()
            assert isinstance(now, datetime)
            connection.execute("update agent_goals_raw.goal_events set loaded_at = ?", [now - age])
        return run_program(tmp_path, "dbt", "--no-use-colors", "source", "freshness", project=project)

    assert "1 of 1 PASS freshness of agent_goals_raw.goal_events" in checked(timedelta(hours=35))
    assert "1 of 1 WARN freshness of agent_goals_raw.goal_events" in checked(timedelta(hours=37))
    with pytest.raises(AssertionError, match=r"1 of 1 ERROR STALE freshness of agent_goals_raw\.goal_events"):
        checked(timedelta(days=7, hours=1))
    (project / "dbt_project.yml").write_text(about + OVERRIDDEN, encoding="utf-8")
    with pytest.raises(AssertionError, match=r"ERROR STALE freshness of agent_goals_raw\.cost_events") as failed:
        checked(timedelta(days=21))
    assert "WARN freshness of agent_goals_raw.goal_events" in str(failed.value)


def test_the_workflow_is_one_of_github() -> None:
    workflow = EXAMPLES / "github-actions.yml"
    checker = [str(PROGRAMS / "check-jsonschema"), "--builtin-schema", "vendor.github-workflows"]
    done = subprocess.run([*checker, str(workflow)], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    job = yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"]["goals"]
    assert in_order("\n".join(step.get("run", "") for step in job["steps"]))


@pytest.mark.parametrize("name", ["airflow_dag.py", "dagster_definitions.py"])
def test_the_python_examples_compile_and_name_every_step(name: str, tmp_path: Path) -> None:
    py_compile.compile(str(EXAMPLES / name), cfile=str(tmp_path / "compiled.pyc"), doraise=True)
    assert in_order(re.sub(r'", "', " ", (EXAMPLES / name).read_text(encoding="utf-8")))


def test_airflow_runs_the_load_as_it_stands() -> None:
    """Airflow takes commands for templates of Jinja, to which bash's `${#files[@]}` begins a comment."""
    module = ast.parse((EXAMPLES / "airflow_dag.py").read_text(encoding="utf-8"))
    (load,) = [node.value for node in module.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "LOAD"]
    command = ast.literal_eval(load)
    assert jinja2.Template(command, keep_trailing_newline=True).render() == command
    assert subprocess.run(["bash", "-n", "-c", command], check=False).returncode == 0


def in_order(text: str) -> bool:
    """Whether every step stands there, one after the other."""
    steps = ["agent-goals load", *STEPS[1:]]
    return re.search(".*".join(map(re.escape, steps)), text, re.DOTALL) is not None
