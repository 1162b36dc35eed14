"""Do the experiment marts keep what they promise? Simulated experiments whose truth is known, in one build.

    python benchmarks/experiments.py                        1,000 experiments of each of three scenarios
    python benchmarks/experiments.py --experiments 5000

With no effect a test at 5% should reject in 5% of the experiments, and a 95% interval should hold the truth in 95%. Somebody who
looks every day and stops at the first p-value below 5% rejects far more often; by the always-valid p-value in under 5%. The same
with customers as units, whose sessions resemble each other. With an effect: how often it is found. All experiments are built by
one `dbt run`; the figures come from its tables. Behind each share stands its standard error at this number of experiments.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from _experiments_data import SCENARIOS, generate  # modules beside this script
from _experiments_figures import ALPHA, Share, figures, metrics, rejected_by_sessions
from marts import run_dbt

HEADINGS = {
    "rejected": "p < 5% in the end",
    "rejected_linearised": "linearised p < 5%",
    "rejected_peeking": "p < 5% on some day",
    "rejected_always_valid": "always-valid p < 5%",
    "difference_covered": "interval of the difference",
    "lift_covered": "interval of the lift",
    "sequential_covered": "sequential interval",
}


def main() -> None:
    """Simulate, build and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--experiments", type=int, default=1000, help="experiments of each scenario")
    parser.add_argument("--units", type=int, default=300, help="units of an experiment, of both variants together")
    parser.add_argument("--days", type=int, default=15, help="over how many days the units arrive")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "experiments.duckdb"
        for said in generate(path, options.experiments, options.units, options.days, options.seed):
            print(said, flush=True)
        variables = json.dumps({"agent_goals__experiment_planned_units": options.units})
        build = run_dbt(
            path, defaultdict(list), "--full-refresh", "--select", "+agent_goals__experiment_results", "--vars", variables
        )
        print(f"one dbt run: {build['seconds']:.0f} s, {build['cpu']:.0f} CPU s, {build['peak_mb']:,.0f} MB", flush=True)
        for scenario in SCENARIOS:
            print(f"\n{scenario.name}\n\n| metric | {' | '.join(HEADINGS.values())} |\n| --- |{' --- |' * len(HEADINGS)}")
            for metric in metrics():
                found = figures(path, scenario, metric)
                print(f"| {metric} | {' | '.join(as_text(getattr(found, column)) for column in HEADINGS)} |", flush=True)
            if scenario.is_clustered:
                by_sessions = as_text(rejected_by_sessions(path, scenario))
                print(f"\nA test that took each session for a unit would find p < {ALPHA:.0%} for the rate in {by_sessions}.")


def as_text(share: Share) -> str:
    """A share in percent, with its standard error."""
    return f"{share.share:.1%} ± {math.sqrt(share.share * (1 - share.share) / share.of):.1%}" if share.of else "-"


if __name__ == "__main__":
    main()
