"""The engines that the project's SQL is run on: DuckDB always, PostgreSQL and Spark where they are installed."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator
from typing import NoReturn

import duckdb
import pytest

from .engine import Engine, Rows, as_mappings
from .postgres import running_server, server_binaries


def absent(reason: str) -> NoReturn:
    """Skip what this machine cannot run; where everything is installed on purpose, that is a failure."""
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def duckdb_engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    workspace = tmp_path_factory.mktemp("duckdb")
    path = workspace / "agent_goals.duckdb"

    def rows(query: str) -> Rows:
        with duckdb.connect(path) as connection:
            connection.execute("set timezone = 'UTC'")
            found = connection.execute(query)
            return as_mappings([column[0] for column in found.description], found.fetchall())

    return Engine("dev", {"AGENT_GOALS_DUCKDB_PATH": str(path)}, workspace, rows)


@pytest.fixture(scope="session")
def postgres_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    binaries = server_binaries()
    if binaries is None:
        absent("there is no PostgreSQL server: apt-get install postgresql")
    if importlib.util.find_spec("psycopg2") is None:
        absent("psycopg2 is not installed: `make test-engines` installs it")
    import psycopg2  # noqa: PLC0415  (only there when the engines are installed)

    with running_server(binaries) as port:

        def rows(query: str) -> Rows:
            with psycopg2.connect(host="127.0.0.1", port=port, user="postgres", dbname="postgres") as connection:
                cursor = connection.cursor()
                cursor.execute(query)
                return as_mappings([column[0] for column in cursor.description], cursor.fetchall())

        reached_by = {"AGENT_GOALS_POSTGRES_HOST": "127.0.0.1", "AGENT_GOALS_POSTGRES_PORT": str(port)}
        yield Engine("postgres", reached_by, tmp_path_factory.mktemp("postgres"), rows)


@pytest.fixture(scope="session")
def spark_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    if shutil.which("java") is None:
        absent("Spark needs Java: apt-get install default-jre-headless")
    if importlib.util.find_spec("pyspark") is None:
        absent("pyspark is not installed: `make test-engines` installs it")
    from .spark import SparkEngine, close_session, open_session  # noqa: PLC0415  (pyspark is only there when the engines are installed)

    workspace = tmp_path_factory.mktemp("spark")

    def rows(query: str) -> Rows:
        found = open_session().sql(query)
        return as_mappings(found.columns, found.collect())

    local = {"AGENT_GOALS_SPARK_DIR": str(workspace / "warehouse"), "SPARK_LOCAL_IP": "127.0.0.1"}
    yield SparkEngine("spark", local, workspace, rows)
    close_session()


@pytest.fixture(params=["duckdb", "postgres", "spark"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn."""
    found: Engine = request.getfixturevalue(f"{request.param}_engine")
    return found
