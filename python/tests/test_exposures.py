"""What dbt's lineage says that the helper reads is what it reads."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from click.testing import CliRunner

from agent_goals.cli import main
from agent_goals.warehouse import DuckDB
from project import ROOT

MARTS = ROOT / "models" / "marts"
EXPOSURES = yaml.safe_load((MARTS / "semantics" / "exposures.yml").read_text(encoding="utf-8"))["exposures"]

#: The forms of each command that together read all that it ever reads.
FORMS = {"report": ["--json"], "summary": ["--json", "--one-line"]}


def columns(model: dict[str, Any]) -> str:
    """A mart's columns as DDL, from its contract."""
    kinds = {"string": "varchar"}
    types = ((column["name"], str(column["data_type"])) for column in model["columns"])
    return ", ".join(f'"{name}" {"double" if "{{" in kind else kinds.get(kind, kind)}' for name, kind in types)


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A database with every mart and no rows, and the queries that are asked of it from now on."""
    path = tmp_path / "empty.duckdb"
    with duckdb.connect(str(path)) as connection:
        for file in MARTS.rglob("*.yml"):
            for model in yaml.safe_load(file.read_text(encoding="utf-8")).get("models", []):
                connection.execute(f"create table {model['name']} ({columns(model)})")
    asked: list[str] = []
    rows = DuckDB.rows

    def listen(self: DuckDB, query: str, **parameters: Any) -> list[tuple[Any, ...]]:
        asked.append(query)
        return rows(self, query, **parameters)

    mappings = DuckDB.mappings

    def listen_to_mappings(self: DuckDB, query: str, **parameters: Any) -> list[dict[str, Any]]:
        asked.append(query)
        return mappings(self, query, **parameters)

    monkeypatch.setattr(DuckDB, "rows", listen)
    monkeypatch.setattr(DuckDB, "mappings", listen_to_mappings)
    monkeypatch.setenv("AGENT_GOALS_DUCKDB_PATH", str(path))
    monkeypatch.setenv("DBT_PROFILES_DIR", str(ROOT))
    return asked


@pytest.mark.parametrize("exposure", EXPOSURES, ids=lambda exposure: str(exposure["name"]))
def test_an_exposure_depends_on_just_what_its_command_reads(exposure: dict[str, Any], read: list[str]) -> None:
    command = exposure["label"].split()[1]
    for form in FORMS[command]:
        done = CliRunner().invoke(main, [command, form, "--project-dir", str(ROOT)])
        assert done.exit_code == 0, done.output
    named = {name for query in read for name in re.findall(r"agent_goals__\w+", query)}
    assert named == {name for line in exposure["depends_on"] for name in re.findall(r"agent_goals__\w+", line)}
