from __future__ import annotations

from pathlib import Path

import pytest

PROFILES = """
shop:
  target: dev
  outputs:
    dev: {type: duckdb, path: shop.duckdb}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A dbt project of its own, which is the working directory."""
    for name in (
        "DBT_PROFILE",
        "DBT_TARGET",
        "DBT_PROFILES_DIR",
        "DBT_PROJECT_DIR",
        "AGENT_GOALS_SPOOL",
        "AGENT_GOALS_JUDGE_MODEL",
    ):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "dbt_project.yml").write_text("name: shop\nprofile: shop\n")
    (tmp_path / "profiles.yml").write_text(PROFILES)
    monkeypatch.chdir(tmp_path)
    return tmp_path
