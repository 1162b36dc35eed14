"""Evaluation suites: cases, the agent run on each of them, and what the judges say.

experiment = Experiment([Case("refund", "I want my money back")], [GoalSuccessRateEvaluator("openai:gpt-5-mini")])
report = experiment.run(my_agent)
report.display()
report.save("report.json")
report.save_records("records.ndjson")      # for `agent-goals load`
"""

from __future__ import annotations

import asyncio
import inspect
import json
import uuid
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from agent_goals.files import write_whole
from agent_goals.judges.asking import JudgeError, now
from agent_goals.judges.conversation import Conversation, Turn
from agent_goals.judges.evaluators import Evaluation, Evaluator, wait_for
from agent_goals.judges.fitting import TooLongError
from agent_goals.judges.records import Record, as_line, bill_records, verdict_records

#: Where a suite's records take place: production's figures leave them out.
ENVIRONMENT = "evaluation"

#: The label of a case whose task failed, and of one that got no verdict.
TASK_ERROR, JUDGE_ERROR = "task_error", "judge_error"


@dataclass(frozen=True)
class Case:
    """One thing to try an agent on.

    Attributes:
        name: its name.
        input: what the task is given, usually what the user says first.
        session_id: the session that it is recorded as; a new one unless given.
        expected_output: the right answer, for the user objective.
        expected_assertion: what has to be true of the conversation, for the goal success rate.
        metadata: anything else; ``category`` groups the report, ``goal`` is the user's objective where the input is not.
    """

    name: str
    input: Any
    session_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    expected_output: str | None = None
    expected_assertion: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def goal(self) -> str | None:
        """What the user wants to accomplish: what the metadata says, else the input where it is a text."""
        said = self.metadata.get("goal")
        return str(said) if said is not None else self.input if isinstance(self.input, str) else None

    @property
    def category(self) -> str:
        """What the report groups it under."""
        return str(self.metadata.get("category", "all"))


#: What a task may give back: what the agent answered, or the whole conversation.
TaskOutput = str | Conversation | Iterable[Turn | Mapping[str, Any]]
Task = Callable[[Case], TaskOutput | Awaitable[TaskOutput]]


