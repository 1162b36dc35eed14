"""DuckDB, in a file of its own."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import duckdb

from project import PROGRAMS

from .engine import AS_IT_IS, Build, Engine, Rows, as_mappings


@dataclass(frozen=True)
class DuckDBEngine(Engine):
    """The embedded default, which the others are compared with."""

    @classmethod
    def at(cls, workspace: Path, time_zone: str = "UTC") -> Self:
        """An engine whose file is in a folder."""
        variables = {"AGENT_GOALS_DUCKDB_PATH": str(workspace / "agent_goals.duckdb"), "TZ": time_zone}
        return cls("dev", "duckdb", variables, workspace)

    def rows(self, query: str) -> Rows:
        """Run a query."""
        with self._connection() as connection:
            found = connection.execute(query)
            return as_mappings([column[0] for column in found.description], found.fetchall())

    def execute(self, statement: str) -> None:
        """Run a statement."""
        with self._connection() as connection:
            connection.execute(statement)

    def fill(self, relation: str, parquet: Path) -> None:
        """Insert a file's rows."""
        self.execute(f"insert into {relation} from '{parquet}'")

    def _connection(self) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect(self.environment["AGENT_GOALS_DUCKDB_PATH"])
        connection.execute("set timezone = 'UTC'")
        return connection


@dataclass(frozen=True)
class DuckDBElsewhere(DuckDBEngine):
    """The same, in another time zone: dbt runs in processes of its own, since DuckDB asks for the machine's zone once."""

    def dbt(self, command: str, *arguments: str, build: Build = AS_IT_IS) -> dict[str, Any]:
        """Run a dbt command; it gives no nodes.

        Raises:
            AssertionError: when dbt does not end well, with what it said.
        """
        outputs = [
            "--target",
            self.target,
            "--target-path",
            str(self.workspace / "run"),
            "--log-path",
            str(self.workspace / "run"),
        ]
        done = subprocess.run(
            [str(PROGRAMS / "dbt"), command, *build.arguments, *outputs, *arguments],
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return {}
