"""The same sessions given to the evaluator that strands-agents-evals brings: same score, pass and label of both.

It needs other versions of what pydantic-ai needs, so it has an environment of its own (`make test-strands`), and both are pointed
at one server.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from agent_goals.judges import GoalSuccessRateEvaluator, Judge
from agent_goals.judges.scenarios import SCENARIOS, Scenario
from project import ROOT

from .server import ModelServer, Reply, Request, Verdict, model_server

pytest.importorskip("pydantic_ai", reason="the extra judges is not installed")

#: The environment's interpreter; `make test-strands` makes it.
STRANDS = Path(os.environ.get("AGENT_GOALS_STRANDS_PYTHON", ROOT / ".venv-strands/bin/python"))

SESSIONS = [scenario for scenario in SCENARIOS if scenario.evaluator == GoalSuccessRateEvaluator.name]
ASSERTION = "The agent books a flight that the user asked for."
AS_ASSERTED = {"Yes": "SUCCESS", "No": "FAILURE"}


def scripted(request: Request) -> Reply:
    """The verdict that the scenario deserves, in the words that the question offers."""
    last_words = {scenario.name: str(scenario.conversation.turns[-1].content) for scenario in SESSIONS}
    (scenario,) = (s for s in SESSIONS if last_words[s.name] in request.prompt)
    label = scenario.expected_label
    is_asserted = "SUCCESS" in json.dumps(request.tool[1])
    return Verdict(AS_ASSERTED[label] if is_asserted else label, reasoning=f"As {scenario.name} deserves.")


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with model_server(scripted) as running:
        yield running


def by_strands(server: ModelServer, sessions: list[Scenario], assertion: str | None) -> list[dict[str, Any]]:
    if not STRANDS.exists():
        pytest.skip(f"there is no {STRANDS}: `make test-strands` installs strands-agents-evals there")
    asked = {
        "base_url": server.url,
        "sessions": [
            {
                "name": scenario.name,
                "turns": [asdict(turn) for turn in scenario.conversation.turns],
                "available_tools": list(scenario.conversation.available_tools),
                "expected_assertion": assertion,
            }
            for scenario in sessions
        ],
    }
    witness = Path(__file__).with_name("strands_witness.py")
    done = subprocess.run([STRANDS, witness], input=json.dumps(asked), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))


@pytest.mark.parametrize("assertion", [None, ASSERTION])
def test_both_evaluators_say_the_same_of_the_same_sessions(server: ModelServer, assertion: str | None) -> None:
    theirs = by_strands(server, SESSIONS, assertion)
    evaluator = GoalSuccessRateEvaluator(Judge("small-judge", base_url=server.url))
    ours = [evaluator.evaluate(scenario.conversation, expected_assertion=assertion) for scenario in SESSIONS]
    fields = ("score", "test_pass", "label", "reason")
    assert [{name: getattr(each, name) for name in fields} for each in ours] == theirs
    expected = [scenario.expected_label for scenario in SESSIONS]
    assert [each["label"] for each in theirs] == ([AS_ASSERTED[label] for label in expected] if assertion else expected)
