"""What dbt itself takes: the demo's `dbt run` beside that of a project without a model.

    python benchmarks/overhead.py            medians of five
    python benchmarks/overhead.py --nodes    and what each node takes

The demo has a few thousand records, so what its run takes is dbt's start-up and what dbt does for each node. Both projects have
been parsed before, as on a machine that runs them each hour; the runs alternate. The demo runs twice each time: from nothing
(`--full-refresh`), and with nothing new. Its tests are timed apart.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from marts import DBT, PROJECT, Measures, run, run_dbt  # a module beside this script

#: A project without a model, and its connection.
EMPTY = {
    "dbt_project.yml": "name: empty\nprofile: empty\nflags:\n  send_anonymous_usage_stats: false\n",
    "profiles.yml": "empty:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: empty.duckdb, threads: 2}\n",
}


def run_empty(folder: Path) -> Measures:
    """One `dbt run` of the project without a model."""
    return run([DBT, "--quiet", "run", "--project-dir", str(folder), "--profiles-dir", str(folder)], dict(os.environ))


def main() -> None:
    """Load the demo, run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--nodes", action="store_true", help="print what each node takes")
    options = parser.parse_args()
    measured: dict[str, list[Measures]] = defaultdict(list)
    nodes: dict[str, dict[str, list[float]]] = {"from nothing": defaultdict(list), "nothing new": defaultdict(list)}
    with tempfile.TemporaryDirectory() as name:
        empty = Path(name, "empty")
        empty.mkdir()
        for file, text in EMPTY.items():
            empty.joinpath(file).write_text(text)
        run_empty(empty)
        database = Path(name, "agent_goals.duckdb")
        demo = [str(path) for path in sorted((PROJECT / "seeds" / "demo").glob("*.csv"))]
        loader = Path(sys.executable).with_name("agent-goals")
        run([str(loader), "load", *demo], dict(os.environ) | {"AGENT_GOALS_DUCKDB_PATH": str(database)})
        for _ in range(options.runs):
            measured["without a model"].append(run_empty(empty))
            measured["demo, from nothing"].append(run_dbt(database, nodes["from nothing"], "--full-refresh"))
            measured["demo, nothing new"].append(run_dbt(database, nodes["nothing new"]))
            measured["demo's tests"].append(run_dbt(database, defaultdict(list), command="test"))
        manifest = json.loads((Path(name) / "target" / "manifest.json").read_text())
    base = statistics.median(each["seconds"] for each in measured["without a model"])
    print("| run | seconds | of which start-up | CPU s | against a project without a model |\n| --- | --- | --- | --- | --- |")
    for label, runs in measured.items():
        seconds, cpu = (statistics.median(each[key] for each in runs) for key in ("seconds", "cpu"))
        startup = statistics.median(each.get("startup", each["seconds"]) for each in runs)
        print(f"| {label} | {seconds:.2f} | {startup:.2f} | {cpu:.2f} | {seconds / base:.2f} |")
    kinds: dict[str, list[str]] = defaultdict(list)
    for node in nodes["from nothing"]:
        known = manifest["nodes"].get(f"model.agent_goals.{node}")
        kinds[known["config"]["materialized"] if known else "hook"].append(node)
    print("\n| nodes | number | from nothing, s each | nothing new, s each |\n| --- | --- | --- | --- |")
    for kind, names in kinds.items():
        each = (statistics.mean(statistics.median(seconds[node]) for node in names) for seconds in nodes.values())
        print(f"| {kind} | {len(names)} | " + " | ".join(f"{mean:.3f}" for mean in each) + " |")
    if options.nodes:
        print("\n| node | from nothing, s | nothing new, s |\n| --- | --- | --- |")
        for node in sorted(nodes["nothing new"], key=lambda node: -statistics.median(nodes["nothing new"][node])):
            print(f"| {node} | " + " | ".join(f"{statistics.median(seconds[node]):.2f}" for seconds in nodes.values()) + " |")


if __name__ == "__main__":
    main()
