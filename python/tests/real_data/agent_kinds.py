"""Invented sessions of the five kinds of agents that goals are usually set for: support, sales, code, content, onboarding.

Each kind's function tells short stories about the goals of ``seeds/definitions/goal_definitions.csv``: the lead that
agreed to no meeting, the verdict that a person corrected weeks later, the customer who needed two windows. A
session's id names its story, ``sales_agent-no_meeting-02``, so that the marts can be asked for it.

What the stories are meant to show in the marts is what ``test_demo_stories.py`` asserts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from real_data.draw import CHANNELS, MODELS, SEGMENTS, Draw, model_call

Record = dict[str, Any]

#: The sessions begin on one of these days. The definitions that have two versions change on ``CHANGE``.
FIRST_DAY, DAYS = datetime(2026, 3, 2), 56
CHANGE = datetime(2026, 4, 1)

#: Days (after the first one) that lie wholly before and wholly after the change of definitions.
BEFORE, AFTER = range((CHANGE - FIRST_DAY).days), range((CHANGE - FIRST_DAY).days, DAYS)

DAY = 24 * 60 * 60
WEEKS_LATER = 23 * DAY

#: A model that a company runs itself: no list of prices has it.
UNPRICED_MODEL = "inhouse-coder-2"


class Conversation:
    """One session, written down record by record; every time is in seconds after its start."""

    def __init__(self, agent: str, session_id: str, started: datetime, seconds: int, model: str, **session: Any) -> None:
        """Open the session: ``seconds`` is how long it lasts, ``session`` whatever else its record says."""
        self.records: list[Record] = []
        self.model = model
        self._agent, self._session_id, self._started, self._seconds = agent, session_id, started, seconds
        self._counts: Counter[str] = Counter()
        ended = started + timedelta(seconds=seconds)
        self._add("session", 0, agent=agent, model=model, started_at=started, ended_at=ended, **session)

    def goal(self, after: int, goal: str, achieved: bool | None = None, **fields: Any) -> None:
        """Add a goal event; without ``achieved``, the score or the label decides, or nobody does."""
        self._add("goal", after, **{"agent": self._agent, "goal": goal, "achieved": achieved, **fields})

    def cost(self, amount: str | None, cost_type: str = "llm", **fields: Any) -> None:
        """Add a cost at the session's end, in dollars unless ``fields`` say otherwise; without an amount, tokens tell."""
        booked = {} if amount is None else {"amount": Decimal(amount), "currency": "USD"}
        self._add("cost", self._seconds, agent=self._agent, cost_type=cost_type, **{**booked, **fields})

    def value(self, amount: str, value_type: str, **fields: Any) -> None:
        """Add a value at the session's end, in dollars unless ``fields`` say otherwise."""
        self._add("value", self._seconds, amount=Decimal(amount), value_type=value_type, **{"currency": "USD", **fields})

    def _add(self, kind: str, after: int, **fields: Any) -> None:
        self._counts[kind] += 1
        self.records.append({
            "type": kind,
            "event_id": f"{self._session_id}-{kind}-{self._counts[kind]}",
            "session_id": self._session_id,
            "occurred_at": self._started + timedelta(seconds=after),
            **fields,
        })  # fmt: skip


