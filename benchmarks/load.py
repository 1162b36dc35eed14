"""How fast `agent-goals load` is, beside what DuckDB could do at most without validating anything, and beside dlt.

    python benchmarks/load.py                    the loader against the limit, with and without event ids
    python benchmarks/load.py --dlt --runs 3     the loader against dlt, in an environment of its own that has
                                                 `pip install -e python 'dlt[duckdb]' pydantic`

The limit is `insert into ... select * from read_json(..., ignore_errors = true)` into a table of the raw types: it takes what
it can cast and drops the rest. Each run has a process and a database of its own; the runs alternate, and medians are compared.
"""

# ruff: noqa: PLC0415 (each way imports only what it measures)

from __future__ import annotations

import argparse
import importlib.util
import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

START = datetime(2026, 1, 1, tzinfo=UTC)
BROKEN = ("malformed", "missing goal", "word for achieved", "no time", "number for session", "list for metadata")


def generate(path: Path, count: int, *, with_ids: bool) -> None:
    """Write `count` goal records in order of time, 1% of them bad in one of six ways."""
    random_ = random.Random(7)
    with path.open("w") as file:
        for number in range(count):
            record: dict[str, Any] = {
                "session_id": f"s{random_.randrange(400_000):08d}",
                "occurred_at": (START + timedelta(seconds=number * 7.3))
                .isoformat(timespec="milliseconds")
                .replace("+00:00", "Z"),
                "goal": random_.choice(["issue_resolved", "lead_qualified", "code_accepted", "article_published"]),
                "achieved": random_.random() < 0.8,
                "agent": random_.choice(["support", "sales", "coder"]),
                "environment": "production",
                "verdict_source": "automatic",
                "customer_id": f"c{random_.randrange(90_000)}",
                "metadata": {
                    "attempts": random_.randrange(1, 4),
                    "customer_satisfaction": random_.randrange(1, 6),
                    "channel": random_.choice(["web", "mail"]),
                },
            }
            if random_.random() < 0.3:
                record["value"] = round(random_.random() * 500, 2)
            if random_.random() < 0.3:
                record["reason"] = "the customer said that the answer helped and left no further question open"
            if random_.random() < 0.2:
                record["time_to_goal_seconds"] = round(random_.random() * 900, 1)
            if with_ids:
                record["event_id"] = f"{number:012x}-{random_.getrandbits(64):016x}"
            kind = random_.choice(BROKEN) if random_.random() < 0.01 else None
            if kind == "missing goal":
                del record["goal"]
            record |= {
                "word for achieved": {"achieved": "yes"},
                "no time": {"occurred_at": "tomorrow"},
                "number for session": {"session_id": 17},
                "list for metadata": {"metadata": [1, 2]},
            }.get(kind or "", {})
            file.write('{"broken": \n' if kind == "malformed" else json.dumps(record) + "\n")


def load_with_agent_goals(file: Path, folder: Path) -> int:
    """The product, as its command runs it."""
    import duckdb

    from agent_goals.loading import find_source, load

    with duckdb.connect(str(folder / "loaded.duckdb")) as connection:
        return load(connection, [find_source(file, "goal")]).count_loaded


def load_unvalidated(file: Path, folder: Path) -> int:
    """The limit: typed, but nothing checked and nothing kept of what does not fit."""
    import duckdb

    from agent_goals.contract import GOAL
    from agent_goals.ddl import COLUMN_TYPES, create_all

    types = {
        field.name: "json" if field.type in ("object", "strings") else COLUMN_TYPES["duckdb"][field.type]
        for field in GOAL.columns
    }
    columns = ", ".join(f"{name}: '{kind}'" for name, kind in types.items())
    with duckdb.connect(str(folder / "loaded.duckdb")) as connection:
        for statement in create_all("raw"):
            connection.execute(statement)
        row = connection.execute(
            f"""insert into raw.goal_events select *, timestamp '2026-01-01', 'batch' from
            read_json('{file}', format = 'newline_delimited', ignore_errors = true, columns = {{{columns}}})"""
        ).fetchone()
        return int(row[0]) if row else 0