@dataclass(frozen=True)
class Result:
    """What one evaluator said about one case.

    Attributes:
        case: the case.
        evaluator: the evaluator's name.
        label: its verdict; ``not_applicable``; ``task_error`` where the task failed; ``judge_error`` where it gave no verdict.
        score: 1.0 or 0.0, a failed task's is 0.0; ``None`` where there is none.
        test_pass: whether the score is 1.0; ``None`` where there is none.
        reason: why.
        evaluation: all that the evaluator said; ``None`` where it said nothing.
        bills_of_failure: what was paid for no verdict.
    """

    case: Case
    evaluator: str
    label: str
    score: float | None
    test_pass: bool | None
    reason: str
    evaluation: Evaluation | None = None
    bills_of_failure: tuple[Any, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The result as JSON values."""
        return {
            "case": self.case.name,
            "session_id": self.case.session_id,
            "category": self.case.category,
            "evaluator": self.evaluator,
            "evaluator_version": self.evaluation and self.evaluation.evaluator_version,
            "score": self.score,
            "test_pass": self.test_pass,
            "label": self.label,
            "reason": self.reason,
        }


@dataclass(frozen=True)
class Played:
    """A case with the conversation that came of it.

    Attributes:
        case: the case.
        conversation: the conversation; ``None`` where the task failed.
        error: what the task failed with.
        began_at: when the task was begun, in UTC.
        ended_at: when it was over, in UTC.
    """

    case: Case
    conversation: Conversation | None
    error: str | None
    began_at: datetime
    ended_at: datetime


@dataclass(frozen=True)
class Report:
    """What came of an experiment.

    Attributes:
        results: one for each case and evaluator.
        played: the cases with their conversations.
    """

    results: tuple[Result, ...]
    played: tuple[Played, ...] = ()

    @property
    def overall_score(self) -> float | None:
        """The mean score of all results that have one."""
        return _mean(self.results)

    @property
    def by_evaluator(self) -> dict[str, float | None]:
        """The mean score of each evaluator."""
        return _means(self.results, lambda result: result.evaluator)

    @property
    def by_category(self) -> dict[str, float | None]:
        """The mean score of each category of cases."""
        return _means(self.results, lambda result: result.case.category)

    @property
    def count_without_verdict(self) -> int:
        """Results without a score because the judge gave no verdict: it is about the judge, not the agent."""
        return sum(result.label == JUDGE_ERROR for result in self.results)

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON values."""
        return {
            "overall_score": self.overall_score,
            "by_evaluator": self.by_evaluator,
            "by_category": self.by_category,
            "count_results": len(self.results),
            "count_passed": sum(result.test_pass is True for result in self.results),
            "count_failed": sum(result.test_pass is False for result in self.results),
            "count_not_applicable": sum(
                result.evaluation is not None and not result.evaluation.is_applicable for result in self.results
            ),
            "count_without_verdict": self.count_without_verdict,
            "results": [result.as_dict() for result in self.results],
        }

    def save(self, path: str | Path) -> None:
        """Write the report as JSON, whole or not at all.

        Raises:
            AgentGoalsError: when the file cannot be written.
        """
        write_whole(Path(path), as_json(self.as_dict()))

    def display(self, console: Console | None = None) -> None:
        """Print the report."""
        console = console or Console()
        table = Table(title=f"overall score {_shown(self.overall_score)}")
        for name in ("case", "category", "evaluator", "score", "label"):
            table.add_column(name, justify="right" if name == "score" else "left", overflow="fold")
        table.add_column("reason", overflow="fold", ratio=1)
        for result in self.results:
            cells = (result.case.name, result.case.category, result.evaluator, _shown(result.score), result.label, result.reason)
            table.add_row(*(escape(cell) for cell in cells))
        console.print(table)
        for of, means in (("category", self.by_category), ("evaluator", self.by_evaluator)):
            if len(means) > 1:
                said = ", ".join(f"{name} {_shown(mean)}" for name, mean in means.items())
                console.print(escape(f"by {of}: {said}"), highlight=False)
        if self.count_without_verdict:
            console.print(f"{self.count_without_verdict} without a verdict: they are in no score.", highlight=False)

    def records(self) -> Iterator[Record]:
        """The sessions, their turns, the verdicts and what they took, as records of environment ``evaluation``."""
        for played in self.played:
            yield from _session_records(played)
        for result in self.results:
            session = {"session_id": result.case.session_id, "environment": ENVIRONMENT}
            if result.evaluation is not None:
                said = {"case": result.case.name, "category": result.case.category}
                yield from verdict_records(result.evaluation, **session, metadata=said)
            elif result.label == TASK_ERROR:
                yield _task_error_record(result)
            yield from bill_records(result.bills_of_failure, **session, goal=result.evaluator, evaluator=result.evaluator)

    def save_records(self, path: str | Path) -> None:
        """Write the records as NDJSON for ``agent-goals load``, whole or not at all.

        Raises:
            AgentGoalsError: when the file cannot be written.
        """
        write_whole(Path(path), "".join(as_line(record).decode() + "\n" for record in self.records()))


class Experiment:
    """Cases, and the judges of what an agent makes of them."""

    def __init__(self, cases: Sequence[Case], evaluators: Sequence[Evaluator]) -> None:
        """Make an experiment.

        Args:
            cases: the cases; their names have to differ.
            evaluators: the judges.

        Raises:
            ValueError: when two cases have one name, or there is no evaluator.
        """
        names = [case.name for case in cases]
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"several cases are called {', '.join(repeated)}: give each a name of its own.")
        if not evaluators:
            raise ValueError("an experiment needs an evaluator at least.")
        self.cases = tuple(cases)
        self.evaluators = tuple(evaluators)

    def run(self, task: Task, *, concurrency: int = 8) -> Report:
        """Run the task on every case, judge it, and wait for the report; see ``run_async``."""
        return wait_for(self.run_async(task, concurrency=concurrency))

    async def run_async(self, task: Task, *, concurrency: int = 8) -> Report:
        """Run the task on every case and judge what came of it.

        Args:
            task: is given a case and gives what the agent answered, or the conversation; it may be asynchronous. What it
                raises counts against the agent.
            concurrency: how many cases are worked on at a time.
        """
        limit = asyncio.Semaphore(concurrency)

        async def play_and_judge(case: Case) -> tuple[Played, list[Result]]:
            async with limit:
                played = await _play(task, case)
                return played, [await _judged(evaluator, played) for evaluator in self.evaluators]

        found = await asyncio.gather(*(play_and_judge(case) for case in self.cases))
        return Report(
            results=tuple(result for _, results in found for result in results),
            played=tuple(played for played, _ in found),
        )