class Stage:
    """The sessions of one agent, story by story."""

    def __init__(self, agent: str) -> None:
        """An agent without sessions yet."""
        self.agent, self.draw = agent, Draw(agent)
        self._conversations: list[Conversation] = []

    def sessions(
        self, story: str, count: int, *, days: range = range(DAYS), seconds: int = 600, is_booked: bool = True
    ) -> Iterator[Conversation]:
        """Open ``count`` sessions of a story, each on a drawn day of ``days`` and with a drawn customer.

        Args:
            story: the story's name, a part of the sessions' ids.
            count: how many sessions tell it.
            days: days after the first one, on any of which a session may begin.
            seconds: how long a session lasts.
            is_booked: whether to add what the model call cost.
        """
        for number in range(1, count + 1):
            day = self.draw.pick(days)
            talk = self.open(f"{story}-{number:02d}", day, f"customer-{400 + self.draw.below(100)}", seconds=seconds)
            if is_booked:
                amount = Decimal(200 + self.draw.below(1000)).scaleb(-4)
                talk.cost(f"{amount}", **model_call(talk.model, amount))
            yield talk

    def open(self, name: str, day: int, customer: str | None, *, seconds: int = 600) -> Conversation:
        """Open one session ``day`` days after the first one, in working hours."""
        started = FIRST_DAY + timedelta(days=day, hours=8, seconds=self.draw.below(10 * 60 * 60))
        segment, channel, model = self.draw.pick(SEGMENTS), self.draw.pick(CHANNELS), self.draw.pick(tuple(MODELS))
        about = {"customer_id": customer, "customer_segment": segment if customer else None, "channel": channel}
        talk = Conversation(self.agent, f"{self.agent}-{name}", started, seconds, model, agent_version="1.0", **about)
        self._conversations.append(talk)
        return talk

    @property
    def records(self) -> list[Record]:
        """Every record of every session, in the order in which they were opened."""
        return [record for talk in self._conversations for record in talk.records]


def helpdesk(stage: Stage) -> None:
    """Support: resolved without escalation, satisfaction above 4 of 5, in under ten minutes; all rules on one event."""

    def close(talk: Conversation, seconds: int, achieved: bool = True, **metadata: Any) -> None:
        said = {"escalated": False, "customer_satisfaction": 5, "time_to_resolution_seconds": seconds} | metadata
        if not achieved:
            del said["time_to_resolution_seconds"]
        talk.goal(seconds, "case_resolved", achieved, metadata={key: value for key, value in said.items() if value is not None})

    for talk in stage.sessions("excellent", 10):
        close(talk, 180 + stage.draw.below(300))
    for talk in stage.sessions("slow", 5, seconds=1500):
        close(talk, 700 + stage.draw.below(600))
    for talk in stage.sessions("unhappy", 5):
        close(talk, 240 + stage.draw.below(240), customer_satisfaction=2 + stage.draw.below(2))
    # A 4 satisfied until the definition changed.
    for talk in stage.sessions("rated_4_before", 4, days=BEFORE):
        close(talk, 240 + stage.draw.below(240), customer_satisfaction=4)
    for talk in stage.sessions("rated_4_after", 4, days=AFTER):
        close(talk, 240 + stage.draw.below(240), customer_satisfaction=4)
    for talk in stage.sessions("escalated", 5):
        close(talk, 300 + stage.draw.below(240), escalated=True)
        talk.cost("4.50", "human")
    for talk in stage.sessions("unresolved", 4):
        close(talk, 540, achieved=False, customer_satisfaction=1 + stage.draw.below(2))
    for talk in stage.sessions("no_survey", 3):
        close(talk, 200 + stage.draw.below(200), customer_satisfaction=None)
    for talk in stage.sessions("reopened", 2, days=BEFORE):
        close(talk, 300)
        talk.goal(WEEKS_LATER, "case_resolved", False, verdict_source="human", evaluator="quality_desk",
                  reason="The customer came back with the same case.")  # fmt: skip
    for talk in stage.sessions("clock_skew", 1):
        close(talk, -5, time_to_resolution_seconds=None)
    for talk in stage.sessions("billed_in_pounds", 1):
        close(talk, 250)
        talk.cost("0.90", "tool", currency="GBP")


def _qualify(stage: Stage, talk: Conversation, achieved: bool = True) -> None:
    # No verdict is sent: the definition's threshold decides on the score.
    talk.goal(60, "lead_qualified", value=70 + stage.draw.below(30) if achieved else 20 + stage.draw.below(50))


def _meet(stage: Stage, talk: Conversation, achieved: bool = True) -> None:
    talk.goal(240 + stage.draw.below(120), "meeting_scheduled", achieved)


