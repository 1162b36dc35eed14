"""The demo's marts, built once, and the report that is made of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from agent_goals.report.data import Report, gather
from agent_goals.warehouse import DuckDB
from project import Marts, build_marts
from report.marts import copied, mean_harm, put_diagnostics

NOW = datetime(2026, 8, 1, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Marts:
    return build_marts(tmp_path_factory.mktemp("demo"), [], {"agent_goals__use_seeds": "true"})


def reported(path: Path) -> Report:
    with duckdb.connect(str(path), read_only=True) as connection:
        return gather(DuckDB(connection), "main", target="dev", generated_at=NOW)


@pytest.fixture(scope="session")
def whole(demo: Marts, tmp_path_factory: pytest.TempPathFactory) -> Marts:
    """The demo's marts with rows in every diagnostic."""
    path = copied(demo.path, tmp_path_factory.mktemp("whole"))
    with duckdb.connect(str(path)) as connection:
        put_diagnostics(connection)
    return Marts(path)


@pytest.fixture(scope="session")
def hostile(whole: Marts, tmp_path_factory: pytest.TempPathFactory) -> Marts:
    """The same with names that mean harm."""
    path = copied(whole.path, tmp_path_factory.mktemp("hostile"))
    with duckdb.connect(str(path)) as connection:
        mean_harm(connection)
    return Marts(path)


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened
