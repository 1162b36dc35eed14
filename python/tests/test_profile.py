from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from agent_goals.errors import ProfileError
from agent_goals.profile import find_target

PROFILES = """
shop:
  target: "{{ env_var('SHOP_TARGET', 'dev') }}"
  outputs:
    dev:
      type: duckdb
      path: "{{ env_var('SHOP_PATH', 'shop.duckdb') }}"
      schema: main
      threads: "{{ env_var('SHOP_THREADS', '2') | as_number }}"
      use_colors: "{{ env_var('SHOP_COLORS', 'True') | as_bool }}"
      extensions: "{{ env_var('SHOP_EXTENSIONS', '[]') | as_native }}"
      settings: {label: "{{ 'a' ~ 'b' }}", number: "5"}
    prod:
      type: duckdb
      path: "{{ env_var('SHOP_PROD_PATH') }}"
"""

NAMES = (
    "DBT_PROFILE",
    "DBT_TARGET",
    "DBT_PROFILES_DIR",
    "DBT_PROJECT_DIR",
    "SHOP_TARGET",
    "SHOP_PATH",
    "SHOP_PROD_PATH",
    "SHOP_THREADS",
)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    folder = tmp_path / "project"
    (folder / "models").mkdir(parents=True)
    (folder / "dbt_project.yml").write_text("name: shop\nprofile: shop\n")
    (folder / "profiles.yml").write_text(PROFILES)
    monkeypatch.chdir(folder)
    return folder


DBT = """
import json, os, sys
from argparse import Namespace
from dbt.flags import set_from_args
from dbt_common.context import set_invocation_context
set_invocation_context(os.environ)
set_from_args(Namespace(PROFILES_DIR=sys.argv[1], PROFILE=None, TARGET=None, VARS={}), None)
from dbt.config.runtime import load_profile
profile = load_profile(sys.argv[1], {}, target_override=sys.argv[2] or None)
found = profile.credentials
print(json.dumps([profile.profile_name, profile.target_name, profile.threads, found.path, found.settings]))
"""


@pytest.mark.parametrize("target", ["", "prod"])
def test_it_finds_what_dbt_finds(project: Path, monkeypatch: pytest.MonkeyPatch, target: str) -> None:
    pytest.importorskip("dbt.config.runtime", reason="dbt is not installed")
    monkeypatch.setenv("SHOP_PROD_PATH", "elsewhere.duckdb")
    monkeypatch.setenv("DBT_PROFILES_DIR", str(project))
    output = subprocess.run([sys.executable, "-c", DBT, str(project), target], check=True, capture_output=True, text=True).stdout
    name, target_name, _, path, settings = json.loads(output.splitlines()[-1])
    found = find_target(target=target or None)
    assert (found.profile, found.name, found.config["path"]) == (name, target_name, path)
    assert (found.config.get("settings") or None) == (settings or None)


def test_the_filters_give_typed_values(project: Path) -> None:
    config = find_target().config
    assert (config["threads"], config["use_colors"], config["extensions"]) == (2, True, [])
    assert config["settings"] == {"label": "ab", "number": "5"}


def test_options_beat_variables_and_variables_beat_files(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_PROD_PATH", "p.duckdb")
    monkeypatch.setenv("SHOP_TARGET", "prod")
    assert find_target().name == "prod"
    monkeypatch.setenv("DBT_TARGET", "dev")
    assert find_target().name == "dev"
    assert find_target(target="prod").name == "prod"


def test_the_project_is_the_nearest_one_upwards(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project / "models")
    assert find_target().project_dir == project


def test_profiles_in_the_home_folder_come_last(project: Path, tmp_path: Path) -> None:
    (project / "profiles.yml").unlink()
    with pytest.raises(ProfileError, match=r"there is no profiles\.yml in"):
        find_target()
    (tmp_path / "home" / ".dbt").mkdir(parents=True)
    (tmp_path / "home" / ".dbt" / "profiles.yml").write_text(PROFILES)
    assert find_target().name == "dev"


@pytest.mark.parametrize(
    "variables",
    [
        "agent_goals__raw_schema: landed",
        "agent_goals: {agent_goals__raw_schema: landed}",
        "shop: {agent_goals__raw_schema: landed}",
    ],
)
def test_the_raw_schema_is_the_projects_var(project: Path, variables: str) -> None:
    assert find_target().raw_schema == "agent_goals_raw"
    (project / "dbt_project.yml").write_text(f"name: shop\nprofile: shop\nvars:\n  {variables}\n")
    assert find_target().raw_schema == "landed"
    assert find_target(raw_schema="other").raw_schema == "other"


def test_a_raw_tables_name_is_the_projects_var(project: Path) -> None:
    (project / "dbt_project.yml").write_text("name: shop\nprofile: shop\nvars: {agent_goals__cost_events_table: bills}\n")
    assert find_target().raw_tables["cost_events"] == "bills"
    assert find_target().raw_tables["goal_events"] == "goal_events"


@pytest.mark.parametrize(
    ("profiles", "message"),
    [
        (PROFILES.replace("'shop.duckdb'", "none"), "environment variable SHOP_PATH is not set"),
        (PROFILES.replace("'2'", "'two'"), "threads"),
        (PROFILES.replace("env_var('SHOP_PATH'", "env_war('SHOP_PATH'"), "env_war"),
        (PROFILES.replace("type: duckdb", "kind: duckdb"), "has no `type`"),
        ("- a\n", "is not a YAML mapping"),
        ("a: [", "cannot be read as YAML"),
        ("other: {}", "profile 'shop' is not in"),
    ],
)
def test_what_is_wrong_is_said(project: Path, profiles: str, message: str) -> None:
    (project / "profiles.yml").write_text(profiles)
    with pytest.raises(ProfileError, match=message):
        find_target()