def _show(stage: Stage, talk: Conversation, achieved: bool = True, **fields: Any) -> None:
    money = {"value" if achieved else "expected_value": Decimal(200 + 25 * stage.draw.below(25)), "currency": "USD"}
    talk.goal(1500 + stage.draw.below(600), "demo_completed", achieved, **{**money, **fields})


def sales(stage: Stage) -> None:
    """Sales: lead qualified, meeting scheduled, demo completed, each recorded; the pipeline follows from them."""

    for talk in stage.sessions("won", 10, seconds=2400):
        _qualify(stage, talk)
        _meet(stage, talk)
        _show(stage, talk)
        talk.cost("0.30", "tool", goal="demo_completed")
    for talk in stage.sessions("not_qualified", 8):
        _qualify(stage, talk, achieved=False)
    for talk in stage.sessions("no_meeting", 6):
        _qualify(stage, talk)
        _meet(stage, talk, achieved=False)
    for talk in stage.sessions("silent_after_qualifying", 2):
        _qualify(stage, talk)
    for talk in stage.sessions("no_demo", 3, seconds=2400):
        _qualify(stage, talk)
        _meet(stage, talk)
        _show(stage, talk, achieved=False)
    for talk in stage.sessions("demo_unjudged", 2, seconds=2400):
        _qualify(stage, talk)
        _meet(stage, talk)
        talk.goal(1800, "demo_completed")
    for talk in stage.sessions("demo_not_needed", 2):
        _qualify(stage, talk)
        _meet(stage, talk)
        talk.goal(400, "demo_completed", label="not_applicable", reason="The lead knows the product.")
    for talk in stage.sessions("not_a_lead", 1):
        for place, goal in enumerate(("lead_qualified", "meeting_scheduled", "demo_completed"), start=1):
            talk.goal(place, goal, label="not_applicable", reason="A supplier wrote.")
    _disputed_sales(stage)


def _disputed_sales(stage: Stage) -> None:
    for talk in stage.sessions("claimed", 2):
        _qualify(stage, talk)
        _meet(stage, talk, achieved=False)
        talk.goal(590, "sales_pipeline", True)
    # Every step was taken, and the one who knows says that it was for nothing: no step to blame.
    for talk in stage.sessions("lost_after_the_demo", 2, seconds=2400):
        _qualify(stage, talk)
        _meet(stage, talk)
        _show(stage, talk)
        talk.goal(2390, "sales_pipeline", False, verdict_source="human", evaluator="account_manager")
    for talk in stage.sessions("corrected_weeks_later", 2, days=BEFORE, seconds=2400):
        _qualify(stage, talk)
        _meet(stage, talk)
        _show(stage, talk, achieved=False)
        talk.goal(WEEKS_LATER, "demo_completed", True, verdict_source="human", evaluator="account_manager",
                  value=Decimal(450), currency="USD", reason="The demo was held by telephone.")  # fmt: skip
    for talk in stage.sessions("paid_in_euros", 2, seconds=2400):
        _qualify(stage, talk)
        _meet(stage, talk)
        _show(stage, talk, value=None)
        talk.value("380.00", "revenue", currency="EUR", goal="demo_completed")
    for talk in stage.sessions("handed_over", 1, seconds=2400):
        _qualify(stage, talk)
        _meet(stage, talk)
        _show(stage, talk, agent="onboarding_agent")


