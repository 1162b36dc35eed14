"""A dbt project that installs this one, plans experiments in a seed of its own and compares them by more metrics."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from project import ROOT

#: The seed's name, and the columns that it has: not all that it may have.
SEED = "planned_experiments"
COLUMNS = ("experiment", "randomisation_unit", "variants", "control_variant", "expected_split", "primary_goal", "guardrails")

PROJECT = f"""
name: declaring
version: 1.0.0
config-version: 2
profile: agent_goals
flags: {{send_anonymous_usage_stats: false}}
vars:
  agent_goals__goal_experiments: {SEED}
  agent_goals__goal_experiment_columns: {json.dumps(COLUMNS)}
models:
  declaring:
    +materialized: table
"""

#: Metrics of sessions that the package does not have, in the form of its own.
MORE_METRICS = {
    "cost_per_attempt": {"numerator": "cost", "denominator": "attempts", "kind": "mean", "better": -1, "needs": []},
    "net_value_per_attempt": {
        "numerator": "achieved_value - cost",
        "denominator": "attempts",
        "kind": "mean",
        "better": 1,
        "needs": [],
    },
}

#: The stages that the package's own models call, one table each.
MODELS = {
    "more_arm_days": f"""agent_goals.experiment_arm_days(
        units=ref('int_agent_goals__experiment_units'),
        unit_goals=ref('int_agent_goals__experiment_unit_goals'),
        arms=ref('int_agent_goals__experiment_arms'),
        experiments=ref('int_agent_goals__experiments'),
        metrics={MORE_METRICS},
    )""",
    "more_looks": """agent_goals.experiment_looks(
        arm_days=ref('more_arm_days'),
        arms=ref('int_agent_goals__experiment_arms'),
        experiments=ref('int_agent_goals__experiments'),
    )""",
    "more_tests": "agent_goals.experiment_tests(looks=ref('more_looks'))",
    "more_estimates": "agent_goals.experiment_estimates(tests=ref('more_tests'))",
}


def declaring_project(folder: Path, declarations: Iterable[Mapping[str, Any]]) -> Path:
    """Write the project.

    Args:
        folder: where it goes; made if it is not there.
        declarations: the seed's rows; an absent column is empty.

    Returns:
        the folder.
    """
    (folder / "seeds").mkdir(parents=True)
    with (folder / "seeds" / f"{SEED}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(declarations)
    (folder / "models").mkdir()
    for name, stage in MODELS.items():
        (folder / "models" / f"{name}.sql").write_text(f"{{{{ {stage} }}}}\n", encoding="utf-8")
    (folder / "packages.yml").write_text(f"packages:\n  - local: {ROOT}\n", encoding="utf-8")
    (folder / "dbt_project.yml").write_text(PROJECT, encoding="utf-8")
    return folder
