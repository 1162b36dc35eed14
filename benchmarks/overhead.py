"""What dbt itself takes: the demo's `dbt run` beside those of a project without a model, and of one with as many empty ones.

    python benchmarks/overhead.py            medians of five
    python benchmarks/overhead.py --nodes    and what each node takes

The demo has a few thousand records, so what its run takes is dbt's start-up and what is done for each node. The models of the
other project are `select 1`, of the same kinds and as many of each: what they take is dbt's own. All projects have been parsed
before, as on a machine that runs them each hour; the runs alternate. The demo runs twice each time, from nothing
(`--full-refresh`) and with nothing new. Its tests are timed apart.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from marts import DBT, PROJECT, Measures, run, run_dbt  # a module beside this script

#: The files of a project without a model.
EMPTY = {
    "dbt_project.yml": "name: empty\nprofile: empty\nflags:\n  send_anonymous_usage_stats: false\n",
    "profiles.yml": "empty:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: empty.duckdb, threads: 2}\n",
}


def write_project(folder: Path, kinds: Counter[str]) -> None:
    """Write a project with as many models of each materialization, and run it for the first time."""
    models = {
        f"models/{kind}_{number}.sql": f"{{{{ config(materialized='{kind}') }}}}\nselect 1 as number\n"
        for kind, count in kinds.items()
        for number in range(count)
    }
    for file, text in (EMPTY | models).items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    run_project(folder)


def run_project(folder: Path) -> Measures:
    """One `dbt run --full-refresh` of a project beside its database."""
    measured = run(
        [DBT, "--quiet", "run", "--full-refresh", "--project-dir", str(folder), "--profiles-dir", str(folder)], dict(os.environ)
    )
    results = folder / "target" / "run_results.json"
    elapsed = json.loads(results.read_text())["elapsed_time"] if results.exists() else 0
    return measured | {"startup": measured["seconds"] - elapsed}


def main() -> None:
    """Load the demo, run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--nodes", action="store_true", help="print what each node takes")
    options = parser.parse_args()
    measured: dict[str, list[Measures]] = defaultdict(list)
    nodes: dict[str, dict[str, list[float]]] = {"from nothing": defaultdict(list), "nothing new": defaultdict(list)}
    with tempfile.TemporaryDirectory() as name:
        database = Path(name, "agent_goals.duckdb")
        demo = [str(path) for path in sorted((PROJECT / "seeds" / "demo").glob("*.csv"))]
        loader = Path(sys.executable).with_name("agent-goals")
        run([str(loader), "load", *demo], dict(os.environ) | {"AGENT_GOALS_DUCKDB_PATH": str(database)})
        run_dbt(database, defaultdict(list), "--full-refresh")
        manifest = json.loads((Path(name) / "target" / "manifest.json").read_text())
        built = json.loads((Path(name) / "target" / "run_results.json").read_text())["results"]
        kind_of = {
            result["unique_id"].removeprefix("model.agent_goals."): manifest["nodes"][result["unique_id"]]["config"][
                "materialized"
            ]
            for result in built
            if result["unique_id"] in manifest["nodes"]
        }
        kinds = Counter(kind_of.values())
        empty, trivial = Path(name, "empty"), Path(name, "trivial")
        write_project(empty, Counter())
        write_project(trivial, kinds)
        for _ in range(options.runs):
            measured["no model"].append(run_project(empty))
            measured[f"{kinds.total()} models of `select 1`"].append(run_project(trivial))
            measured["demo, from nothing"].append(run_dbt(database, nodes["from nothing"], "--full-refresh"))
            measured["demo, nothing new"].append(run_dbt(database, nodes["nothing new"]))
            measured["demo's tests"].append(run_dbt(database, defaultdict(list), command="test"))
    base = statistics.median(each["seconds"] for each in measured["no model"])
    print("| run | seconds | of which start-up | CPU s | against no model |\n| --- | --- | --- | --- | --- |")
    for label, runs in measured.items():
        seconds, startup, cpu = (statistics.median(each[key] for each in runs) for key in ("seconds", "startup", "cpu"))
        print(f"| {label} | {seconds:.2f} | {startup:.2f} | {cpu:.2f} | {seconds / base:.2f} |")
    print("\n| nodes | number | from nothing, s each | nothing new, s each |\n| --- | --- | --- | --- |")
    for kind, count in kinds.items():
        means = (
            statistics.mean(statistics.median(seconds[node]) for node in kind_of if kind_of[node] == kind)
            for seconds in nodes.values()
        )
        print(f"| {kind} | {count} | " + " | ".join(f"{mean:.3f}" for mean in means) + " |")
    if options.nodes:
        print("\n| node | from nothing, s | nothing new, s |\n| --- | --- | --- |")
        for node in sorted(kind_of, key=lambda node: -statistics.median(nodes["nothing new"][node])):
            print(f"| {node} | " + " | ".join(f"{statistics.median(seconds[node]):.2f}" for seconds in nodes.values()) + " |")


if __name__ == "__main__":
    main()