def load_with_dlt(file: Path, folder: Path) -> int:
    """dlt with a pydantic contract that freezes columns and discards rows which do not fit."""
    import os

    import dlt
    from pydantic import create_model

    from agent_goals.contract import GOAL

    os.environ |= {"RUNTIME__DLTHUB_TELEMETRY": "false", "DLT_DATA_DIR": str(folder)}
    python = {
        "string": str,
        "boolean": bool,
        "number": float,
        "money": float,
        "timestamp": datetime,
        "object": dict,
        "strings": list,
    }
    fields: dict[str, Any] = {
        field.name: (python[field.type], ...) if field.required else (python[field.type] | None, None) for field in GOAL.columns
    }
    contract = {"tables": "evolve", "columns": "discard_row", "data_type": "discard_row"}

    @dlt.resource(name="goal_events", columns=create_model("Goal", **fields), schema_contract=contract)  # type: ignore[untyped-decorator]
    def records() -> Any:
        with file.open() as lines:
            for line in lines:
                try:
                    yield json.loads(line)
                except ValueError:
                    continue

    destination = dlt.destinations.duckdb(str(folder / "loaded.duckdb"))
    pipeline = dlt.pipeline("benchmark", pipelines_dir=str(folder / "pipelines"), destination=destination, dataset_name="raw")
    pipeline.run(records(), loader_file_format="parquet")
    return int(pipeline.last_trace.last_normalize_info.row_counts["goal_events"])


WAYS = {"limit": load_unvalidated, "agent-goals": load_with_agent_goals, "dlt": load_with_dlt}


def run_once(way: str, file: Path) -> None:
    """Run one way in this process and print seconds, CPU seconds, peak megabytes and rows as JSON."""
    with tempfile.TemporaryDirectory() as folder:
        # Imports are not what is measured: the first connection of a process is.
        for module in ("duckdb", "agent_goals.loading.stream", *(["dlt"] if way == "dlt" else [])):
            importlib.import_module(module)
        importlib.import_module("duckdb").connect().close()
        started, cpu = time.perf_counter(), time.process_time()
        rows = WAYS[way](file, Path(folder))
        seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "cpu": cpu, "peak_mb": peak, "rows": rows}))


def compare(file: Path, ways: list[str], runs: int) -> dict[str, dict[str, float]]:
    """The medians of several alternating runs of each way."""
    results: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
    for _ in range(runs):
        for way in ways:
            command = [sys.executable, __file__, "--once", way, str(file)]
            output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            results[way].append(json.loads(output.splitlines()[-1]))
    return {
        way: {key: statistics.median(result[key] for result in measured) for key in measured[0]}
        for way, measured in results.items()
    }


def main() -> None:
    """Generate, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--dlt", action="store_true", help="compare with dlt, on records with ids")
    parser.add_argument("--once", nargs=2, metavar=("WAY", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.once:
        run_once(options.once[0], Path(options.once[1]))
        return
    if options.dlt and importlib.util.find_spec("dlt") is None:
        sys.exit(
            "dlt is not installed: run this with `uv run --with dlt[duckdb] --with pydantic`, as the file's first lines show."
        )
    count = options.records
    ways = ["agent-goals", "dlt"] if options.dlt else ["limit", "agent-goals"]
    print("| records | way | seconds | CPU s | peak MB | rows | speed |\n| --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        for with_ids in (True,) if options.dlt else (True, False):
            file = Path(folder) / "goals.ndjson"
            generate(file, count, with_ids=with_ids)
            measured = compare(file, ways, options.runs)
            base = measured[ways[-1] if options.dlt else ways[0]]["seconds"]
            for way, median in measured.items():
                records = f"{count:,} {'with' if with_ids else 'without'} ids"
                print(
                    f"| {records} | {way} | {median['seconds']:.2f} | {median['cpu']:.2f} "
                    f"| {median['peak_mb']:.0f} | {median['rows']:,.0f} | {base / median['seconds']:.2f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
