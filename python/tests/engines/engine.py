"""One engine that dbt builds on: its target, its environment, and a way to read what was built."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dbt.cli.main import dbtRunner
from dbt.contracts.results import RunStatus, TestStatus

PROJECT = Path(__file__).parents[3]
FROM_SEEDS = ("--vars", "{agent_goals__use_seeds: true}")
PASSED = (RunStatus.Success, TestStatus.Pass)

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Engine:
    """A target of the project's profile, with what it needs to be reached.

    Attributes:
        target: the output in profiles.yml.
        environment: variables that the profile reads.
        workspace: a folder for dbt's artefacts and logs.
        rows: runs a query and gives each row as a mapping of column to value.
    """

    target: str
    environment: Mapping[str, str]
    workspace: Path
    rows: Callable[[str], Rows]

    def dbt(self, command: str, *arguments: str) -> dict[str, Any]:
        """Run a dbt command on this engine, and give each node that it ran by name.

        Raises:
            AssertionError: when a node did not pass, with every message.
        """
        results = self.invoke(command, *arguments)
        failures = [f"{each.node.name}: {each.status}: {each.message}" for each in results if each.status not in PASSED]
        assert not failures, f"dbt {command} on {self.target}:\n" + "\n".join(failures)
        return {each.node.name: each.node for each in results}

    def seed(self) -> None:
        """Load the seeds, the demo's records among them."""
        self.dbt("seed", *FROM_SEEDS)

    def invoke(self, command: str, *arguments: str) -> Any:
        """Run a dbt command on this engine, and give what dbt's own runner gives for it."""
        folders = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--target", self.target]
        outputs = ["--target-path", str(self.workspace / "target"), "--log-path", str(self.workspace / "logs")]
        with environment(self.environment):
            outcome = dbtRunner().invoke([command, *folders, *outputs, *arguments])
        if outcome.result is None:
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
