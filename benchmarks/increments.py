"""What a run takes that finds a hundredth more records, beside the full build before it, and what the marts are asked for.

    python benchmarks/increments.py                      at 200,000 sessions
    python benchmarks/increments.py --sessions 2000000   2M sessions, 5M goal events, 20M costs, 2M value events
    python benchmarks/increments.py --nodes              and what each node takes
    python benchmarks/increments.py --core               only what `marts.py` builds, without diagnostics and experiments

A full build of all marts; then one load of 1% more, new sessions and late events of old ones; then `dbt run`. Both are
measured without dbt's start-up (imports, parsing, connecting). Each round starts from the same raw data; medians are compared.
In the end the tables have to be those of a full refresh. The questions are those of a dashboard, asked of the daily marts and,
in as few words as give the same numbers, of the raw tables.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import duckdb

sys.path.insert(0, str(Path(__file__).parent))
from _marts_data import add_increment, generate  # a module beside this script
from marts import CORE, run_dbt

#: Questions to the daily marts, and what a raw table would be asked: attempts and achieved goals by automatic verdict.
QUESTIONS = {
    "rate by week and agent": (
        """select date_trunc('week', metric_date), agent, sum(count_achieved) / sum(count_achieved + count_not_achieved)
        from agent_goals__goal_metrics_daily group by all""",
        """with last_of_id as (
            select * from agent_goals_raw.goal_events
            qualify row_number() over (partition by event_id order by loaded_at desc) = 1
        )
        select date_trunc('week', occurred_at), agent, avg(cast(achieved as integer))
        from last_of_id where environment = 'production' group by all""",
    ),
    "rate by goal and segment": (
        """select goal, customer_segment, sum(count_achieved) / sum(count_achieved + count_not_achieved)
        from agent_goals__goal_metrics_daily group by all""",
        """with last_of_id as (
            select * from agent_goals_raw.goal_events
            qualify row_number() over (partition by event_id order by loaded_at desc) = 1
        )
        select goal, customer_segment, avg(cast(achieved as integer))
        from last_of_id join agent_goals_raw.sessions using (session_id)
        where last_of_id.environment = 'production' group by all""",
    ),
    "session success and cost by day": (
        """select metric_date, sum(count_successful_sessions), sum(total_cost)
        from agent_goals__session_metrics_daily group by all""",
        """with last_of_id as (
            select * from agent_goals_raw.cost_events
            qualify row_number() over (partition by event_id order by loaded_at desc) = 1
        )
        select cast(occurred_at as date), sum(amount) from last_of_id where environment = 'production' group by all""",
    ),
}


def ask(path: Path, query: str) -> float:
    """The median milliseconds of a question that has been asked before."""
    seconds = []
    with duckdb.connect(str(path), read_only=True) as connection:
        for _ in range(6):
            started = time.perf_counter()
            connection.execute(query).fetchall()
            seconds.append(time.perf_counter() - started)
    return 1000 * statistics.median(seconds[1:])


def check_same(path: Path, refreshed: Path) -> None:
    """Hold every public table against that of a full refresh.

    Raises:
        SystemExit: when a row differs.
    """
    with duckdb.connect() as connection:
        connection.execute(f"attach '{path}' as kept (read_only); attach '{refreshed}' as refreshed (read_only)")
        tables = connection.execute(
            "select table_name from duckdb_tables() where database_name = 'kept' and schema_name = 'main'"
        ).fetchall()
        for (table,) in tables:
            for one, other in (("kept", "refreshed"), ("refreshed", "kept")):
                row = connection.execute(f"from {one}.main.{table} except all from {other}.main.{table} limit 1").fetchone()
                if row:
                    sys.exit(f"{table}: only the {one} one has this row:\n{row}")


def main() -> None:
    """Generate, build, add, build again and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=200_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--nodes", action="store_true", help="print what each node takes in the second run")
    parser.add_argument("--core", action="store_true", help="build sessions, outcomes, cost lines and the daily marts only")
    options = parser.parse_args()
    selected = ("--select", *CORE) if options.core else ()
    full_nodes: dict[str, list[float]] = defaultdict(list)
    nodes: dict[str, list[float]] = defaultdict(list)
    full, partial = [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database = folder / "agent_goals.duckdb"
        counts = generate(folder / "raw.duckdb", options.sessions)
        print(", ".join(f"{count:,} {table.replace('_', ' ')}" for table, count in counts.items()), flush=True)
        for number in range(options.runs):
            shutil.copyfile(folder / "raw.duckdb", database)
            full.append(run_dbt(database, full_nodes, "--full-refresh", *selected))
            added = add_increment(database)
            if number == 0:
                print("added: " + ", ".join(f"{count:,} {table.replace('_', ' ')}" for table, count in added.items()), flush=True)
            partial.append(run_dbt(database, nodes, *selected))
        print("\n| run | seconds without start-up | CPU s | peak MB | against the full build |\n| --- | --- | --- | --- | --- |")
        base = statistics.median(each["seconds"] - each["startup"] for each in full)
        for label, runs in (("full build", full), ("1% more", partial)):
            medians = {key: statistics.median(each[key] for each in runs) for key in runs[0]}
            working = statistics.median(each["seconds"] - each["startup"] for each in runs)
            share = working / base
            print(f"| {label} | {working:.2f} | {medians['cpu']:.2f} | {medians['peak_mb']:.0f} | {share:.1%} |")
        print("\n| question | daily mart, ms | raw tables, ms | share |\n| --- | --- | --- | --- |")
        for question, (of_mart, of_raw) in QUESTIONS.items():
            mart, raw = ask(database, of_mart), ask(database, of_raw)
            print(f"| {question} | {mart:.1f} | {raw:.1f} | {mart / raw:.1%} |")
        if options.nodes:
            print("\n| node | full build, s | 1% more, s |\n| --- | --- | --- |")
            for node, seconds in sorted(nodes.items(), key=lambda item: -statistics.median(item[1])):
                print(f"| {node} | {statistics.median(full_nodes[node]):.2f} | {statistics.median(seconds):.2f} |")
        kept = folder / "kept.duckdb"
        shutil.copyfile(database, kept)
        run_dbt(database, defaultdict(list), "--full-refresh", *selected)
        check_same(kept, database)
        print("\nThe tables are those of a full refresh.")


if __name__ == "__main__":
    main()