def code(stage: Stage) -> None:
    """Code: accepted, no compilation errors, all tests passed; the last two are rules on the metadata of the first."""

    def offer(talk: Conversation, achieved: bool, *, tries: int = 1, **metadata: Any) -> None:
        talk.goal(120 * tries + stage.draw.below(60), "change_accepted", achieved, metadata={**metadata, "attempts": tries})

    for talk in stage.sessions("merged", 8):
        offer(talk, True, compile_errors=0, tests_failed=0)
    for talk in stage.sessions("merged_after_tries", 4):
        offer(talk, True, tries=2 + stage.draw.below(3), compile_errors=0, tests_failed=0)
    for talk in stage.sessions("does_not_compile", 4):
        offer(talk, False, tries=3, compile_errors=1 + stage.draw.below(5))
    for talk in stage.sessions("tests_fail", 4):
        offer(talk, False, tries=2, compile_errors=0, tests_failed=1 + stage.draw.below(4))
    for talk in stage.sessions("rejected_in_review", 3):
        offer(talk, False, compile_errors=0, tests_failed=0)
    for talk in stage.sessions("tests_not_reported", 2):
        offer(talk, True, compile_errors=0)
    for talk in stage.sessions("numbers_as_text", 1):
        offer(talk, True, compile_errors="0", tests_failed="0e0")
    for talk in stage.sessions("judge_against_reviewer", 2):
        report = {"compile_errors": 0, "tests_failed": 0}
        talk.goal(200, "change_accepted", True, verdict_source="judge", evaluator="code_judge", evaluator_version="1",
                  metadata=report)  # fmt: skip
        talk.goal(3 * DAY, "change_accepted", False, verdict_source="human", evaluator="reviewer",
                  reason="It solves another problem than the one asked about.")  # fmt: skip
        talk.cost("0.0310", "evaluation", **model_call("gpt-4o", Decimal("0.0310")))
    # One event for the whole, which lists the parts.
    for talk in stage.sessions("reported_as_a_list", 2):
        parts = ["compiles_without_errors", "all_tests_passed", "change_accepted"]
        talk.goal(500, "code_delivered", True, sub_goals_achieved=parts)
    for talk in stage.sessions("priced_by_tokens", 2, is_booked=False):
        offer(talk, True, compile_errors=0, tests_failed=0)
        talk.cost(None, provider="openai", model="gpt-4o", input_tokens=60_000, cache_read_tokens=40_000, output_tokens=4_000)
    for talk in stage.sessions("unpriced_model", 2, is_booked=False):
        offer(talk, True, compile_errors=0, tests_failed=0)
        talk.cost(None, model=UNPRICED_MODEL, input_tokens=50_000, output_tokens=5_000)


def content(stage: Stage) -> None:
    """Content: published, under two revisions, rated helpful, of which two make a delivery."""

    def publish(talk: Conversation, achieved: bool = True, revisions: int | None = None) -> None:
        rounds = stage.draw.below(2) if revisions is None else revisions
        talk.goal(3000 + 900 * rounds, "article_published", achieved, metadata={"revisions": rounds})

    def rate(talk: Conversation, score: str, **fields: Any) -> None:
        talk.goal(5 * DAY, "rated_helpful", value=Decimal(score), **fields)

    for talk in stage.sessions("well_received", 8, seconds=6000):
        publish(talk)
        rate(talk, f"4.{2 + stage.draw.below(8)}")
    for talk in stage.sessions("much_revised", 4, seconds=6000):
        publish(talk, revisions=3)
        rate(talk, "4.4")
    for talk in stage.sessions("unhelpful", 4, seconds=6000):
        publish(talk)
        rate(talk, "2.1")
    for talk in stage.sessions("much_revised_and_unhelpful", 3, seconds=6000):
        publish(talk, revisions=4)
        rate(talk, "2.6")
    # 3.8 was helpful until the definition changed.
    for talk in stage.sessions("rated_3_8_before", 3, days=BEFORE, seconds=6000):
        publish(talk, revisions=2)
        rate(talk, "3.8")
    for talk in stage.sessions("rated_3_8_after", 3, days=AFTER, seconds=6000):
        publish(talk, revisions=2)
        rate(talk, "3.8")
    for talk in stage.sessions("own_threshold", 1, days=AFTER, seconds=6000):
        publish(talk, revisions=2)
        rate(talk, "3.8", threshold=3)
    for talk in stage.sessions("never_published", 4, seconds=6000):
        publish(talk, achieved=False, revisions=4)
    for talk in stage.sessions("unrated", 3, seconds=6000):
        publish(talk)
    for talk in stage.sessions("called_helpful_all_the_same", 1, seconds=6000):
        publish(talk)
        rate(talk, "2.0", achieved=True)


