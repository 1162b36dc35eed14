"""One engine that dbt builds on: its target, its environment, and ways to land tables there and to read what was built."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dbt.cli.main import dbtRunner
from dbt.contracts.results import RunStatus, TestStatus

from agent_goals.ddl import COLUMN_TYPES, Dialect, create_all, quote
from agent_goals.profile import RAW_SCHEMA_DEFAULT
from project import ROOT

from .landing import Landing

PASSED = (RunStatus.Success, TestStatus.Pass)

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Build:
    """A dbt project on an engine.

    Attributes:
        project: the project's folder.
        variables: dbt vars.
    """

    project: Path = ROOT
    variables: Mapping[str, Any] | None = None

    @property
    def arguments(self) -> list[str]:
        """What dbt's command line says of it."""
        return ["--project-dir", str(self.project), "--profiles-dir", str(ROOT), "--vars", json.dumps(self.variables or {})]


AS_IT_IS = Build()
FROM_SEEDS = Build(variables={"agent_goals__use_seeds": True})


@dataclass(frozen=True)
class Engine:
    """A target of the project's profile, with what it needs to be reached.

    Attributes:
        target: the output in profiles.yml.
        dialect: what the raw tables' DDL is written in.
        environment: variables that the profile and the engine read.
        workspace: a folder for dbt's artefacts and logs.
    """

    target: str
    dialect: Dialect
    environment: Mapping[str, str]
    workspace: Path

    def rows(self, query: str) -> Rows:
        """Run a query; each row is a mapping of column to value, moments in UTC without a zone."""
        raise NotImplementedError

    def execute(self, statement: str) -> None:
        """Run a statement that gives no rows."""
        raise NotImplementedError

    def fill(self, relation: str, parquet: Path) -> None:
        """Insert a Parquet file's rows into a table that has its columns, in bulk."""
        raise NotImplementedError

    def dbt(self, command: str, *arguments: str, build: Build = AS_IT_IS) -> dict[str, Any]:
        """Run a dbt command on this engine, and give each node that it ran by name.

        Raises:
            AssertionError: when a node did not pass, with every message.
        """
        results = self.invoke(command, *arguments, build=build)
        failures = [f"{each.node.name}: {each.status}: {each.message}" for each in results if each.status not in PASSED]
        assert not failures, f"dbt {command} on {self.target}:\n" + "\n".join(failures)
        return {each.node.name: each.node for each in results}

    def seed(self, build: Build) -> None:
        """Load the project's seeds."""
        self.dbt("seed", build=build)

    def land(self, landing: Landing, build: Build, *, loads: int | None = None) -> None:
        """Make the raw tables by the contract's DDL and the definitions' tables as text, and fill them.

        Args:
            landing: what to fill them with.
            build: the project that has the definitions' seeds.
            loads: how many of the first loads; all of them by default.
        """
        self.execute(f"drop schema if exists {RAW_SCHEMA_DEFAULT} cascade")
        for statement in create_all(RAW_SCHEMA_DEFAULT, self.dialect):
            self.execute(statement)
        for name, of_loads in landing.raw.items():
            for parquet in of_loads[:loads]:
                self.fill(f"{RAW_SCHEMA_DEFAULT}.{name}", parquet)
        seeds = {node.name: node for node in self.nodes(build) if node.resource_type == "seed"}
        for name, parquet in landing.texts.items():
            relation = seeds[name].relation_name
            columns = (
                f"{quote(column, self.dialect)} {COLUMN_TYPES[self.dialect]['string']}" for column in landing.columns[name]
            )
            self.execute(f"create schema if not exists {seeds[name].schema}")
            self.execute(f"create table if not exists {relation} ({', '.join(columns)})")
            self.execute(f"truncate table {relation}")
            self.fill(relation, parquet)

    def nodes(self, build: Build) -> list[Any]:
        """Every node of the project, as dbt parses it for this engine."""
        return list(self.invoke("parse", build=build).nodes.values())

    def invoke(self, command: str, *arguments: str, build: Build = AS_IT_IS) -> Any:
        """Run a dbt command on this engine, and give what dbt's own runner gives for it."""
        artefacts = self.workspace / build.project.name
        outputs = ["--target", self.target, "--target-path", str(artefacts / "target"), "--log-path", str(artefacts / "logs")]
        with environment(self.environment):
            outcome = dbtRunner().invoke([command, *build.arguments, *outputs, *arguments])
        if outcome.exception is not None:
            raise AssertionError(f"dbt {command} on {self.target} could not run") from outcome.exception
        return outcome.result


@contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables for as long as the context lasts."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def as_mappings(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Rows:
    """Each row as a mapping of column to value."""
    return [dict(zip(columns, row, strict=True)) for row in rows]
