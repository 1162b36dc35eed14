"""MetricFlow's answers are the marts' own numbers, and it refuses or leaves empty what would count twice."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from project import PROGRAMS, ROOT, Marts

#: The environment's interpreter; `make test-semantics` makes it.
METRICFLOW = Path(os.environ.get("AGENT_GOALS_METRICFLOW_PYTHON", ROOT / ".venv-semantics/bin/python"))

SEMANTICS = ROOT / "models" / "marts" / "semantics"

RATIOS = [
    "goal_achievement_rate", "cost_per_goal_achieved", "fully_loaded_cost_per_goal", "goal_efficiency",
    "average_time_to_goal_seconds", "value_per_goal", "value_weighted_achievement", "return_on_cost", "net_value",
    "average_score", "score_attainment", "verdict_coverage",
]  # fmt: skip
PARTS = [
    "count_outcomes", "count_achieved", "count_not_achieved", "count_unjudged", "count_not_applicable", "count_timed",
    "count_scored", "count_attainments", "count_missing_potential_value", "count_expected", "count_expected_judged",
    "achieved_cost", "not_achieved_cost", "unjudged_cost", "achieved_value", "potential_value",
    "sum_time_to_goal_seconds", "sum_score", "sum_attainment",
]  # fmt: skip
#: The parts that each goal has a metric of.
GUARDED = [
    "count_achieved", "count_timed", "count_scored", "count_attainments", "count_expected", "achieved_cost",
    "achieved_value",
]  # fmt: skip
SESSIONS = [
    "session_success_rate", "cost_per_session", "count_sessions", "count_judged_sessions", "count_successful_sessions",
    "count_escalated_sessions", "total_cost", "attributed_cost", "unattributed_cost", "evaluation_cost", "landed_value",
    "attributed_value", "unrealised_value", "unattributed_value", "default_value", "count_cost_events",
    "count_missing_amounts", "input_tokens", "output_tokens",
]  # fmt: skip


@dataclass(frozen=True)
class Question:
    """A grouping that both sides are asked for.

    Attributes:
        columns: the query macro's columns to compare, by the name of MetricFlow's metric.
        macro: the package's query macro.
        by: what it groups by.
        grain: the period, if any.
        filter: for which rows, as a column and its value.
    """

    columns: Mapping[str, str]
    macro: str = "goal_metrics"
    by: tuple[str, ...] = ()
    grain: str | None = None
    filter: tuple[str, str] | None = None

    @property
    def sql(self) -> str:
        """The model that asks the macro."""
        where = None if self.filter is None else f"{self.filter[0]} = '{self.filter[1]}'"
        return f"{{{{ agent_goals.{self.macro}(by={list(self.by)}, grain={self.grain!r}, where={where!r}) }}}}"

    @property
    def group_by(self) -> list[str]:
        """What MetricFlow is asked to group by."""
        return [*([f"metric_time__{self.grain}"] if self.grain else []), *self.by]

    @property
    def where(self) -> list[str] | None:
        """What MetricFlow is asked to filter by."""
        return None if self.filter is None else [f"{{{{ Entity('{self.filter[0]}') }}}} = '{self.filter[1]}'"]


ALL_GOALS = {name: name for name in (*RATIOS, *PARTS)}
EACH_GOAL = {f"{name}_by_goal": name for name in (*RATIOS, *GUARDED)}
OF_SESSIONS = {**{name: name for name in SESSIONS}, "session_unjudged_cost": "unjudged_cost"}

QUESTIONS = {
    "asked_by_agent_and_week": Question(ALL_GOALS, by=("agent",), grain="week"),
    "asked_by_environment_segment_and_model": Question(ALL_GOALS, by=("environment", "customer_segment", "model")),
    "asked_of_everything": Question(ALL_GOALS),
    "asked_of_a_segment_by_quarter": Question(ALL_GOALS, grain="quarter", filter=("customer_segment", "enterprise")),
    "asked_by_agent_goal_and_month": Question(EACH_GOAL, by=("agent", "goal"), grain="month"),
    "asked_by_goal_and_model": Question(EACH_GOAL, by=("goal", "model")),
    "asked_of_a_goal": Question(EACH_GOAL, by=("goal",), filter=("goal", "onboarding_completed")),
    "asked_of_sessions_by_agent_and_month": Question(OF_SESSIONS, "session_metrics", by=("agent",), grain="month"),
    "asked_of_all_sessions": Question(OF_SESSIONS, "session_metrics"),
}
CASES = [(name, metric) for name, question in QUESTIONS.items() for metric in question.columns]

#: Every metric of each goal by itself, what others are made of included.
OF_ONE_GOAL = [
    metric["name"] for metric in yaml.safe_load((SEMANTICS / "goals_by_goal.yml").read_text(encoding="utf-8"))["metrics"]
]

#: What is asked besides, by name.
BESIDES: dict[str, dict[str, Any]] = {
    "each_goal_without_the_goal": {"metrics": OF_ONE_GOAL},
    "each_goal_without_the_goal_by_agent": {"metrics": [*OF_ONE_GOAL, "count_goals"], "group_by": ["agent"]},
    "a_goal_that_is_filtered_for": {"metrics": list(EACH_GOAL), "where": ["{{ Entity('goal') }} = 'onboarding_completed'"]},
    **{f"{name} by goal": {"metrics": [name], "group_by": ["goal"]} for name in (*RATIOS, *PARTS)},
    **{f"{name} of a goal": {"metrics": [name], "where": ["{{ Entity('goal') }} = 'issue_resolved'"]} for name in RATIOS},
    "goals_and_sessions": {"metrics": ["net_value", "session_success_rate"], "group_by": ["agent"]},
}
SAVED_QUERIES = yaml.safe_load((SEMANTICS / "saved_queries.yml").read_text(encoding="utf-8"))["saved_queries"]
BESIDES |= {query["name"]: {"saved_query": query["name"]} for query in SAVED_QUERIES}

README = (ROOT / "README.md").read_text(encoding="utf-8").partition("\n## Ask by metric\n")[2].partition("\n## ")[0]
#: The README's commands, and what it says that they print.
SHOWN = re.findall(r"```\n\$ mf (.*?)\n(.*?)```", README, re.DOTALL)
ASKED_ON_THE_COMMAND_LINE = [
    ["query", "--metrics", "goal_achievement_rate,cost_per_goal_achieved", "--group-by", "metric_time__week,agent", "--quiet"],
    ["validate-configs", "--show-all"],
    *([*shlex.split(command), "--quiet"] for command, _ in SHOWN),
]


@dataclass
class Asked:
    """The demo's marts, and what MetricFlow said.

    Attributes:
        marts: the marts, with a table for each question.
        manifest: what dbt wrote for MetricFlow.
        answers: MetricFlow's answer to each query, by question and metric or by name.
        commands: what became of the commands.
    """

    marts: Marts
    manifest: dict[str, Any]
    answers: dict[Any, dict[str, Any]] = field(default_factory=dict)
    commands: list[dict[str, Any]] = field(default_factory=list)


def exact(value: Any) -> Decimal | None:
    """A number as it is, whatever its type: floats by the digits that they round-trip with."""
    return None if value is None else Decimal(str(value))


def by_keys(rows: Iterator[Mapping[str, Any]], keys: list[str], column: str) -> dict[tuple[str, ...], Decimal | None]:
    """A column of rows by the values of their keys, which decide the row."""
    found = [(tuple(str(row[key]) for key in keys), exact(row[column])) for row in rows]
    assert len(dict(found)) == len(found)
    return dict(found)


def answered(answer: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The rows of MetricFlow's answer, by column."""
    assert "error" not in answer, answer["error"]
    return (dict(zip(answer["columns"], row, strict=True)) for row in answer["rows"])