def onboarding(stage: Stage) -> None:
    """Onboarding: tour, profile and key feature, over as many sessions of a customer as it takes, within 30 days."""
    customers = 0

    def begin(story: str, count: int) -> Iterator[tuple[str, str, int]]:
        nonlocal customers
        for number in range(1, count + 1):
            customers += 1
            # Within March, so that every window's days are known.
            yield f"{story}-{number:02d}", f"onboarding-customer-{customers:02d}", stage.draw.below(12)

    def visit(name: str, customer: str | None, day: int) -> Conversation:
        talk = stage.open(name, day, customer, seconds=900)
        amount = Decimal(100 + stage.draw.below(400)).scaleb(-4)
        talk.cost(f"{amount}", **model_call(talk.model, amount))
        return talk

    for name, customer, day in begin("three_sessions", 6):
        visit(f"{name}-1", customer, day).goal(400, "flow_completed", True)
        visit(f"{name}-2", customer, day + 2).goal(300, "profile_filled", value=100)
        visit(f"{name}-3", customer, day + 7).goal(600, "key_feature_activated", True)
    for name, customer, day in begin("one_session", 2):
        talk = visit(f"{name}-1", customer, day)
        talk.goal(300, "flow_completed", True)
        talk.goal(500, "profile_filled", value=90)
        talk.goal(800, "key_feature_activated", True)
    for name, customer, day in begin("filled_in_bit_by_bit", 1):
        talk = visit(f"{name}-1", customer, day)
        talk.goal(300, "flow_completed", True)
        talk.goal(500, "profile_filled", value=40)
        talk = visit(f"{name}-2", customer, day + 5)
        talk.goal(200, "profile_filled", value=90)
        talk.goal(600, "key_feature_activated", True)
    for name, customer, day in begin("left_during_the_tour", 1):
        visit(f"{name}-1", customer, day).goal(900, "flow_completed", False)
    for name, customer, day in begin("left_at_the_profile", 4):
        visit(f"{name}-1", customer, day).goal(400, "flow_completed", True)
        visit(f"{name}-2", customer, day + 3).goal(300, "profile_filled", value=40)
    for name, customer, day in begin("left_at_the_feature", 3):
        visit(f"{name}-1", customer, day).goal(400, "flow_completed", True)
        visit(f"{name}-2", customer, day + 3).goal(300, "profile_filled", value=100)
        visit(f"{name}-3", customer, day + 9).goal(900, "key_feature_activated", False)
    # The first 30 days end with half a profile; the customer comes back for another go.
    for name, customer, day in begin("second_window", 2):
        visit(f"{name}-1", customer, day).goal(400, "flow_completed", True)
        visit(f"{name}-2", customer, day + 4).goal(300, "profile_filled", value=40)
        talk = visit(f"{name}-3", customer, day + 41)
        talk.goal(350, "flow_completed", True)
        talk.goal(700, "profile_filled", value=100)
        visit(f"{name}-4", customer, day + 43).goal(500, "key_feature_activated", True)
    for name, customer, day in begin("claimed", 1):
        talk = visit(f"{name}-1", customer, day)
        talk.goal(400, "flow_completed", True)
        talk.goal(600, "key_feature_activated", False)
        talk.goal(890, "onboarding_completed", True)
    talk = visit("nobody_known-01-1", None, 8)
    talk.goal(400, "flow_completed", True)


#: Who plays which kind.
KINDS: dict[str, Callable[[Stage], None]] = {
    "helpdesk_agent": helpdesk,
    "sales_agent": sales,
    "code_agent": code,
    "content_agent": content,
    "onboarding_agent": onboarding,
}


def agent_kinds() -> Iterator[Record]:
    """The records of one invented agent of each kind."""
    for agent, play in KINDS.items():
        stage = Stage(agent)
        play(stage)
        yield from stage.records
