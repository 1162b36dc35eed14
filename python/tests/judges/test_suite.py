"""Suites of cases, and the scenarios that ship."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from rich.console import Console

from agent_goals import validate
from agent_goals.cli import main
from agent_goals.judges import (
    Case,
    Conversation,
    Experiment,
    GoalSuccessRateEvaluator,
    Judge,
    Prices,
    Report,
    UserObjectiveAccomplishedEvaluator,
)
from agent_goals.judges.scenarios import SCENARIOS, try_judge
from loading_helpers import Warehouse

from .server import ModelServer, Reply, Request, Status, Verdict, model_server

pytest.importorskip("pydantic_ai", reason="the extra judges is not installed")


def judge(server: ModelServer) -> Judge:
    return Judge("small-judge", base_url=server.url, prices=Prices(Decimal(1), Decimal(10)), first_wait=0.01, attempts=2)


def yes_if_it_says(word: str) -> Callable[[Request], Reply]:
    """A judge that is content with a word in the agent's last turn."""

    def script(request: Request) -> Reply:
        is_met = word in request.data["conversation"][-1]["content"]
        labels = request.tool[1]["properties"]["verdict"]["enum"]
        return Verdict(labels[0] if is_met else labels[1])

    return script


def agent(case: Case) -> Any:
    match case.name:
        case "broken":
            raise RuntimeError("no more memory")
        case "silent":
            return [{"role": "user", "content": case.input}]
        case "whole":
            return Conversation.of([{"role": "user", "content": case.input}, {"role": "assistant", "content": "done"}])
        case _:
            return f"{case.input}: {'done' if case.metadata.get('category') == 'easy' else 'sorry'}"


async def slow_agent(case: Case) -> Any:
    await asyncio.sleep(0)
    return agent(case)


CASES = [
    Case("one", "refund", "s-one", metadata={"category": "easy"}),
    Case("two", "refund", "s-two", metadata={"category": "hard"}),
    Case("whole", "refund", "s-whole", metadata={"category": "hard"}),
    Case("broken", "refund", "s-broken", metadata={"category": "hard"}),
    Case("silent", "refund", "s-silent", metadata={"category": "hard"}),
]


@pytest.mark.parametrize("task", [agent, slow_agent])
def test_a_report_scores_each_case_and_each_category(task: Any) -> None:
    with model_server(yes_if_it_says("done")) as server:
        report = Experiment(CASES, [GoalSuccessRateEvaluator(judge(server))]).run(task)
    found = {r.case.name: (r.score, r.test_pass, r.label) for r in report.results}
    assert found == {
        "one": (1.0, True, "Yes"),
        "two": (0.0, False, "No"),
        "whole": (1.0, True, "Yes"),
        "broken": (0.0, False, "task_error"),
        "silent": (None, None, "not_applicable"),
    }
    assert report.overall_score == 0.5
    assert report.by_category == {"easy": 1.0, "hard": pytest.approx(1 / 3)}
    assert "RuntimeError: no more memory" in next(r.reason for r in report.results if r.case.name == "broken")


def test_a_judge_without_a_verdict_counts_against_nobody() -> None:
    def script(request: Request) -> Reply:
        return Status(400) if "two" in request.prompt else Verdict("Yes")

    cases = [Case(name, name) for name in ("one", "two")]
    with model_server(script) as server:
        report = Experiment(cases, [GoalSuccessRateEvaluator(judge(server))]).run(lambda case: "done")
    assert [(r.label, r.score) for r in report.results] == [("Yes", 1.0), ("judge_error", None)]
    assert (report.overall_score, report.count_without_verdict) == (1.0, 1)


def test_both_evaluators_look_at_their_own_criteria() -> None:
    case = Case(
        "c", "Get a refund", expected_output="refunded", expected_assertion="The agent apologises.", metadata={"goal": "Refund."}
    )
    with model_server(yes_if_it_says("done")) as server:
        evaluators = [GoalSuccessRateEvaluator(judge(server)), UserObjectiveAccomplishedEvaluator(judge(server))]
        report = Experiment([case], evaluators).run(lambda case: "done")
        sent = {request.data.get("objective"): request.data for request in server.requests}
    assert {r.evaluator: r.label for r in report.results} == {
        "goal_success_rate": "SUCCESS",
        "user_objective_accomplished": "accomplished",
    }
    assert sent[None]["expected_assertion"] == "The agent apologises."
    assert sent["Refund."]["expected_output"] == "refunded"
    assert report.by_evaluator == {"goal_success_rate": 1.0, "user_objective_accomplished": 1.0}