def in_a_project_of_its_own(folder: Path) -> Path:
    """This project with a model for each question, where `mf` finds dbt's artefacts in ``target/``."""
    project = folder / "project"
    (project / "asked").mkdir(parents=True)
    for name in ("macros", "models", "profiles.yml", "seeds", "tests", ".dbtignore"):
        (project / name).symlink_to(ROOT / name)
    settings = (ROOT / "dbt_project.yml").read_text(encoding="utf-8")
    assert "model-paths: [models]" in settings
    settings = settings.replace("model-paths: [models]", "model-paths: [models, asked]")
    (project / "dbt_project.yml").write_text(settings, encoding="utf-8")
    for name, question in QUESTIONS.items():
        (project / "asked" / f"{name}.sql").write_text(question.sql, encoding="utf-8")
    return project


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    if not METRICFLOW.exists():
        pytest.skip(f"there is no {METRICFLOW}: `make test-semantics` installs MetricFlow there")
    project = in_a_project_of_its_own(tmp_path_factory.mktemp("semantics"))
    marts = Marts(project / "agent_goals.duckdb")
    environment = {
        **os.environ,
        "AGENT_GOALS_DUCKDB_PATH": str(marts.path),
        "DBT_LOG_PATH": str(project / "logs"),
        "DBT_PROFILES_DIR": str(project),
        "DBT_TARGET_PATH": str(project / "target"),
    }
    chosen = ["--select", "+path:asked", "+agent_goals__days", "--exclude-resource-type", "test", "unit_test"]
    build = [PROGRAMS / "dbt", "--quiet", "build", *chosen, "--vars", "{agent_goals__use_seeds: true}"]
    done = subprocess.run(build, cwd=project, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    manifest = json.loads((project / "target" / "semantic_manifest.json").read_text(encoding="utf-8"))
    found = Asked(marts, manifest)
    queries = {
        (name, metric): {"metrics": [metric], "group_by": question.group_by, "where": question.where}
        for name, question in QUESTIONS.items()
        for metric in question.columns
    }
    told = {"queries": [*queries.values(), *BESIDES.values()], "commands": ASKED_ON_THE_COMMAND_LINE}
    witness = [METRICFLOW, Path(__file__).with_name("metricflow_witness.py"), project / "answers.json"]
    done = subprocess.run(
        witness, cwd=project, env=environment, input=json.dumps(told), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    answers = json.loads((project / "answers.json").read_text(encoding="utf-8"))
    found.answers = dict(zip([*queries, *BESIDES], answers["queries"], strict=True))
    found.commands = answers["commands"]
    return found


@pytest.mark.parametrize(("name", "metric"), CASES)
def test_a_metric_is_the_query_macros_column(asked: Asked, name: str, metric: str) -> None:
    question = QUESTIONS[name]
    keys = [*(["period_start"] if question.grain else []), *question.by]
    expected = by_keys(iter(asked.marts.rows(f"select * from {name}")), keys, question.columns[metric])
    assert expected
    assert by_keys(answered(asked.answers[name, metric]), question.group_by, metric) == expected


@pytest.mark.parametrize("metric", OF_ONE_GOAL)
def test_goals_that_overlap_are_not_added_up(asked: Asked, metric: str) -> None:
    (row,) = answered(asked.answers["each_goal_without_the_goal"])
    assert row[metric] is None
    several = [row for row in answered(asked.answers["each_goal_without_the_goal_by_agent"]) if row["count_goals"] > 1]
    assert several
    assert [row[metric] for row in several] == [None] * len(several)


@pytest.mark.parametrize("metric", EACH_GOAL)
def test_a_goal_can_be_filtered_for_instead_of_grouped_by(asked: Asked, metric: str) -> None:
    (row,) = answered(asked.answers["a_goal_that_is_filtered_for"])
    mart = asked.marts.row("select * from asked_of_a_goal")
    assert exact(row[metric]) == exact(mart[EACH_GOAL[metric]])


@pytest.mark.parametrize("name", [name for name in BESIDES if name.endswith((" by goal", " of a goal"))])
def test_metrics_of_all_goals_together_know_no_goal(asked: Asked, name: str) -> None:
    assert "does not match any of the available group-by-items" in asked.answers[name]["error"]


def test_goals_and_sessions_can_be_asked_together(asked: Asked) -> None:
    found = {row["agent"]: row for row in answered(asked.answers["goals_and_sessions"])}
    assert {agent: row["session_success_rate"] for agent, row in found.items()} == {
        row["agent"]: row["rate"]
        for row in asked.marts.rows("""
            select agent, sum(count_successful_sessions)::double / nullif(sum(count_judged_sessions), 0) as rate
            from agent_goals__session_metrics_daily
            group by agent
        """)
    }
    assert exact(found["support_agent"]["net_value"]) == Decimal(40820)


@pytest.mark.parametrize("query", SAVED_QUERIES, ids=lambda query: str(query["name"]))
def test_a_saved_query_answers_with_all_its_metrics(asked: Asked, query: dict[str, Any]) -> None:
    rows = list(answered(asked.answers[query["name"]]))
    for metric in query["query_params"]["metrics"]:
        assert any(row[metric] is not None for row in rows), metric


def test_the_command_line_prints_the_marts_numbers(asked: Asked) -> None:
    query = asked.commands[0]
    assert query["exit_code"] == 0, query["output"]
    (heading, _, *lines) = [re.split(r"\s{2,}", line.strip()) for line in query["output"].splitlines() if line.strip()]
    assert heading == ["metric_time__week", "agent", "goal_achievement_rate", "cost_per_goal_achieved"]
    printed = {(line[0][:10], line[1]): [float(number) for number in line[2:]] for line in lines}
    expected = {
        (str(row["period_start"]), row["agent"]): [
            row[name] for name in ("goal_achievement_rate", "cost_per_goal_achieved") if row[name] is not None
        ]
        for row in asked.marts.rows("select * from asked_by_agent_and_week")
    }
    assert printed.keys() == expected.keys()
    for key, numbers in printed.items():
        assert numbers == pytest.approx(expected[key], rel=1e-5), key


@pytest.mark.parametrize("number", range(2))
def test_the_output_in_the_readme_is_what_is_printed(asked: Asked, number: int) -> None:
    printed = asked.commands[2 + number]["output"]
    assert [line.rstrip() for line in printed.splitlines()] == SHOWN[number][1].splitlines()


def test_metricflow_finds_nothing_wrong_with_the_configuration(asked: Asked) -> None:
    # Where its spinners have no terminal, it prints issues (with --show-all warnings, too) and nothing else.
    assert asked.commands[1] == {"exit_code": 0, "output": ""}


def test_everything_that_can_be_asked_for_says_what_it_is(asked: Asked) -> None:
    models = asked.manifest["semantic_models"]
    named = [*models, *asked.manifest["metrics"], *asked.manifest["saved_queries"]]
    named += [part for model in models for kind in ("entities", "dimensions", "measures") for part in model[kind]]
    assert len(named) > 100
    assert [part["name"] for part in named if not part["description"] or "{{" in part["description"]] == []
