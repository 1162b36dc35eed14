"""A project that installs the package, with its own seeds or its own raw tables, and with its own vars."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from project import PROGRAMS, ROOT, Marts, build_marts

CONSUMER = ROOT / "tests" / "consumer"
MARTS = [
    "agent_goals__sessions",
    "agent_goals__goal_outcomes",
    "agent_goals__cost_lines",
    "agent_goals__goal_metrics_daily",
    "agent_goals__session_metrics_daily",
    "agent_goals__goal_performance",
    "goals_by_month",
]

pytestmark = pytest.mark.xdist_group("consumer")


def installed_in(folder: Path) -> Path:
    """A copy of the consumer project that installs this checkout, as another checkout would."""
    project = shutil.copytree(CONSUMER, folder / "consumer", ignore=shutil.ignore_patterns("dbt_packages", "logs", "target"))
    (project / "packages.yml").write_text(f"packages:\n  - local: {ROOT}\n", encoding="utf-8")
    return project


@pytest.fixture(scope="module")
def with_seeds(tmp_path_factory: pytest.TempPathFactory) -> Marts:
    folder = tmp_path_factory.mktemp("consumer_seeds")
    return build_marts(folder, [], project=installed_in(folder))


@pytest.fixture(scope="module")
def with_raw_tables(tmp_path_factory: pytest.TempPathFactory) -> Marts:
    folder = tmp_path_factory.mktemp("consumer_raw")
    project = installed_in(folder)
    files = sorted((project / "seeds").glob("*_events.csv"))
    return build_marts(folder, files, {"agent_goals__use_seeds": "false"}, project=project)


def outcomes(marts: Marts) -> dict[str, dict[str, Any]]:
    return marts.by_group("select session_id || ' ' || goal as outcome, * from agent_goals__goal_outcomes")


def test_no_demo_seed_reaches_the_project(with_seeds: Marts) -> None:
    demo = with_seeds.rows("select * from information_schema.tables where table_name in ('sessions', 'goal_definitions')")
    assert demo == []


def test_the_marts_build_without_the_optional_inputs(with_raw_tables: Marts) -> None:
    assert len(with_raw_tables.rows("select * from agent_goals__sessions")) == 4


def test_amounts_are_converted_and_shared_by_the_definitions_weights(with_seeds: Marts) -> None:
    # 1.0000000001 USD at 0.5 is 0.50000000005 EUR, rounded once to 0.5000000001; 3 to 1, the odd unit to the first.
    found = outcomes(with_seeds)
    assert found["s1 resolved"]["own_cost"] == Decimal("0.3750000001")
    assert found["s1 greeted"]["own_cost"] == Decimal("0.125")
    assert found["s1 resolved"]["own_value"] == Decimal("5")


def test_an_amount_without_a_rate_is_kept_and_counted_but_not_guessed(with_seeds: Marts) -> None:
    lines = with_seeds.by_group("select event_id, * from agent_goals__cost_lines")
    assert lines["c3"]["attribution"] == "no_amount"
    assert lines["c3"]["amount"] is None
    assert lines["c3"]["landed_amount"] == Decimal(100)
    session = with_seeds.row("select * from agent_goals__sessions where session_id = 's3'")
    assert session["count_missing_amounts"] == 1
    assert session["total_cost"] == Decimal("0.25")


def test_a_day_is_a_day_of_the_projects_time_zone(with_seeds: Marts) -> None:
    # 18:30 in UTC is a quarter past midnight in Kathmandu.
    assert str(outcomes(with_seeds)["s1 resolved"]["session_date"]) == "2026-01-11"


def test_the_projects_most_trusted_source_wins(with_seeds: Marts) -> None:
    found = outcomes(with_seeds)["s3 resolved"]
    assert found["verdict"] == "achieved"
    assert found["human_verdict"] == "not_achieved"
    assert found["has_conflicting_verdicts"]


def test_the_daily_marts_read_the_projects_environments_and_keep_them_apart(with_seeds: Marts) -> None:
    days = with_seeds.rows("select distinct environment from agent_goals__goal_metrics_daily order by environment")
    assert [day["environment"] for day in days] == ["production", "staging"]


def test_the_query_macro_works_in_the_projects_own_model(with_seeds: Marts) -> None:
    month = with_seeds.row("select * from goals_by_month")
    assert (str(month["period_start"]), month["count_achieved"], month["achieved_cost"]) == (
        "2026-01-01",
        3,
        Decimal("0.7500000001"),
    )


@pytest.mark.parametrize("mart", MARTS)
def test_seeds_and_raw_tables_give_the_same_marts(with_seeds: Marts, with_raw_tables: Marts, mart: str) -> None:
    query = f"select * from {mart} order by all"
    assert with_seeds.rows(query)
    assert with_seeds.rows(query) == with_raw_tables.rows(query)


def test_the_packages_unit_tests_stay_at_home(with_seeds: Marts) -> None:
    manifest = (with_seeds.path.parent / "target" / "manifest.json").read_text(encoding="utf-8")
    assert '"unit_tests": {}' in manifest, os.linesep.join(manifest.split('"unit_tests"')[1:])[:300]


def artefact(target: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((target / name).read_text(encoding="utf-8"))
    return found


def test_the_semantic_layer_stays_at_home_until_it_is_asked_for(with_seeds: Marts) -> None:
    target = with_seeds.path.parent / "target"
    semantics = artefact(target, "semantic_manifest.json")
    assert [semantics[kind] for kind in ("semantic_models", "metrics", "saved_queries")] == [[], [], []]
    manifest = artefact(target, "manifest.json")
    assert manifest["exposures"] == {}
    assert "model.agent_goals.agent_goals__days" not in manifest["nodes"]


def test_a_project_with_a_time_spine_of_its_own_keeps_it(tmp_path: Path) -> None:
    project = installed_in(tmp_path)
    settings = (project / "dbt_project.yml").read_text(encoding="utf-8")
    without_ours = "\nmodels: {agent_goals: {marts: {semantics: {+enabled: false}}}}\n"
    settings = settings.replace("\nvars:\n", "\nvars:\n  agent_goals__semantic_layer: true\n") + without_ours
    (project / "dbt_project.yml").write_text(settings, encoding="utf-8")
    (project / "models" / "my_days.sql").write_text("select cast('2026-01-01' as date) as day", encoding="utf-8")
    spine = "time_spine: {standard_granularity_column: day}, columns: [{name: day, granularity: day}]"
    (project / "models" / "my_days.yml").write_text(f"models: [{{name: my_days, {spine}}}]", encoding="utf-8")
    environment = {**os.environ, "DBT_PROFILES_DIR": str(ROOT), "DBT_TARGET_PATH": "target", "DBT_LOG_PATH": "logs"}
    for command in ("deps", "parse"):
        dbt = [PROGRAMS / "dbt", "--quiet", command]
        done = subprocess.run(dbt, cwd=project, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    semantics = artefact(project / "target", "semantic_manifest.json")
    spines = semantics["project_configuration"]["time_spines"]
    assert [spine["node_relation"]["alias"] for spine in spines] == ["my_days"]
    assert "goal_achievement_rate" in {metric["name"] for metric in semantics["metrics"]}
