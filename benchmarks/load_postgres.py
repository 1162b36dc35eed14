"""How fast is `agent-goals load` into PostgreSQL, beside a bare COPY of the very rows that it lands?

    python benchmarks/load_postgres.py [--records 1000000] [--runs 5]

Both write to an unindexed table of a throw-away server on this machine, without fsync. The bare COPY has the rows ready as
lines in a file and checks nothing. Each run has an empty database; the runs alternate, and medians are compared.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from load import generate

sys.path.insert(0, str(Path(__file__).parents[1] / "python" / "tests"))

from agent_goals.contract import GOAL
from agent_goals.ddl import create_all
from agent_goals.loading import find_source, load
from agent_goals.profile import RAW_SCHEMA_DEFAULT, Target
from agent_goals.raw import RawTables
from agent_goals.warehouse import Postgres, connect
from engines.postgres import running_server, server_binaries

_TABLE = RawTables(RAW_SCHEMA_DEFAULT).of(GOAL)
_BLOCK_BYTES = 1 << 20


def open_database(port: int) -> Postgres:
    """The server's database, as the command opens it."""
    config = {"type": "postgres", "host": "127.0.0.1", "port": port, "user": "postgres", "dbname": "postgres"}
    warehouse = connect(Target("benchmark", "benchmark", config, Path.cwd(), RAW_SCHEMA_DEFAULT, {}))
    assert isinstance(warehouse, Postgres)
    return warehouse


def load_with_agent_goals(warehouse: Postgres, records: Path) -> int:
    """The product, as its command runs it."""
    return load(warehouse, [find_source(records, "goal")]).count_loaded


def copy_bare(warehouse: Postgres, lines: Path) -> int:
    """The limit: the same rows as lines of COPY's text format."""
    with lines.open("rb") as file, warehouse.connection.cursor() as cursor:
        with cursor.copy(f"copy {_TABLE} from stdin") as copy:
            while block := file.read(_BLOCK_BYTES):
                copy.write(block)
        return cursor.rowcount


def write_lines(warehouse: Postgres, lines: Path) -> None:
    """What was loaded, as the bare COPY reads it."""
    with (
        lines.open("wb") as file,
        warehouse.connection.cursor() as cursor,
        cursor.copy(f"copy {_TABLE} to stdout") as copy,
    ):
        for block in copy:
            file.write(block)


def main() -> None:
    """Generate, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    binaries = server_binaries()
    if binaries is None:
        print("there is no PostgreSQL server here: apt-get install postgresql")
        return
    with tempfile.TemporaryDirectory() as folder, running_server(binaries, "UTC") as port, open_database(port) as warehouse:
        records, lines = Path(folder, "goals.ndjson"), Path(folder, "goals.copy")
        generate(records, options.records, with_ids=True)
        ways: dict[str, Callable[[], int]] = {
            "agent-goals load": lambda: load_with_agent_goals(warehouse, records),
            "bare COPY": lambda: copy_bare(warehouse, lines),
        }
        seconds: dict[str, list[float]] = {way: [] for way in ways}
        rows: dict[str, int] = {}
        for _ in range(options.runs):
            for way, run in ways.items():
                warehouse.connection.execute(f"drop schema if exists {RAW_SCHEMA_DEFAULT} cascade")
                for statement in create_all(RAW_SCHEMA_DEFAULT, "postgres"):
                    warehouse.run(statement)
                warehouse.connection.execute("checkpoint")
                started = time.perf_counter()
                rows[way] = run()
                seconds[way].append(time.perf_counter() - started)
                if not lines.exists():
                    write_lines(warehouse, lines)
    if len(set(rows.values())) != 1:
        sys.exit(f"the two did not write the same number of rows: {rows}")
    medians = {way: statistics.median(measured) for way, measured in seconds.items()}
    print("| way | seconds | rows | rows/s | speed |\n| --- | --- | --- | --- | --- |")
    for way, median in medians.items():
        print(f"| {way} | {median:.2f} | {rows[way]:,} | {rows[way] / median:,.0f} | {medians['bare COPY'] / median:.2f} |")
    print(f"peak memory of the loading process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")


if __name__ == "__main__":
    main()
