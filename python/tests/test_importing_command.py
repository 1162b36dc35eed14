"""``agent-goals import`` as a person runs it."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result

from agent_goals.cli import main
from agent_goals.importing import FORMATS
from agent_goals.importing.report import PROBLEMS, UNDERSTOOD
from importing_shapes import SHAPES, agent, call
from project import ROOT

COLLECTOR = SHAPES / "collector.jsonl"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("DBT_PROFILE", "DBT_TARGET", "DBT_PROFILES_DIR", "DBT_PROJECT_DIR"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "dbt_project.yml").write_text("name: shop\nprofile: shop\n")
    (tmp_path / "profiles.yml").write_text("shop: {target: dev, outputs: {dev: {type: duckdb, path: shop.duckdb}}}\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def count(project: Path, table: str) -> int:
    with duckdb.connect(str(project / "shop.duckdb")) as connection:
        (found,) = connection.execute(f"select count(*) from agent_goals_raw.{table}").fetchone() or (None,)
    return int(found or 0)


def test_records_are_printed_and_the_report_goes_elsewhere(project: Path) -> None:
    result = run("import", COLLECTOR)
    assert result.exit_code == 0
    assert [json.loads(line)["type"] for line in result.stdout.splitlines()] == [
        "cost",
        "goal",
        "session",
        "turn",
        "turn",
        "turn",
    ]
    assert "1 no record: repeated_usage" in result.stderr


@pytest.mark.parametrize("name", ["records.ndjson", "records.ndjson.gz"])
def test_records_in_a_file_are_what_load_takes(project: Path, name: str) -> None:
    result = run("import", "otel", COLLECTOR, "--output", name, "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["records"] == {"cost": 1, "goal": 1, "session": 1, "turn": 3}
    loaded = run("load", name, "--json")
    assert (loaded.exit_code, json.loads(loaded.stdout)["loaded"]) == (0, 6)


def test_load_lands_them_at_once_and_again_changes_nothing(project: Path) -> None:
    first = run("import", COLLECTOR, "--load", "--json")
    assert (first.exit_code, json.loads(first.stdout)["load"]["loaded"]) == (0, 6)
    again = json.loads(run("import", COLLECTOR, "--load", "--json").stdout)["load"]
    assert (again["loaded"], again["duplicate"], again["rejected"]) == (0, 6, 0)
    assert (count(project, "cost_events"), count(project, "goal_events"), count(project, "conversation_turns")) == (1, 1, 3)
    with duckdb.connect("shop.duckdb") as connection:
        assert connection.execute("select distinct file from agent_goals_raw.load_batches").fetchall() == [
            (f"{COLLECTOR.resolve()} (imported)",)
        ]


def test_the_other_order_of_the_same_spans_changes_nothing(project: Path) -> None:
    spans = [call("c1", "a"), call("c2", "a", start=2), agent("a", seconds=9)]
    (project / "one.json").write_text(json.dumps(spans))
    (project / "other.json").write_text(json.dumps(spans[::-1]))
    run("import", "one.json", "--load")
    assert json.loads(run("import", "other.json", "--load", "--json").stdout)["load"]["loaded"] == 0


def test_what_is_no_record_is_listed_with_its_raw_text(project: Path) -> None:
    (project / "traces.jsonl").write_text(COLLECTOR.read_text() + "{oops\n")
    result = run("import", "traces.jsonl", "--output", "records.ndjson", "--left-out", "left_out.ndjson")
    assert result.exit_code == 1
    assert "line 3 of traces.jsonl: malformed_json" in result.stderr
    listed = {thing["reason_code"]: thing for thing in map(json.loads, (project / "left_out.ndjson").read_text().splitlines())}
    assert listed["malformed_json"] == {
        "file": "traces.jsonl",
        "line": "line 3",
        "reason_code": "malformed_json",
        "is_problem": True,
        "reason": "not valid JSON at character 2: Expecting property name enclosed in double quotes.",
        "raw_text": "{oops",
    }
    repeated = listed["repeated_usage"]
    assert (repeated["line"], repeated["is_problem"]) == ("line 2, span 00f067aa0ba902b7", False)
    assert json.loads(repeated["raw_text"])["name"] == "invoke_agent support"


def test_without_the_list_a_person_is_told_of_it(project: Path) -> None:
    (project / "traces.jsonl").write_text("{oops\n" * 8)
    result = run("import", "traces.jsonl")
    assert result.exit_code == 1
    assert "... and 3 more" in result.stderr
    assert "--left-out FILE" in result.stderr


def test_the_format_that_was_named_is_the_only_one_tried(project: Path) -> None:
    for arguments in (["import", "galtea", COLLECTOR], ["import", "--from", "galtea", COLLECTOR]):
        result = run(*arguments)
        assert result.exit_code == 1
        assert result.stdout == ""
        assert "unknown_shape" in result.stderr


def test_files_of_several_formats_go_in_together(project: Path) -> None:
    shapes = sorted(SHAPES.glob("*.json*"))
    result = run("import", *shapes, "--output", "all.ndjson", "--json")
    assert result.exit_code == 0
    forms = {Path(file["file"]).name: file["from"] for file in json.loads(result.stdout)["files"]}
    assert forms == {
        "collector.jsonl": "otel",
        "galtea.json": "galtea",
        "langfuse_observations.jsonl": "langfuse",
        "langfuse_scores.jsonl": "langfuse",
        "strands_report.json": "strands",
    }
    assert run("validate", "all.ndjson").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["import", "missing.jsonl"], "missing.jsonl does not exist"),
        (["import", "otel"], "otel is a format: name the files"),
        (["import", str(COLLECTOR), "--output", "no/folder/x.ndjson"], "cannot write no/folder/x.ndjson"),
        (["import", str(COLLECTOR), "--left-out", "no/folder/x.ndjson"], "cannot write no/folder/x.ndjson"),
        (["import", str(COLLECTOR), "--load", "--output", "x.ndjson"], "choose one"),
        (["import", str(COLLECTOR), "--load", "--target", "prod"], "has no target 'prod'"),
    ],
)
def test_what_cannot_run_says_why_and_exits_2(project: Path, arguments: list[str], message: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.output


def test_an_output_is_whole_or_not_there(project: Path) -> None:
    (project / "records.ndjson").write_text("precious\n")
    assert run("import", COLLECTOR, "missing.jsonl", "--output", "records.ndjson").exit_code == 2
    assert (project / "records.ndjson").read_text() == "precious\n"
    assert [path.name for path in project.iterdir() if "part" in path.name] == []


def test_an_empty_file_is_no_error(project: Path) -> None:
    (project / "empty.json").touch()
    result = run("import", "empty.json")
    assert result.exit_code == 0
    assert "empty.json is empty" in result.stderr


def test_a_reader_that_goes_away_is_no_crash(project: Path) -> None:
    lines = "".join(json.dumps(call(f"{number:x}", None, trace=f"t{number}")) + "\n" for number in range(3_000))
    (project / "many.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    command = [sys.executable, "-m", "agent_goals.cli", "import", "many.jsonl.gz"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert "Traceback" not in process.stderr.read()


def test_help_shows_examples() -> None:
    assert "agent-goals import traces.jsonl --load" in run("import", "--help").stdout


def test_every_reason_is_explained_in_the_documentation() -> None:
    documented = (ROOT / "docs/importing.md").read_text(encoding="utf-8")
    assert [code for code in (*PROBLEMS, *UNDERSTOOD) if f"`{code}`" not in documented] == []
    assert all(f"| `{name}` |" in (ROOT / "README.md").read_text(encoding="utf-8") for name in FORMATS)
