"""The engines that the project's SQL is run on: DuckDB always, PostgreSQL and Spark where they are installed.

The other engines, and this process while it uses them, live in a zone that is a quarter of an hour off: what they build
must not depend on it.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator
from typing import NoReturn

import pytest

from .duck import DuckDBEngine
from .engine import Engine
from .postgres import PostgresEngine, running_server, server_binaries

TIME_ZONE = "Asia/Kathmandu"


def absent(reason: str) -> NoReturn:
    """Skip what this machine cannot run; where everything is installed on purpose, that is a failure."""
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def duckdb_engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return DuckDBEngine.at(tmp_path_factory.mktemp("duckdb"))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[int]:
    """The port of a PostgreSQL server on 127.0.0.1."""
    binaries = server_binaries()
    if binaries is None:
        absent("there is no PostgreSQL server: apt-get install postgresql")
    for module in ("psycopg", "psycopg2"):
        if importlib.util.find_spec(module) is None:
            absent(f"{module} is not installed: `make test-engines` installs it")
    with running_server(binaries, TIME_ZONE) as port:
        yield port


@pytest.fixture(scope="session")
def postgres_engine(postgres_server: int, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    reached_by = {"AGENT_GOALS_POSTGRES_HOST": "127.0.0.1", "AGENT_GOALS_POSTGRES_PORT": str(postgres_server), "TZ": TIME_ZONE}
    return PostgresEngine("postgres", "postgres", reached_by, tmp_path_factory.mktemp("postgres"))


@pytest.fixture(scope="session")
def spark_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    if shutil.which("java") is None:
        absent("Spark needs Java: apt-get install default-jre-headless")
    if importlib.util.find_spec("pyspark") is None:
        absent("pyspark is not installed: `make test-engines` installs it")
    # pyspark is only there when the engines are installed.
    from .cluster import running_cluster  # noqa: PLC0415
    from .spark import SparkEngine, close_session, iceberg_jar  # noqa: PLC0415

    workspace = tmp_path_factory.mktemp("spark")
    local = {"AGENT_GOALS_SPARK_DIR": str(workspace / "warehouse"), "SPARK_LOCAL_IP": "127.0.0.1", "TZ": TIME_ZONE}
    with running_cluster(workspace / "cluster", local) as url:
        reached_by = {**local, "AGENT_GOALS_SPARK_MASTER": url, "AGENT_GOALS_SPARK_JARS": str(iceberg_jar())}
        engine = SparkEngine("spark_iceberg", "spark", reached_by, workspace)
        # dbt opens the session, with the profile's settings.
        engine.dbt("show", "--inline", "select 1 as one")
        yield engine
        close_session()


@pytest.fixture(params=["duckdb", "postgres", "spark"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn."""
    found: Engine = request.getfixturevalue(f"{request.param}_engine")
    return found
