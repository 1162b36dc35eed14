"""Load files with the helper, build the marts with dbt, and read them: what a user does, in a folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
PROGRAMS = Path(sys.executable).parent


def data_set(name: str) -> Path:
    """The folder of a published data set, or a skipped test when it is not beside the project."""
    folder = DATA / name
    if not folder.is_dir():
        pytest.skip(f"the data set {name} is not in {DATA.parent.name}/{DATA.name} beside the project")
    return folder


@dataclass(frozen=True)
class Marts:
    """The marts of one build, in a DuckDB file.

    Attributes:
        path: the DuckDB file.
    """

    path: Path

    def rows(self, query: str) -> list[dict[str, Any]]:
        """Run a query; each row is a mapping of column to value."""
        with duckdb.connect(str(self.path), read_only=True) as connection:
            found = connection.execute(query)
            names = [column[0] for column in found.description]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def row(self, query: str) -> dict[str, Any]:
        """The only row of a query.

        Raises:
            ValueError: when there is not exactly one.
        """
        (row,) = self.rows(query)
        return row

    def by_group(self, query: str) -> dict[str, dict[str, Any]]:
        """The rows of a query whose first column names the group, by that name."""
        return {str(values[0]): dict(list(row.items())[1:]) for row in self.rows(query) for values in [list(row.values())]}


def compiled_analysis(marts: Marts, name: str) -> str:
    """The SQL of an analysis, as dbt compiled it for a build with ``compile_analyses``."""
    return (marts.path.parent / "target/compiled/agent_goals/analyses" / f"{name}.sql").read_text(encoding="utf-8")


def build_marts(
    folder: Path,
    files: Iterable[Path],
    variables: Mapping[str, object] | None = None,
    *,
    project: Path = ROOT,
    compile_analyses: bool = False,
) -> Marts:
    """Load ``files`` and run ``dbt build`` with every data test, on a DuckDB file in ``folder``.

    Args:
        folder: where the DuckDB file, dbt's artefacts and its logs go.
        files: what to load; none when the records come as seeds.
        variables: dbt vars.
        project: the dbt project to build.
        compile_analyses: whether to compile the analyses as well.

    Raises:
        AssertionError: with the output, when the load or the build does not pass.
    """
    marts = Marts(folder / "agent_goals.duckdb")
    environment = _environment(folder)
    paths = [str(path) for path in files]
    if paths:
        _run([str(PROGRAMS / "agent-goals"), "load", *paths], environment, project)
    given = "{" + ", ".join(f"{name}: {value}" for name, value in (variables or {}).items()) + "}"
    dbt = [str(PROGRAMS / "dbt"), "--quiet"]
    if (project / "packages.yml").exists():
        _run([*dbt, "deps"], environment, project)
    _run([*dbt, "build", "--exclude-resource-type", "unit_test", "--vars", given], environment, project)
    if compile_analyses:
        _run([*dbt, "compile", "--vars", given], environment, project)
    return marts


def import_files(folder: Path, arguments: Iterable[Path | str], *, project: Path = ROOT) -> dict[str, Any]:
    """Run ``agent-goals import --load`` on the DuckDB file that ``build_marts`` uses in ``folder``; returns its report.

    Raises:
        AssertionError: with the output, when it does not pass.
    """
    found: dict[str, Any] = json.loads(
        run_program(folder, "agent-goals", "import", *arguments, "--load", "--json", project=project)
    )
    return found


def run_program(folder: Path, program: str, *arguments: Path | str, project: Path = ROOT) -> str:
    """Run ``dbt`` or ``agent-goals`` on the DuckDB file that ``build_marts`` uses in ``folder``; returns what it printed.

    Raises:
        AssertionError: with the output, when it does not pass.
    """
    return _run([str(PROGRAMS / program), *map(str, arguments)], _environment(folder), project)


def _environment(folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "AGENT_GOALS_DUCKDB_PATH": str(folder / "agent_goals.duckdb"),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
        "DBT_PROFILES_DIR": str(ROOT),
    }


def _run(command: list[str], environment: dict[str, str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def rounded(value: Any, places: int = 10) -> Decimal | None:
    """``value`` to ``places`` places after the point; null stays null."""
    return None if value is None else Decimal(str(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def ratio(numerator: Any, denominator: Any) -> Decimal | None:
    """``numerator / denominator`` to ten places, null when either is null or there is nothing to divide by."""
    return None if numerator is None or not denominator else rounded(Decimal(numerator) / Decimal(denominator))
