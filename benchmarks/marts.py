"""What a full build of the core marts takes, beside a hand-written script for the same tables.

    python benchmarks/marts.py                       at 200,000 sessions
    python benchmarks/marts.py --sessions 2000000    2M sessions, 5M goal events, 20M costs, 2M value events
    python benchmarks/marts.py --nodes               and what each node takes

`dbt run --full-refresh` of the sessions, the goal outcomes, the cost lines, the two daily marts and whatever they are made of,
against `_marts_by_hand.sql`. Each run has a process and a copy of the raw data of its own; the runs alternate, and medians are
compared. dbt's start-up (imports, parsing, connecting) is told apart from the nodes. The first run's tables are held against
each other: their columns, types and every value of every row have to be the same.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import duckdb

sys.path.insert(0, str(Path(__file__).parent))
from _marts_data import generate  # a module beside this script

PROJECT = Path(__file__).parent.parent
BY_HAND = Path(__file__).parent / "_marts_by_hand.sql"
MARTS = ("agent_goals__sessions", "agent_goals__goal_outcomes", "agent_goals__cost_lines")
DAILY = ("agent_goals__goal_metrics_daily", "agent_goals__session_metrics_daily")
#: What dbt selects for them.
CORE = tuple(f"+{mart}" for mart in (*MARTS, *DAILY))
#: The dbt of this environment, activated or not.
DBT = str(Path(sys.executable).with_name("dbt"))

Measures = dict[str, float]


def run(command: list[str], environment: dict[str, str]) -> Measures:
    """Run a command and measure its wall seconds, CPU seconds and peak megabytes.

    Raises:
        SystemExit: with what it printed, when the command fails.
    """
    started = time.perf_counter()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            sys.exit(f"{' '.join(command)} failed:\n{output.read().decode()}")
    return {"seconds": seconds, "cpu": usage.ru_utime + usage.ru_stime, "peak_mb": usage.ru_maxrss / 1024}


def run_by_hand(raw: Path, folder: Path) -> Measures:
    """The hand-written script, in a process of its own."""
    database = folder / "script.duckdb"
    shutil.copyfile(raw, database)
    return run([sys.executable, __file__, "--script", str(database)], dict(os.environ))


def run_dbt(database: Path, nodes: dict[str, list[float]], *options: str, command: str = "run") -> Measures:
    """One `dbt run` (or `dbt test`), with the seconds of its start-up apart; adds the seconds of each node to `nodes`."""
    environment = dict(os.environ) | {
        "AGENT_GOALS_DUCKDB_PATH": str(database),
        "DBT_TARGET_PATH": str(database.parent / "target"),
        "DBT_LOG_PATH": str(database.parent / "logs"),
    }
    if "--full-refresh" in options:
        # Definitions and prices are in place before a build, and the project has been parsed.
        run([DBT, "--quiet", "seed"], environment)
    measured = run([DBT, "--quiet", command, *options], environment)
    results = json.loads((database.parent / "target" / "run_results.json").read_text())
    for result in results["results"]:
        nodes[result["unique_id"].removeprefix("model.agent_goals.")].append(result["execution_time"])
    return measured | {"startup": measured["seconds"] - results["elapsed_time"]}


def check_same(folder: Path) -> None:
    """Hold the two ways' tables against each other: columns, types and every value of every row.

    Raises:
        SystemExit: when a table differs, with what only one side has.
    """
    with duckdb.connect() as connection:
        for name in ("dbt", "script"):
            connection.execute(f"attach '{folder / name}.duckdb' as {name}_file (read_only)")
        for mart in (*MARTS, *DAILY):
            ways = (f"from dbt_file.main.{mart}", f"from script_file.by_hand.{mart.removeprefix('agent_goals__')}")
            for one, other in (ways, ways[::-1]):
                columns, others = (connection.execute(f"describe {way}").fetchall() for way in (one, other))
                if columns != others:
                    sys.exit(f"{mart}: only {one} has the columns {[column for column in columns if column not in others]}")
                row = connection.execute(f"{one} except all {other} limit 1").fetchone()
                if row:
                    sys.exit(f"{mart}: only {one} has this row:\n{row}")


def main() -> None:
    """Generate, compare, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=200_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--nodes", action="store_true", help="print what each node takes")
    parser.add_argument("--script", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--check", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.script:
        with duckdb.connect(str(options.script)) as connection:
            connection.execute("set threads = 2")
            connection.execute(BY_HAND.read_text())
        return
    if options.check:
        check_same(options.check)
        return
    nodes: dict[str, list[float]] = defaultdict(list)
    measured: dict[str, list[Measures]] = {"by hand": [], "dbt run": []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        counts = generate(folder / "raw.duckdb", options.sessions)
        print(", ".join(f"{count:,} {table.replace('_', ' ')}" for table, count in counts.items()), flush=True)
        for number in range(options.runs):
            measured["by hand"].append(run_by_hand(folder / "raw.duckdb", folder))
            shutil.copyfile(folder / "raw.duckdb", folder / "dbt.duckdb")
            measured["dbt run"].append(run_dbt(folder / "dbt.duckdb", nodes, "--full-refresh", "--select", *CORE))
            if number == 0:
                # In a process of its own: what this one takes at most would be every later run's peak.
                subprocess.run([sys.executable, __file__, "--check", str(folder)], check=True)
    medians = {way: {key: statistics.median(each[key] for each in runs) for key in runs[0]} for way, runs in measured.items()}
    by_hand, dbt = medians["by hand"], medians["dbt run"]
    print("\n| way | seconds | CPU s | peak MB | against the script |\n| --- | --- | --- | --- | --- |")
    print(f"| by hand | {by_hand['seconds']:.2f} | {by_hand['cpu']:.2f} | {by_hand['peak_mb']:.0f} | 1 |")
    for label, seconds in (("dbt run", dbt["seconds"]), ("dbt run without its start-up", dbt["seconds"] - dbt["startup"])):
        print(f"| {label} | {seconds:.2f} | {dbt['cpu']:.2f} | {dbt['peak_mb']:.0f} | {seconds / by_hand['seconds']:.2f} |")
    if options.nodes:
        print("\n| node | seconds |\n| --- | --- |")
        for node, seconds_of_runs in sorted(nodes.items(), key=lambda item: -statistics.median(item[1])):
            print(f"| {node} | {statistics.median(seconds_of_runs):.2f} |")


if __name__ == "__main__":
    main()
