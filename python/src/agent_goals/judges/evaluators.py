"""The two judges: did the conversation achieve all that its user wanted, and was one objective accomplished."""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
from collections.abc import Coroutine, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar

from agent_goals.contract import NOT_APPLICABLE
from agent_goals.judges.asking import OUTPUT_TOKENS_GUESS, Bill, Judge, now
from agent_goals.judges.conversation import Conversation, Turn
from agent_goals.judges.fitting import Fitted, count_tokens, fit
from agent_goals.judges.prompts import (
    ASSERTED_SUCCESS,
    GOAL_SUCCESS_RATE,
    PROMPT_VERSION,
    USER_OBJECTIVE,
    USER_OBJECTIVE_WITH_OUTPUT,
    as_data,
)

if TYPE_CHECKING:
    from pydantic_ai.models import Model

ResultT = TypeVar("ResultT")

Turns = Conversation | Iterable[Turn | Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Criteria:
    """What a conversation is judged against, where there is more than the conversation.

    Attributes:
        goal: what the user wanted to accomplish.
        expected_output: the right answer.
        expected_assertion: what has to be true of the conversation.
    """

    goal: str | None = None
    expected_output: str | None = None
    expected_assertion: str | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a judge said about one conversation.

    Attributes:
        evaluator: the judge's name.
        evaluator_version: the version of its instructions, and its model.
        label: the verdict in the judge's words; ``not_applicable`` where there was nothing to judge.
        score: 1.0 or 0.0; ``None`` where there was nothing to judge.
        test_pass: whether the score is 1.0; ``None`` where there was nothing to judge.
        reason: the judge's reasoning, step by step.
        judged_at: when the conversation was put before the judge, in UTC.
        digest: what was judged, and against what, as a hash.
        shortened: what was cut or left out for want of room, in words; ``None`` where nothing was.
        bills: what it took.
    """

    evaluator: str
    evaluator_version: str
    label: str
    score: float | None
    test_pass: bool | None
    reason: str
    judged_at: datetime
    digest: str
    shortened: str | None = None
    bills: tuple[Bill, ...] = ()

    @property
    def is_applicable(self) -> bool:
        """Whether there was something to judge."""
        return self.label != NOT_APPLICABLE


# What a model has to answer. The reasoning comes first, so that the verdict follows from it. Their docstrings are shown to it.


@dataclass
class _Goals:
    """The verdict on whether all of the user's goals were achieved."""

    reasoning: str
    verdict: Literal["Yes", "No", "not_applicable"]


@dataclass
class _Assertion:
    """The verdict on whether the assertion is true of the conversation."""

    reasoning: str
    verdict: Literal["SUCCESS", "FAILURE", "not_applicable"]


@dataclass
class _Objective:
    """The verdict on whether the user's objective was accomplished."""

    reasoning: str
    verdict: Literal["accomplished", "not_accomplished", "not_applicable"]


_SCORES = {"Yes": 1.0, "No": 0.0, "SUCCESS": 1.0, "FAILURE": 0.0, "accomplished": 1.0, "not_accomplished": 0.0}

_Verdict = _Goals | _Assertion | _Objective


@dataclass(frozen=True, slots=True)
class Question:
    """What a model is to be asked about one conversation.

    Attributes:
        system_prompt: the instructions.
        prompt: the conversation and the criteria.
        output_type: the form of the verdict.
        fitted: the conversation as it was made to fit.
    """

    system_prompt: str
    prompt: str
    output_type: type[_Verdict]
    fitted: Fitted

    @property
    def input_tokens(self) -> int:
        """About how many tokens it has."""
        return count_tokens(self.system_prompt) + count_tokens(self.prompt)


class Evaluator:
    """What both judges share. A judge may be asked from several tasks at a time.

    Attributes:
        name: what its verdicts call it, and the goal that they are about where no other is named.
        judge: the model that it asks.
    """

    name: ClassVar[str]
    #: The criteria that it looks at; others are not for it.
    reads: ClassVar[tuple[str, ...]]
    #: The criterion that it cannot do without.
    needs: ClassVar[str | None] = None

    def __init__(self, model: Model | Judge | str, *, system_prompt: str | None = None) -> None:
        """Make an evaluator.

        Args:
            model: a name such as ``openai:gpt-5-mini``, a model of pydantic-ai, or a ``Judge`` with settings of its own.
            system_prompt: your own instructions in place of the built-in ones. The conversation comes in the same form.

        Raises:
            JudgeError: when the model cannot be used.
        """
        self.judge = model if isinstance(model, Judge) else Judge(model)
        self._system_prompt = system_prompt

    @property
    def version(self) -> str:
        """The version of its instructions and its model: verdicts of one version come of one judge."""
        version = PROMPT_VERSION
        if self._system_prompt is not None:
            version += f"+{hashlib.sha256(self._system_prompt.encode()).hexdigest()[:8]}"
        return f"{version} {self.judge.name}"

    def question(self, conversation: Conversation, criteria: Criteria) -> Question | str:
        """What the model is to be asked; or, where there is nothing to judge, why.

        Raises:
            TooLongError: when the conversation cannot be made to fit.
        """
        if reason := self._nothing_to_judge(conversation, criteria):
            return reason
        system_prompt, output_type = self._instructions(criteria)
        system_prompt = self._system_prompt or system_prompt
        further: dict[str, Any] = {
            ("objective" if name == "goal" else name): value
            for name, value in asdict(criteria).items()
            if name in self.reads and value is not None
        }
        if conversation.available_tools:
            further["available_tools"] = list(conversation.available_tools)
        room = self.judge.max_input_tokens - count_tokens(system_prompt) - count_tokens(as_data(further)) - 20
        fitted = fit(conversation.turns, room)
        return Question(system_prompt, as_data({**further, "conversation": fitted.turns}), output_type, fitted)

    def estimate(self, conversation: Conversation, criteria: Criteria) -> tuple[int, int]:
        """About how many input and output tokens a verdict takes: none where there is nothing to judge.

        Raises:
            TooLongError: when the conversation cannot be made to fit.
        """
        question = self.question(conversation, criteria)
        return (0, 0) if isinstance(question, str) else (question.input_tokens, OUTPUT_TOKENS_GUESS)

    async def evaluate_async(
        self,
        conversation: Turns,
        *,
        goal: str | None = None,
        expected_output: str | None = None,
        expected_assertion: str | None = None,
    ) -> Evaluation:
        """Judge a conversation.

        Args:
            conversation: the turns; see ``Conversation.of`` for the forms they may have.
            goal: what the user wanted to accomplish (user objective accomplished).
            expected_output: the right answer (user objective accomplished).
            expected_assertion: what has to be true of the conversation (goal success rate).

        Raises:
            JudgeError: when the model gave no verdict.
            TooLongError: when the conversation cannot be made to fit.
            ValueError: when a turn has no known form, or the goal is missing where there has to be one.
        """
        criteria = Criteria(goal, expected_output, expected_assertion)
        if self.needs and not getattr(criteria, self.needs):
            raise ValueError(f"{self.name} needs a {self.needs}: what the user wanted to accomplish.")
        judged = Conversation.of(conversation)
        question = self.question(judged, criteria)
        evaluation = {
            "evaluator": self.name,
            "evaluator_version": self.version,
            "judged_at": now(),
            "digest": self.digest(judged, criteria),
        }
        if isinstance(question, str):
            return Evaluation(label=NOT_APPLICABLE, score=None, test_pass=None, reason=question, **evaluation)  # type: ignore[arg-type]
        answer = await self.judge.ask(question.system_prompt, question.prompt, question.output_type)
        score = _SCORES.get(answer.output.verdict)
        return Evaluation(
            label=answer.output.verdict,
            score=score,
            test_pass=None if score is None else score >= 1.0,
            reason=answer.output.reasoning,
            shortened=_in_words(question.fitted),
            bills=answer.bills,
            **evaluation,  # type: ignore[arg-type]
        )

    def evaluate(
        self,
        conversation: Turns,
        *,
        goal: str | None = None,
        expected_output: str | None = None,
        expected_assertion: str | None = None,
    ) -> Evaluation:
        """Judge a conversation and wait for the verdict; everything else as for ``evaluate_async``."""
        return wait_for(
            self.evaluate_async(conversation, goal=goal, expected_output=expected_output, expected_assertion=expected_assertion)
        )

    def digest(self, conversation: Conversation, criteria: Criteria) -> str:
        """A hash of what is judged and against what: the same for the same, and for nothing else."""
        of = {
            "turns": [asdict(turn) for turn in conversation.turns],
            "available_tools": conversation.available_tools,
            "criteria": {name: value for name, value in asdict(criteria).items() if name in self.reads},
        }
        return hashlib.sha256(json.dumps(of, sort_keys=True, default=str).encode()).hexdigest()

    def _instructions(self, criteria: Criteria) -> tuple[str, type[_Verdict]]:
        raise NotImplementedError

    def _nothing_to_judge(self, conversation: Conversation, criteria: Criteria) -> str | None:
        if not conversation.turns:
            return "There is nothing to judge: the conversation has no turns."
        if not any(turn.says_something for turn in conversation.turns):
            return "There is nothing to judge: the turns have no text."
        if not (criteria.goal or criteria.expected_assertion) and not conversation.said_by("user"):
            return "There is nothing to judge: the user says nothing, so nobody can know what they wanted."
        if not conversation.said_by("agent"):
            return "There is nothing to judge yet: the agent has not said or done anything."
        return None


class GoalSuccessRateEvaluator(Evaluator):
    """Judges whether a conversation achieved all of its user's goals: ``Yes`` (1.0) or ``No`` (0.0).

    With an ``expected_assertion`` it judges whether that is true of the conversation: ``SUCCESS`` or ``FAILURE``. Some of the way
    is a failure, by design.
    """

    name = "goal_success_rate"
    reads = ("expected_assertion",)

    def _instructions(self, criteria: Criteria) -> tuple[str, type[_Verdict]]:
        return (ASSERTED_SUCCESS, _Assertion) if criteria.expected_assertion else (GOAL_SUCCESS_RATE, _Goals)


class UserObjectiveAccomplishedEvaluator(Evaluator):
    """Judges whether one objective of the user was accomplished, correctly: ``accomplished`` (1.0) or ``not_accomplished`` (0.0).

    With an ``expected_output`` what the agent answered has to agree with it; without, the conversation's outcome decides.
    """

    name = "user_objective_accomplished"
    reads = ("goal", "expected_output")
    needs = "goal"

    def _instructions(self, criteria: Criteria) -> tuple[str, type[_Verdict]]:
        return (USER_OBJECTIVE_WITH_OUTPUT if criteria.expected_output else USER_OBJECTIVE), _Objective


EVALUATORS: Mapping[str, type[Evaluator]] = {
    evaluator.name: evaluator for evaluator in (GoalSuccessRateEvaluator, UserObjectiveAccomplishedEvaluator)
}


def _in_words(fitted: Fitted) -> str | None:
    return None if fitted.is_whole else f"{fitted.count_cut} texts cut, {fitted.count_left_out} turns left out"


def wait_for(work: Coroutine[Any, Any, ResultT]) -> ResultT:
    """Do asynchronous work and wait for it, in a notebook as well.

    One event loop in a thread of its own does all of it: a model's connections belong to the loop that opened them.
    """
    return asyncio.run_coroutine_threadsafe(work, _loop()).result()


_lock = threading.Lock()
_running: asyncio.AbstractEventLoop | None = None


def _loop() -> asyncio.AbstractEventLoop:
    global _running  # noqa: PLW0603
    with _lock:
        if _running is None:
            _running = asyncio.new_event_loop()
            threading.Thread(target=_running.run_forever, name="agent-goals-judge", daemon=True).start()
        return _running