def test_names_have_to_differ_and_somebody_has_to_judge() -> None:
    with pytest.raises(ValueError, match="several cases are called a"):
        Experiment([Case("a", 1), Case("a", 2)], [])
    with pytest.raises(ValueError, match="needs an evaluator"):
        Experiment([Case("a", 1)], [])


def printed(report: Report) -> str:
    console = Console(file=io.StringIO(), width=160)
    report.display(console)
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_a_report_is_printed_saved_and_loaded(tmp_path: Path) -> None:
    with model_server(yes_if_it_says("done")) as server:
        report = Experiment(CASES, [GoalSuccessRateEvaluator(judge(server))]).run(agent)
    text = printed(report)
    assert "overall score 0.50" in text
    assert "by category: easy 1.00, hard 0.33" in text

    report.save(tmp_path / "report.json")
    saved = json.loads((tmp_path / "report.json").read_text())
    assert (saved["overall_score"], saved["count_passed"], saved["count_failed"], saved["count_not_applicable"]) == (0.5, 2, 2, 1)
    assert saved["results"][0] == {
        "case": "one",
        "session_id": "s-one",
        "category": "easy",
        "evaluator": "goal_success_rate",
        "evaluator_version": "1 openai-compatible:small-judge",
        "score": 1.0,
        "test_pass": True,
        "label": "Yes",
        "reason": "Turn 0 asks, the last turn answers.",
    }

    report.save_records(tmp_path / "records.ndjson")
    assert [p for r in report.records() for p in validate.validate(r).problems] == []
    warehouse = Warehouse()
    loaded = warehouse.load(tmp_path / "records.ndjson")
    assert (loaded.count_loaded, loaded.count_rejected) == (5 + 8 + 5 + 3 - 1, 0)
    assert warehouse.rows("select distinct environment from raw.goal_events") == [("evaluation",)]
    verdicts = warehouse.rows("select session_id, achieved, verdict_source, label from raw.goal_events order by 1")
    assert verdicts == [
        ("s-broken", False, "automatic", "task_error"),
        ("s-one", True, "judge", "Yes"),
        ("s-silent", None, "judge", "not_applicable"),
        ("s-two", False, "judge", "No"),
        ("s-whole", True, "judge", "Yes"),
    ]
    costs = warehouse.rows("select session_id, cost_type, amount, input_tokens from raw.cost_events order by 1")
    assert costs == [(s, "evaluation", Decimal("0.0015"), 1000) for s in ("s-one", "s-two", "s-whole")]


def as_they_should_be(request: Request) -> Reply:
    """The verdict that the scenario with this conversation deserves."""
    said = [turn.get("content") for turn in request.data["conversation"]]
    (scenario,) = (s for s in SCENARIOS if [turn.content for turn in s.conversation.turns] == said)
    return Verdict(scenario.expected_label)


def test_the_scenarios_are_four_on_goals_and_three_on_objectives() -> None:
    with model_server(as_they_should_be) as server:
        trial = asyncio.run(try_judge(judge(server)))
    assert trial.misjudged == []
    labels = [(result.evaluator, result.label) for result in trial.report.results]
    assert labels == [("goal_success_rate", label) for label in ("Yes", "No", "No", "Yes")] + [
        ("user_objective_accomplished", label) for label in ("accomplished", "not_accomplished", "not_accomplished")
    ]


def test_the_command_names_what_a_judge_gets_wrong(tmp_path: Path) -> None:
    def too_kind(request: Request) -> Reply:
        return Verdict(request.tool[1]["properties"]["verdict"]["enum"][0])

    arguments = ["try-judge", "--model", "small-judge", "--output", str(tmp_path / "report.json")]
    with model_server(too_kind) as server:
        result = CliRunner().invoke(main, [*arguments, "--base-url", server.url])
    assert result.exit_code == 1
    assert "options only: the verdict should be No." in result.stderr
    saved = json.loads((tmp_path / "report.json").read_text())
    assert saved["misjudged"] == [s.name for s in SCENARIOS if s.expected_label in ("No", "not_accomplished")]
    with model_server(as_they_should_be) as server:
        assert CliRunner().invoke(main, [*arguments, "--base-url", server.url]).exit_code == 0