async def _play(task: Task, case: Case) -> Played:
    began_at = now()
    try:
        # What is not asynchronous may take its time, so it gets a thread of its own.
        output: Any = task(case) if inspect.iscoroutinefunction(task) else await asyncio.to_thread(cast("Any", task), case)
        if inspect.isawaitable(output):
            output = await output
        conversation = _conversation(case, output)
    except Exception as error:
        # Whatever it was: an agent that breaks has not achieved what it was for, and the other cases go on.
        return Played(case, None, f"{type(error).__name__}: {error}", began_at, now())
    return Played(case, conversation, None, began_at, now())


def _conversation(case: Case, output: Any) -> Conversation:
    if isinstance(output, str):
        given = case.input if isinstance(case.input, str) else json.dumps(case.input, ensure_ascii=False, default=str)
        return Conversation((Turn("user", given), Turn("assistant", output)))
    return Conversation.of(output)


async def _judged(evaluator: Evaluator, played: Played) -> Result:
    case = played.case
    if played.conversation is None:
        return Result(case, evaluator.name, TASK_ERROR, 0.0, False, f"The task failed: {played.error}")
    try:
        evaluation = await evaluator.evaluate_async(
            played.conversation,
            goal=case.goal,
            expected_output=case.expected_output,
            expected_assertion=case.expected_assertion,
        )
    except (JudgeError, TooLongError, ValueError) as error:
        bills = error.bills if isinstance(error, JudgeError) else ()
        return Result(case, evaluator.name, JUDGE_ERROR, None, None, str(error), bills_of_failure=bills)
    return Result(case, evaluator.name, evaluation.label, evaluation.score, evaluation.test_pass, evaluation.reason, evaluation)


def _session_records(played: Played) -> Iterator[Record]:
    base = {"session_id": played.case.session_id, "environment": ENVIRONMENT}
    began, ended = (moment.isoformat() for moment in (played.began_at, played.ended_at))
    yield {
        "type": "session",
        "event_id": f"{played.case.session_id}/session",
        **base,
        "occurred_at": began,
        "started_at": began,
        "ended_at": ended,
        "metadata": {"case": played.case.name, "category": played.case.category},
    }
    for number, turn in enumerate(played.conversation.turns if played.conversation else ()):
        call = turn.tool_call
        record = {
            "type": "turn",
            "event_id": f"{played.case.session_id}/turn/{number}",
            **base,
            "occurred_at": began,
            "turn_index": number,
            "role": turn.role,
            "content": turn.content,
            "tool_name": turn.tool_name,
            "tool_call": call if isinstance(call, Mapping) or call is None else {"arguments": call},
        }
        yield {name: value for name, value in record.items() if value is not None}


def _task_error_record(result: Result) -> Record:
    """No judge has seen it: the task itself says that it failed."""
    return {
        "type": "goal",
        "event_id": f"{result.case.session_id}/{result.evaluator}/{TASK_ERROR}",
        "session_id": result.case.session_id,
        "environment": ENVIRONMENT,
        "occurred_at": now().isoformat(),
        "goal": result.evaluator,
        "achieved": False,
        "verdict_source": "automatic",
        "evaluator": result.evaluator,
        "label": TASK_ERROR,
        "reason": result.reason,
        "metadata": {"case": result.case.name, "category": result.case.category},
    }


def as_json(value: Mapping[str, Any]) -> str:
    """A report as the text of a JSON file."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _mean(results: Iterable[Result]) -> float | None:
    scores = [result.score for result in results if result.score is not None]
    return sum(scores) / len(scores) if scores else None


def _means(results: Sequence[Result], group: Callable[[Result], str]) -> dict[str, float | None]:
    return {name: _mean(r for r in results if group(r) == name) for name in dict.fromkeys(map(group, results))}


def _shown(score: float | None) -> str:
    return "-" if score is None else f"{score:.2f}"
