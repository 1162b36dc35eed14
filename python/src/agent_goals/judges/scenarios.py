"""The suite that ships: conversations whose verdict is plain, to try a model out as a judge before it is trusted.

Four are scenarios that a goal success rate is usually explained with, three are objectives as simulated users are given them.
A judge that misses one of them is not to be believed about harder ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from agent_goals.files import write_whole
from agent_goals.judges.asking import Judge
from agent_goals.judges.conversation import Conversation, Turn
from agent_goals.judges.evaluators import EVALUATORS, GoalSuccessRateEvaluator, UserObjectiveAccomplishedEvaluator
from agent_goals.judges.suite import Case, Experiment, Played, Report, Result, as_json


@dataclass(frozen=True)
class Scenario:
    """A conversation with the verdict that it deserves.

    Attributes:
        name: its name.
        evaluator: the judge that it is for.
        conversation: what was said.
        expected_label: the verdict.
        goal: the user's objective, where the judge wants one.
        expected_output: the right answer, where there is one.
    """

    name: str
    evaluator: str
    conversation: Conversation
    expected_label: str
    goal: str | None = None
    expected_output: str | None = None


def _user(content: str) -> Turn:
    return Turn("user", content)


def _agent(content: str) -> Turn:
    return Turn("assistant", content)


def _call(tool: str, answer: str, **arguments: object) -> tuple[Turn, Turn]:
    return Turn("assistant", None, tool, arguments), Turn("tool", answer, tool)


_FLIGHT_TOOLS = ("search_flights", "book_flight", "send_email")
_WANTS_A_FLIGHT = _user("I have to be in Los Angeles on Monday. Please book me a flight from New York.")
_FLIGHTS = _call(
    "search_flights",
    '[{"flight": "QX 101", "departs": "08:15", "price_usd": 310}, {"flight": "QX 117", "departs": "13:40", "price_usd": 265}]',
    origin="JFK",
    destination="LAX",
    date="2026-03-02",
)

SCENARIOS: Sequence[Scenario] = (
    Scenario(
        "booked",
        GoalSuccessRateEvaluator.name,
        Conversation(
            (
                _WANTS_A_FLIGHT,
                *_FLIGHTS,
                _agent("On Monday there are QX 101 at 8:15 for $310 and QX 117 at 13:40 for $265. Which one shall I book?"),
                _user("The one at 13:40, please."),
                *_call("book_flight", '{"status": "confirmed", "confirmation": "M4KT2P"}', flight="QX 117", date="2026-03-02"),
                _agent("QX 117 on Monday at 13:40 is booked. Your confirmation number is M4KT2P."),
            ),
            _FLIGHT_TOOLS,
        ),
        "Yes",
    ),
    Scenario(
        "options only",
        GoalSuccessRateEvaluator.name,
        Conversation(
            (
                _WANTS_A_FLIGHT,
                *_FLIGHTS,
                _agent("I found QX 101 at 8:15 for $310 and QX 117 at 13:40 for $265. Would you like me to book one of them?"),
                _user("I asked you to book one. Never mind, I will do it myself."),
                _agent("As you wish. Have a good trip!"),
            ),
            _FLIGHT_TOOLS,
        ),
        "No",
    ),
    Scenario(
        "general help",
        GoalSuccessRateEvaluator.name,
        Conversation(
            (
                _WANTS_A_FLIGHT,
                _agent("Most airlines fly to Los Angeles several times a day. Fares are lowest in the middle of the week."),
                _user("That does not help me. Goodbye."),
            ),
            _FLIGHT_TOOLS,
        ),
        "No",
    ),
    Scenario(
        "cheapest flight to Paris, booked and confirmed",
        GoalSuccessRateEvaluator.name,
        Conversation(
            (
                _user("Find the cheapest flight to Paris on 12 May, book it, and mail me the confirmation at kim@example.org."),
                *_call(
                    "search_flights",
                    '[{"flight": "QX 240", "eur": 520}, {"flight": "QX 244", "eur": 450}, {"flight": "QX 251", "eur": 610}]',
                    destination="CDG",
                    date="2026-05-12",
                ),
                *_call("book_flight", '{"status": "confirmed", "confirmation": "R7WB9D", "paid_eur": 450}', flight="QX 244"),
                *_call("send_email", '{"status": "delivered"}', to="kim@example.org", subject="Flight QX 244: R7WB9D"),
                _agent("QX 244 was the cheapest at EUR 450. It is booked (R7WB9D), and the confirmation is in your mailbox."),
            ),
            _FLIGHT_TOOLS,
        ),
        "Yes",
    ),
    Scenario(
        "refund granted",
        UserObjectiveAccomplishedEvaluator.name,
        Conversation(
            (
                _user("The lamp I ordered came with a broken shade. I would like my money back. The order is 5512."),
                *_call("refund_order", '{"order": "5512", "refunded_eur": 39.90}', order="5512"),
                _agent("I am sorry about that. EUR 39.90 for order 5512 are on their way back to your card."),
                _user("Perfect."),
            )
        ),
        "accomplished",
        goal="Get the money for the broken lamp of order 5512 refunded.",
    ),
    Scenario(
        "a polite way around the objective",
        UserObjectiveAccomplishedEvaluator.name,
        Conversation(
            (
                _user("Please cancel my subscription as of today."),
                _agent("We would be so sorry to see you go! I have added a free month to your subscription instead."),
                _user("Oh. Thank you, that is nice of you."),
                _agent("You are very welcome. Enjoy your free month!"),
            )
        ),
        "not_accomplished",
        goal="Cancel the subscription as of today.",
    ),
    Scenario(
        "a plausible answer that is wrong",
        UserObjectiveAccomplishedEvaluator.name,
        Conversation(
            (
                _user("Until when can I send back shoes that I bought on 3 March in the shop?"),
                _agent("You have 30 days, so you can bring them back until 2 April."),
                _user("Great, thanks."),
            )
        ),
        "not_accomplished",
        goal="Learn until which date the shoes bought on 3 March can be returned.",
        expected_output="Goods bought in the shop can be returned for 14 days, so until 17 March.",
    ),
)


@dataclass(frozen=True)
class Trial:
    """How a judge did on the scenarios.

    Attributes:
        report: its verdicts.
        expected: the verdict that each scenario deserves, by its name.
    """

    report: Report
    expected: dict[str, str]

    @property
    def misjudged(self) -> list[str]:
        """The scenarios whose verdict is another, or that got none."""
        return [result.case.name for result in self.report.results if result.label != self.expected[result.case.name]]

    def as_dict(self) -> dict[str, Any]:
        """The trial as JSON values."""
        return {"misjudged": self.misjudged, "expected": self.expected, **self.report.as_dict()}

    def save(self, path: str | Path) -> None:
        """Write the trial as JSON, whole or not at all.

        Raises:
            AgentGoalsError: when the file cannot be written.
        """
        write_whole(Path(path), as_json(self.as_dict()))


async def try_judge(judge: Judge, scenarios: Iterable[Scenario] = SCENARIOS, *, concurrency: int = 8) -> Trial:
    """Have a model judge the scenarios.

    Args:
        judge: the model.
        scenarios: what to try it on.
        concurrency: how many it is asked about at a time.
    """
    scenarios = tuple(scenarios)
    results: list[Result] = []
    played: list[Played] = []
    for name, evaluator in EVALUATORS.items():
        own = {scenario.name: scenario for scenario in scenarios if scenario.evaluator == name}
        cases = [
            Case(
                scenario.name,
                scenario.conversation.turns[0].content,
                expected_output=scenario.expected_output,
                metadata={"category": name} | ({"goal": scenario.goal} if scenario.goal else {}),
            )
            for scenario in own.values()
        ]
        if cases:
            task = partial(_recorded, {case.name: own[case.name].conversation for case in cases})
            report = await Experiment(cases, [evaluator(judge)]).run_async(task, concurrency=concurrency)
            results += report.results
            played += report.played
    return Trial(Report(tuple(results), tuple(played)), {scenario.name: scenario.expected_label for scenario in scenarios})


def _recorded(conversations: Mapping[str, Conversation], case: Case) -> Conversation:
    return conversations[case.name]
