"""The SQL for warehouses that no test reaches: dbt compiles it offline, and it is the warehouse's dialect to the last function.

This says nothing of what it does there: only a run on the warehouse would.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlglot
from sqlglot import expressions

ROOT = Path(__file__).resolve().parents[3]
HERE = Path(__file__).parent

#: Vars that bring out more of the SQL than the defaults do.
SETTINGS = {
    "agent_goals__timezone": "Asia/Kathmandu",
    "agent_goals__restate_definitions": True,
    "agent_goals__cost_allocation": "weight",
    "agent_goals__environments": ["production", "it's staging"],
}

#: Functions that the parser takes for somebody's own, although they are the warehouse's.
KNOWN_FUNCTIONS = {"databricks": {"get", "make_dt_interval"}}


@pytest.mark.parametrize("warehouse", ["bigquery", "databricks", "redshift", "snowflake"])
def test_the_sql_is_the_warehouses_dialect(warehouse: str, tmp_path: Path) -> None:
    files = compiled_files(warehouse, tmp_path)
    models = [path for path in files if "models" in path.parts]
    assert len(models) >= 40, f"only {len(models)} models were compiled"
    told = [f"{path.name}: {problem}" for path in files for problem in problems(path.read_text(encoding="utf-8"), warehouse)]
    assert not told, "\n".join(told)


def compiled_files(warehouse: str, folder: Path) -> list[Path]:
    """Compile the project without a connection; the files of its models, tests and analyses."""
    command = [str(Path(sys.executable).parent / "dbt"), "--quiet", "compile", "--no-introspect", "--no-populate-cache"]
    command += ["--profiles-dir", str(HERE), "--target", warehouse, "--vars", json.dumps(SETTINGS)]
    command += ["--target-path", str(folder), "--log-path", str(folder)]
    done = subprocess.run(command, cwd=ROOT, env=os.environ.copy(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    compiled = folder / "compiled" / "agent_goals"
    return sorted(path for part in ("models", "tests", "analyses") for path in (compiled / part).rglob("*.sql"))


def problems(sql: str, warehouse: str) -> Iterator[str]:
    """Why the text is not one statement of the dialect; nothing when it is."""
    try:
        (statement,) = sqlglot.parse(sql, read=warehouse, error_level=sqlglot.ErrorLevel.RAISE)
    except (sqlglot.ParseError, sqlglot.TokenError, ValueError) as error:
        yield str(error)
        return
    if not isinstance(statement, expressions.Query):
        yield f"not a query but {type(statement).__name__}"
        return
    for function in statement.find_all(expressions.Anonymous):
        if function.name.lower() not in KNOWN_FUNCTIONS.get(warehouse, set()):
            yield f"{warehouse} has no function {function.name}"
