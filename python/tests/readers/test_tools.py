"""Tools that people have read what was published over drivers of their own, and find every value as it is in the marts."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

from agent_goals.cli import main
from agent_goals.publishing import LATEST, STORAGE_VERSION
from project import ROOT
from readers.tools import TABLES, as_text, by_column, select

#: The tools' environment, and a folder of it with the oldest versions; `make test-readers` makes them.
PYTHON = Path(os.environ.get("AGENT_GOALS_READERS_PYTHON", ROOT / ".venv-readers/bin/python"))
OLDEST = PYTHON.parents[1] / "oldest"

#: Values of every type that the marts have which drivers like to change on the way.
MARTS = """
create table agent_goals__sessions (
    session_id varchar, cost decimal(28, 10), started_at timestamp, session_date date, share double, is_success boolean,
    count_tries bigint
);
insert into agent_goals__sessions values
    ('a: ünï ''quoted'' "twice", 日本語 🙂', 123456789012345678.0123456789, '1899-12-31 23:59:59.999999', '1582-10-04', 0.1, true,
        9007199254740993),
    ('b: two\r\nlines	and a tab', -0.0000000001, '1970-01-01 00:00:00', '1970-01-01', -0.0, false, -9223372036854775808),
    ('c: <script>alert(1)</script>', 999999999999999999.9999999999, '9999-12-31 23:59:59.999999', '9999-12-31', 5e-324, null, 0),
    ('d: e\u0301 is not \u00e9; \u202eright to left', -999999999999999999.9999999999, '0001-01-01 00:00:00', '0001-01-01',
        1.7976931348623157e308, null, 9223372036854775807),
    ('e: NULL', 0, '2026-03-29 02:30:00', '2026-03-29', 0.1::double + 0.2::double, true, 1),
    ('f: all null', null, null, null, null, null, null),
    ('', 0.1, '1969-12-31 23:59:59.000001', '1969-12-31', 1e22, false, -1);
create view agent_goals__goal_performance as select session_id, cost, started_at from agent_goals__sessions where cost > 0;
"""

EXACT = {
    "duckdb": "file", "sqlalchemy": "file", "adbc": "file", "pandas": "file", "pandas_parquet": "parquet", "polars": "file",
    "polars_parquet": "parquet", "command_line": "file",
}  # fmt: skip


@dataclass(frozen=True)
class Copies:
    """What was published.

    Attributes:
        places: the file and the folder of Parquet files.
        expected: each table's columns in the marts, with the values as text, by which copy.
    """

    places: dict[str, Path]
    expected: dict[str, dict[str, Any]]


def texts(connection: duckdb.DuckDBPyConnection, table: str, query: str) -> dict[str, list[str | None]]:
    found = connection.execute(query)
    columns = by_column([column[0] for column in found.description], found.fetchall())
    return {name: [as_text(value) for value in values] for name, values in columns.items()}


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copies]:
    """Both copies, with the file open for reading all the time: who would write to it is refused."""
    if not PYTHON.exists():
        pytest.skip(f"{PYTHON.parents[1].name} is not there: run `make test-readers`")
    folder = tmp_path_factory.mktemp("readers")
    source = folder / "agent_goals.duckdb"
    with duckdb.connect(str(source)) as connection:
        connection.execute(MARTS)
    places = {"file": folder / "published.duckdb", "parquet": folder / "parquet" / LATEST}
    for option, place in (("--output", places["file"]), ("--parquet", places["parquet"].parent)):
        environment = {"AGENT_GOALS_DUCKDB_PATH": str(source), "DBT_PROFILES_DIR": str(ROOT)}
        published = CliRunner(env=environment).invoke(main, ["publish", "--project-dir", str(ROOT), option, str(place)])
        assert published.exit_code == 0, published.output
    with duckdb.connect(str(source), read_only=True) as marts, duckdb.connect(str(places["file"]), read_only=True) as file:
        contents = TABLES[1]
        expected = {table: texts(marts, table, select(table)) for table in TABLES if table != contents}
        in_parquet = f"from '{places['parquet']}/{contents}.parquet' order by 1"
        yield Copies(
            places,
            {
                "file": {**expected, contents: texts(file, contents, select(contents))},
                "parquet": {**expected, contents: texts(file, contents, in_parquet)},
            },
        )


def read(tool: str, place: Path, **environment: str) -> dict[str, Any]:
    """What a tool reads, in a process of its own environment."""
    program = Path(__file__).with_name("tools.py")
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [str(PYTHON), str(program), tool, str(place)]
    done = subprocess.run(command, env=inherited | environment, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("tool", EXACT)
def test_every_value_is_read_as_it_is(copies: Copies, tool: str) -> None:
    found = read(tool, copies.places[EXACT[tool]])
    assert found["tables"] == copies.expected[EXACT[tool]]


@pytest.mark.parametrize("tool", ["duckdb", "sqlalchemy"])
def test_the_oldest_duckdb_that_is_promised_reads_the_file(copies: Copies, tool: str) -> None:
    assert f"v{read('duckdb', copies.places['file'], PYTHONPATH=str(OLDEST))['version']}" == STORAGE_VERSION
    found = read(tool, copies.places["file"], PYTHONPATH=str(OLDEST))
    assert found["version"].startswith({"duckdb": "1.0.", "sqlalchemy": "1.4."}[tool])
    assert found["tables"] == copies.expected["file"]


@pytest.mark.parametrize("folder", ["", str(OLDEST)], ids=["newest", "oldest"])
def test_sqlalchemy_finds_the_types(copies: Copies, folder: str) -> None:
    types = read("sqlalchemy_types", copies.places["file"], PYTHONPATH=folder)["tables"]["agent_goals__sessions"]
    assert types == {
        name: [as_text(kind)]
        for name, kind in {
            "session_id": "String()", "cost": "NUMERIC(precision=28, scale=10)", "started_at": "TIMESTAMP()",
            "session_date": "DATE()", "share": "FLOAT()", "is_success": "BOOLEAN()", "count_tries": "BigInteger()",
        }.items()
    }  # fmt: skip


def test_two_ways_change_values(copies: Copies) -> None:
    """Why the documentation names others: decimals go through doubles, and so do pandas' whole numbers beside a null."""
    expected = copies.expected["file"]["agent_goals__sessions"]
    by_pandas = read("pandas_sql", copies.places["file"])["tables"]["agent_goals__sessions"]
    assert by_pandas["cost"][1] == as_text(1.2345678901234568e17)
    assert by_pandas["count_tries"][1] == as_text(9007199254740992.0)
    assert by_pandas["session_id"] == expected["session_id"]
    by_columns = read("sqlalchemy_reflected", copies.places["file"])["tables"]["agent_goals__sessions"]
    assert by_columns["cost"][1] == "decimal 123456789012345680.0000000000"
    assert by_columns | {"cost": expected["cost"]} == expected
