"""The README's output is the demo's, and its example of a definition does in a project of its own what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from agent_goals.cli import main
from project import ROOT, build_marts

README = (ROOT / "README.md").read_text(encoding="utf-8")
SECTION = README.partition("## Define a goal in five lines")[2].partition("\n## ")[0]


def example(language: str) -> str:
    """The section's only code block in a language."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", SECTION, re.DOTALL)
    return str(found)


@pytest.mark.xdist_group("consumer")
def test_five_lines_define_four_goals_and_one_event_decides_them(tmp_path: Path) -> None:
    assert len(example("csv").splitlines()) == 5
    project = tmp_path / "project"
    (project / "seeds").mkdir(parents=True)
    (project / "seeds" / "my_goals.csv").write_text(example("csv"), encoding="utf-8")
    (project / "packages.yml").write_text(f"packages:\n  - local: {ROOT}\n", encoding="utf-8")
    about = "name: mine\nversion: 1.0.0\nconfig-version: 2\nprofile: agent_goals\n"
    (project / "dbt_project.yml").write_text(about + example("yaml"), encoding="utf-8")
    (project / "goals.ndjson").write_text(example("json"), encoding="utf-8")
    marts = build_marts(tmp_path, [project / "goals.ndjson"], project=project)
    verdicts = marts.by_group("select goal, verdict, verdict_source from agent_goals__goal_outcomes")
    assert verdicts == {
        "issue_resolved": {"verdict": "achieved", "verdict_source": "automatic"},
        "good_support": {"verdict": "achieved", "verdict_source": "derived"},
        "customer_satisfied": {"verdict": "achieved", "verdict_source": "derived"},
        "resolved_in_time": {"verdict": "achieved", "verdict_source": "derived"},
    }


@pytest.mark.xdist_group("demo")
def test_every_line_of_the_shown_output_is_printed_by_the_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    marts = build_marts(tmp_path, [], {"agent_goals__use_seeds": "true"})
    monkeypatch.setenv("AGENT_GOALS_DUCKDB_PATH", str(marts.path))
    monkeypatch.setenv("DBT_PROFILES_DIR", str(ROOT))
    printed = CliRunner().invoke(main, ["summary", "--project-dir", str(ROOT)])
    assert printed.exit_code == 0
    shown = re.findall(r"```\n(.*?)```", README.partition("## Try it")[0], re.DOTALL)
    assert len(shown) == 2
    # The section's first block; a later one begins with its language.
    shown.append(README.partition("## Compare two versions")[2].partition("```\n")[2].partition("```")[0])
    lines = {line.rstrip() for block in shown for line in block.splitlines()} - {"$ make demo", "..."}
    assert lines - {line.rstrip() for line in printed.stdout.splitlines()} == set()
