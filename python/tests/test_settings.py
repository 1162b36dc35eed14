"""The vars of the dbt package: documented with their defaults, and refused when they cannot be meant."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from package_macros import load_macros
from project import PROGRAMS, ROOT

SETTINGS = ("config/settings.sql", "config/goal_definitions.sql", "config/goal_experiments.sql")
PROJECT = ROOT / "dbt_project.yml"


def documented() -> dict[str, Any]:
    variables = yaml.safe_load(PROJECT.read_text(encoding="utf-8"))["vars"]
    return {name.removeprefix("agent_goals__"): value for name, value in variables.items()}


def test_every_var_has_the_same_default_where_it_is_documented_and_where_it_is_read() -> None:
    defaults = {name: setting["default"] for name, setting in load_macros(*SETTINGS).settings().items()}
    assert documented() == defaults


def test_every_var_carries_the_packages_prefix_and_a_comment() -> None:
    block = PROJECT.read_text(encoding="utf-8").split("\nvars:\n")[1].split("\nmodels:\n")[0]
    paragraphs = block.strip("\n").split("\n\n")
    for paragraph in paragraphs:
        first, *_ = paragraph.splitlines()
        assert first.strip().startswith("# "), f"no comment above: {first}"
    names = yaml.safe_load(block)
    assert all(name.startswith("agent_goals__") for name in names)


@pytest.mark.parametrize("name", sorted(documented()))
def test_a_default_is_a_value_that_its_own_check_accepts(name: str) -> None:
    assert load_macros(*SETTINGS).setting_problem(name, documented()[name]) == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cost_allocation", "evenly"),
        ("cost_allocation", None),
        ("use_seeds", "yes"),
        ("use_seeds", 1),
        ("semantic_layer", "yes"),
        ("semantic_layer", 0),
        ("environments", "production"),
        ("environments", ["production", 3]),
        ("optional_inputs", ["session"]),
        ("verdict_precedence", ["human", "automatic"]),
        ("verdict_precedence", ["human", "human", "judge"]),
        ("verdict_precedence", ["human", "automatic", "judge", "derived"]),
        ("reporting_currency", "usd"),
        ("default_currency", "dollars"),
        ("max_goal_depth", 0),
        ("max_goal_depth", 21),
        ("max_goal_depth", "8"),
        ("raw_schema", ""),
        ("raw_schema", "a schema; drop"),
        ("raw_schema", None),
        ("goal_definitions", ["a"]),
        ("goal_definition_columns", "goal"),
        ("goal_definition_columns", ["goal", "colour"]),
        ("restate_definitions", "today"),
        ("funnel_period", "fortnight"),
        ("late_after_days", -1),
        ("timezone", "Asia/Kathmandu'"),
        ("value_bands", 10),
        ("value_bands", [10, 1]),
        ("value_bands", [1, 1]),
        ("value_bands", [1, "10"]),
        ("value_bands", [True]),
        ("value_bands", None),
        ("double_types", "double"),
        ("goal_experiments", "plans; drop"),
        ("goal_experiment_columns", ["experiment", "colour"]),
        ("experiment_confidence", 95),
        ("experiment_confidence", None),
        ("experiment_confidence", "0.95"),
        ("experiment_power", 1),
        ("experiment_power", True),
        ("experiment_min_units", 1),
        ("experiment_min_units", None),
        ("experiment_planned_units", 1e3),
        ("experiment_cost_cap", 1),
        ("experiment_cost_cap", 99.9),
        ("experiment_lift_prior", 0),
        ("experiment_covariate_days", 0),
        ("experiment_covariate_days", 0.5),
    ],
)
def test_a_value_that_cannot_be_meant_is_named_as_a_problem(name: str, value: object) -> None:
    assert load_macros(*SETTINGS).setting_problem(name, value) != ""


def test_a_wrong_var_stops_the_run_and_says_which_what_it_may_be_and_what_it_was(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "AGENT_GOALS_DUCKDB_PATH": str(tmp_path / "agent_goals.duckdb"),
        "DBT_TARGET_PATH": str(tmp_path / "target"),
        "DBT_LOG_PATH": str(tmp_path / "logs"),
    }
    done = subprocess.run(
        [
            str(PROGRAMS / "dbt"),
            "run",
            "--no-use-colors",
            "--select",
            "stg_agent_goals__exchange_rates",
            "--vars",
            "{agent_goals__cost_allocation: evenly}",
        ],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert 'The var agent_goals__cost_allocation must be one of even, weight, primary, but it is "evenly".' in done.stdout
