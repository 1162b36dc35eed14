"""The second implementation of the rules against cases that were worked out by hand."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from random_records import definitions, rates, two_loads
from reference import Expected, Row, Settings, expected_marts

START = "2026-03-02T09:00:00Z"
NOW = datetime(2026, 6, 1, tzinfo=UTC)
WHOLE = {"goal": "whole"}
THREE_STEPS: list[Row] = [{"goal": f"step_{name}", "parent_goal": "whole", "sequence": n} for n, name in enumerate("abc")]


class Story:
    """Records of some sessions, and the marts that they should make."""

    def __init__(self, definitions: list[Row], **settings: Any) -> None:
        self.definitions = definitions
        self.settings = Settings(**settings)
        self.records: list[Row] = []

    def add(self, kind: str, session: str = "s", at: str = START, **fields: Any) -> Story:
        number = len(self.records)
        self.records.append(
            {"type": kind, "event_id": f"e{number:03}", "session_id": session, "occurred_at": at, "environment": "production"}
            | fields
        )
        return self

    def goal(self, goal: str, achieved: bool | None = None, **fields: Any) -> Story:
        said = {} if achieved is None else {"achieved": achieved}
        return self.add("goal", **{"goal": goal, **said, **fields})

    def marts(self) -> Expected:
        return expected_marts([self.records], self.definitions, [], self.settings, NOW)

    def outcome(self, goal: str, session: str = "s") -> Row:
        (found,) = [row for row in self.marts().outcomes if (row["session_id"], row["goal"]) == (session, goal)]
        return found

    def goals(self) -> set[str]:
        return {row["goal"] for row in self.marts().outcomes}

    def verdict(self, goal: str) -> str:
        return str(self.outcome(goal)["verdict"])


def rule(field: str, operator: str, threshold: str, goal: str = "ruled", source: str = "source") -> Row:
    said = {"goal": goal, "kind": "derived", "source_goal": source, "field": field}
    return said | {"threshold_operator": operator, "threshold": threshold}


# Versions of definitions.


def test_an_outcome_is_judged_by_the_version_in_force_at_its_sessions_start() -> None:
    definitions = [
        {"goal": "quality", "kind": "score", "threshold": "80", "valid_from": "2026-03-02T09:00:00Z"},
        {"goal": "quality", "kind": "score", "threshold": "60", "valid_to": "2026-03-01"},
    ]
    story = Story(definitions)
    for session, at in [("before", "2026-02-28T23:59:59Z"), ("gap", "2026-03-01"), ("after", START)]:
        story.goal("quality", session=session, at=at, value="70")
    found = {session: story.outcome("quality", session) for session in ("before", "gap", "after")}
    assert {name: (o["verdict"], o["definition_version"], o["is_defined"]) for name, o in found.items()} == {
        "before": ("achieved", 1, True),
        "gap": ("unjudged", None, False),
        "after": ("not_achieved", 2, True),
    }


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({}, ("achieved", 2)),
        ({"verdict_source": "human"}, ("not_achieved", 1)),
        ({"verdict_source": "judge"}, ("not_achieved", 1)),
        ({"threshold": 75}, ("not_achieved", 1)),
        ({"achieved": False}, ("not_achieved", 1)),
    ],
)
def test_restating_judges_again_only_what_the_definition_had_judged(sent: Row, expected: tuple[str, int]) -> None:
    definitions = [
        {"goal": "quality", "kind": "score", "threshold": "80"},
        {"goal": "quality", "kind": "score", "threshold": "60", "valid_from": "2026-04-01"},
        {"goal": "quality", "kind": "score", "threshold": "0", "valid_from": "2027-01-01"},
    ]
    restated = Story(definitions, restate_definitions=True).goal("quality", score=70, **sent).outcome("quality")
    assert (restated["verdict"], restated["definition_version"]) == expected
    as_it_was = Story(definitions).goal("quality", score=70, **sent).outcome("quality")
    assert (as_it_was["verdict"], as_it_was["definition_version"]) == ("not_achieved", 1)


def test_restating_keeps_the_sessions_version_where_no_version_is_in_force_today() -> None:
    definitions = [{"goal": "quality", "kind": "score", "threshold": "80", "valid_to": "2026-04-01"}]
    found = Story(definitions, restate_definitions=True).goal("quality", score=70).outcome("quality")
    assert (found["verdict"], found["definition_version"]) == ("not_achieved", 1)


def test_restating_applies_todays_rules_to_the_sub_goals_of_the_time() -> None:
    definitions = [
        {"goal": "whole", "valid_to": "2026-04-01"},
        {"goal": "whole", "composite_rule": "any", "valid_from": "2026-04-01"},
        *({**step, "valid_to": "2026-04-01"} for step in THREE_STEPS),
    ]
    story = Story(definitions, restate_definitions=True).goal("step_a", True).goal("step_b", False)
    assert (story.outcome("whole")["verdict"], story.outcome("whole")["definition_version"]) == ("achieved", 2)
    assert story.outcome("whole")["count_sub_goals"] == 3
    assert Story(definitions).goal("step_a", True).goal("step_b", False).verdict("whole") == "not_achieved"


# Rules.


@pytest.mark.parametrize(
    ("value", "verdict", "score"),
    [
        (4.5, "achieved", "4.5"),
        (4, "not_achieved", "4"),
        ("4.5", "achieved", "4.5"),
        ("45e-1", "achieved", "4.5"),
        (True, "not_achieved", "1"),
        ("good", "unjudged", None),
        ({"stars": 5}, "unjudged", None),
        ("1e12", "unjudged", None),
        ("NaN", "unjudged", None),
    ],
)
def test_a_rule_reads_numbers_of_the_metadata_and_knows_nothing_else(value: Any, verdict: str, score: str | None) -> None:
    story = Story([rule("customer_satisfaction", ">", "4")])
    found = story.goal("source", metadata={"customer_satisfaction": value}).outcome("ruled")
    assert (found["verdict"], found["verdict_source"], found["is_rule_derived"]) == (verdict, "derived", True)
    assert found["score"] == (None if score is None else Decimal(score))
    assert (found["threshold"], found["threshold_operator"]) == (Decimal(4), ">")


def test_a_rule_reads_the_latest_value_of_its_key_even_when_that_says_nothing() -> None:
    story = Story([rule("revisions", "<", "2")])
    story.goal("source", True, at="2026-03-02T09:00:02Z", metadata={"revisions": "many"})
    story.goal("source", True, at="2026-03-02T09:00:01Z", metadata={"revisions": 1})
    story.goal("source", True, at="2026-03-02T09:00:03Z", metadata={"revisions": None})
    assert story.verdict("ruled") == "unjudged"


@pytest.mark.parametrize("field", ["time_to_goal_seconds", "time_to_resolution_seconds", "resolution_time_seconds"])
def test_what_was_not_reached_was_not_reached_in_time(field: str) -> None:
    definitions = [rule(field, "<", "600")]
    late, soon = "2026-03-02T09:20:00Z", "2026-03-02T09:05:00Z"
    begun = {"started_at": START}
    assert Story(definitions).add("session", **begun).goal("source", True, at=soon).verdict("ruled") == "achieved"
    assert Story(definitions).add("session", **begun).goal("source", True, at=late).verdict("ruled") == "not_achieved"
    assert Story(definitions).add("session", **begun).goal("source", False, at=soon).verdict("ruled") == "not_achieved"
    assert Story(definitions).add("session", **begun).goal("source", at=soon).verdict("ruled") == "unjudged"
    by_a_person = Story(definitions).add("session", **begun).goal("source", True, at=soon, verdict_source="human")
    assert by_a_person.verdict("ruled") == "unjudged"


def test_a_rule_on_a_goal_that_did_not_apply_does_not_apply() -> None:
    story = Story([rule("revisions", "<", "2")]).goal("source", label="not_applicable", metadata={"revisions": 1})
    assert story.verdict("ruled") == "not_applicable"


def test_a_rule_on_a_goal_that_is_only_expected_or_paid_for_derives_nothing() -> None:
    story = Story([rule("revisions", "<", "2"), {"goal": "source", "expected_agents": "*"}])
    story.add("cost", amount="1", goal="source")
    assert story.goals() == {"source"}


def test_a_recorded_event_beats_a_rule_which_stays_visible() -> None:
    story = Story([rule("revisions", "<", "2")]).goal("source", metadata={"revisions": 1}).goal("ruled")
    found = story.outcome("ruled")
    assert (found["verdict"], found["derived_verdict"], found["is_rule_derived"]) == ("unjudged", "achieved", False)


def test_a_chain_of_rules_rests_on_the_goal_at_its_end_and_costs_what_that_costs() -> None:
    definitions = [rule("stars", ">=", "4", goal="happy"), rule("is_achieved", "=", "1", goal="glad", source="happy")]
    definitions += [rule("stars", ">", "4.5", goal="happier", source="glad")]
    story = Story(definitions).goal("source", False, metadata={"stars": 5, "attempts": 3}).add("cost", amount="2")
    for goal in ("happy", "glad", "happier"):
        found = story.outcome(goal)
        assert (found["verdict"], found["source_goal"], found["count_tries"]) == ("achieved", "source", 3)
        assert (found["own_cost"], found["rolled_up_cost"], found["metric_cost"]) == (None, None, Decimal(2))


def test_a_rule_may_rest_on_a_composite_that_was_derived() -> None:
    definitions = [{"goal": "source"}, {"goal": "part", "parent_goal": "source"}, rule("is_achieved", "=", "1")]
    definitions += [rule("count_tries", "=", "1", goal="tried_once")]
    story = Story(definitions).goal("part", True).add("cost", amount="2")
    assert (story.verdict("ruled"), story.verdict("tried_once")) == ("achieved", "unjudged")
    assert story.outcome("ruled")["metric_cost"] == Decimal(2)


# Lists of achieved sub-goals.


def test_the_latest_list_names_goals_that_were_achieved() -> None:
    story = Story([]).goal("whole", False, at="2026-03-02T09:00:01Z", sub_goals_achieved=["b", "c"])
    story.goal("whole", sub_goals_achieved=["old"]).goal("c", False)
    assert story.goals() == {"whole", "b", "c"}
    found = story.outcome("b")
    assert (found["verdict"], found["verdict_source"], found["parent_goal"]) == ("achieved", "derived", "whole")
    assert found["decided_at"] == datetime(2026, 3, 2, 9, 0, 1, tzinfo=UTC)
    assert (story.verdict("c"), story.outcome("c")["derived_verdict"]) == ("not_achieved", "achieved")
    assert Story([]).goal("whole", sub_goals_achieved=["b"]).goal("whole", sub_goals_achieved=[]).goals() == {"whole"}


def test_of_several_lists_the_first_goal_by_name_is_the_parent() -> None:
    story = Story([]).goal("two", True, sub_goals_achieved=["part"])
    found = story.goal("one", True, at="2026-03-02T10:00:00Z", sub_goals_achieved=["part"]).outcome("part")
    assert (found["parent_goal"], found["has_dropped_parent"]) == ("one", True)
    assert found["decided_at"] == datetime(2026, 3, 2, 10, tzinfo=UTC)


def test_a_list_beats_a_rule() -> None:
    story = Story([rule("revisions", "<", "2")]).goal("source", metadata={"revisions": 5}, sub_goals_achieved=["ruled"])
    found = story.outcome("ruled")
    assert (found["verdict"], found["is_rule_derived"], found["parent_goal"]) == ("achieved", False, None)


# Composites.


@pytest.mark.parametrize(
    ("said", "verdict", "is_missing"),
    [
        ({"a": True, "b": True, "c": True}, "achieved", False),
        ({"a": True, "b": True}, "not_achieved", True),
        ({"a": True, "b": True, "c": None}, "not_achieved", True),
        ({"a": True, "b": False, "c": True}, "not_achieved", False),
        ({"a": True, "b": True, "c": "not_applicable"}, "achieved", False),
        ({"a": "not_applicable", "b": "not_applicable", "c": "not_applicable"}, "not_applicable", False),
        ({"a": "not_applicable", "b": "not_applicable"}, "not_achieved", True),
    ],
)
def test_all_required_sub_goals_make_a_composite(said: Row, verdict: str, is_missing: bool) -> None:
    found = composite(THREE_STEPS, said)
    assert (found["verdict"], found["has_missing_sub_goals"]) == (verdict, is_missing)


def composite(definitions: list[Row], said: Row) -> Row:
    story = Story([WHOLE, *definitions] if all(row["goal"] != "whole" for row in definitions) else definitions)
    for name, verdict in said.items():
        fields: Row = {"label": verdict} if isinstance(verdict, str) else {} if verdict is None else {"achieved": verdict}
        story.goal(f"step_{name}", **fields)
    return story.outcome("whole")


def test_a_sub_goal_that_is_not_required_is_no_hindrance() -> None:
    definitions = [*THREE_STEPS[:2], THREE_STEPS[2] | {"is_required": False}]
    assert composite(definitions, {"a": True, "b": True})["verdict"] == "achieved"
    assert composite(definitions, {"a": True, "b": True})["has_missing_sub_goals"] is False
    nothing_required = composite(definitions, {"a": "not_applicable", "b": "not_applicable", "c": True})
    assert nothing_required["verdict"] == "not_applicable"
    assert composite([step | {"is_required": False} for step in THREE_STEPS], {"a": True})["verdict"] == "unjudged"


@pytest.mark.parametrize(
    ("composite_rule", "threshold", "said", "verdict"),
    [
        ("any", None, {"a": False, "b": True}, "achieved"),
        ("any", None, {"a": False}, "not_achieved"),
        ("at_least", "2", {"a": True, "c": True}, "achieved"),
        ("at_least", "2", {"a": True, "b": "not_applicable"}, "not_achieved"),
        ("weighted", "0.3", {"a": True, "b": True, "c": False}, "achieved"),
        ("weighted", "0.30001", {"a": True, "b": True}, "not_achieved"),
        ("weighted", "0.3", {"a": True, "b": False, "c": "not_applicable"}, "achieved"),
        ("weighted", "0.3", {"a": "not_applicable", "b": "not_applicable", "c": "not_applicable"}, "not_applicable"),
    ],
)
def test_other_rules_count_or_weigh_sub_goals(composite_rule: str, threshold: str | None, said: Row, verdict: str) -> None:
    steps = [step | {"weight": weight} for step, weight in zip(THREE_STEPS, ("0.1", "0.2", "0.7"), strict=True)]
    definition = {"goal": "whole", "composite_rule": composite_rule, "composite_threshold": threshold}
    assert composite([definition, *steps], said)["verdict"] == verdict


def test_sub_goals_without_weight_leave_a_weighted_composite_unjudged() -> None:
    definition = {"goal": "whole", "composite_rule": "weighted", "composite_threshold": "0.5"}
    found = composite([definition, *(step | {"weight": "0"} for step in THREE_STEPS)], {"a": True})
    assert (found["verdict"], found["progress"]) == ("unjudged", None)


def test_progress_counts_what_is_missing_and_not_what_does_not_apply() -> None:
    steps = [step | {"weight": weight} for step, weight in zip(THREE_STEPS, ("1", "2", "5"), strict=True)]
    found = composite(steps, {"a": True, "c": "not_applicable"})
    assert (found["progress"], found["count_sub_goals"], found["count_sub_goals_achieved"]) == (1 / 3, 3, 1)


def test_composites_are_derived_from_composites_and_rules() -> None:
    definitions = [WHOLE, {"goal": "part", "parent_goal": "whole"}, rule("stars", ">=", "4") | {"parent_goal": "part"}]
    story = Story(definitions).goal("source", at="2026-03-02T09:30:00Z", achieved=True, metadata={"stars": 4})
    found = story.outcome("whole")
    assert (found["verdict"], found["decided_at"]) == ("achieved", datetime(2026, 3, 2, 9, 30, tzinfo=UTC))
    assert (story.outcome("ruled")["parent_goal"], story.outcome("ruled")["depth"]) == ("part", 2)


def test_a_goal_that_is_only_named_as_a_parent_is_no_defined_composite() -> None:
    assert Story(THREE_STEPS).goal("step_a", True).goals() == {"step_a"}
    found = Story(THREE_STEPS).goal("step_a", True).goal("step_b", False).goal("whole", True).outcome("whole")
    assert (found["derived_verdict"], found["count_sub_goals"], found["has_unmet_sub_goals"]) == (None, 2, True)


def test_parentage_that_was_only_recorded_derives_nothing_but_shows_progress() -> None:
    assert Story([]).goal("a", True, parent_goal="whole").goals() == {"a"}
    story = Story([]).goal("a", True, parent_goal="whole").goal("b", False, parent_goal="whole").goal("whole", True)
    found = story.outcome("whole")
    assert (found["derived_verdict"], found["progress"], found["has_unmet_sub_goals"]) == (None, 0.5, True)


@pytest.mark.parametrize(("said", "is_unmet"), [({"a": False}, True), ({"a": True}, False), ({"a": None}, False)])
def test_success_is_claimed_against_sub_goals_only_where_they_cannot_all_have_been_met(said: Row, is_unmet: bool) -> None:
    story = Story([WHOLE, *THREE_STEPS]).goal("whole", True).goal("step_a", said["a"])
    assert story.outcome("whole")["has_unmet_sub_goals"] is is_unmet
    assert story.outcome("whole")["derived_verdict"] == "not_achieved"


def test_a_sessions_agent_is_that_of_its_latest_event_that_names_one() -> None:
    story = Story([]).goal("a", True, agent="first", customer_id="c1").goal("b", True, agent="second")
    story.goal("a", True, at="2026-03-02T09:00:00.5Z", customer_id="c2").goal("c", True, metadata={"agent": "third"})
    (session,) = story.marts().sessions
    assert (session["agent"], session["customer_id"]) == ("third", "c2")


# Customers.

ONBOARDING = [
    {"goal": "onboarding", "scope": "customer", "window_days": 7, "value_per_achievement": "100"},
    {"goal": "profile", "parent_goal": "onboarding", "sequence": 1},
    rule("uses", ">=", "3", goal="activated", source="visit") | {"parent_goal": "onboarding", "sequence": 2},
]


def onboarding_over_three_sessions() -> Story:
    story = Story(ONBOARDING)
    story.goal("profile", True, session="s1", at="2026-03-02T09:00:00Z", customer_id="ann")
    story.goal("visit", True, session="s2", at="2026-03-04T09:00:00Z", customer_id="ann", metadata={"uses": 1}, agent="b")
    story.goal("visit", True, session="s3", at="2026-03-09T08:59:59Z", customer_id="ann", metadata={"uses": 3})
    story.goal("visit", True, session="s4", at="2026-03-16T09:00:00Z", customer_id="ann", metadata={"uses": 9})
    story.goal("profile", True, session="s5", at="2026-03-02T09:00:00Z")
    for session in ("s1", "s2", "s3", "s4"):
        story.add("cost", session=session, amount="1", at="2026-03-20T09:00:00Z")
    return story


def test_an_onboarding_over_three_sessions_completes_once() -> None:
    marts = onboarding_over_three_sessions().marts()
    found = {(row["goal"], row["window_number"]): row for row in marts.customer_outcomes}
    assert set(found) == {("onboarding", 1), ("profile", 1), ("activated", 1), ("onboarding", 3), ("activated", 3)}
    done = found["onboarding", 1]
    assert (done["verdict"], done["count_sessions"], done["time_to_goal_seconds"]) == ("achieved", 3, 7 * 86400 - 1)
    assert (done["rolled_up_cost"], done["rolled_up_value"]) == (Decimal(1), Decimal(100))
    assert done["window_ended_at"] == datetime(2026, 3, 9, 9, tzinfo=UTC)
    again = found["onboarding", 3]
    assert (again["verdict"], again["has_missing_sub_goals"], again["progress"]) == ("not_achieved", True, 0.5)
    assert again["window_started_at"] == datetime(2026, 3, 16, 9, tzinfo=UTC)


def test_a_customer_goal_is_not_derived_in_a_session_and_counted_once_a_day() -> None:
    marts = onboarding_over_three_sessions().marts()
    assert not [row for row in marts.outcomes if row["goal"] == "onboarding"]
    counted = [(row["metric_date"], row["count_achieved"]) for row in marts.daily if row["goal"] == "onboarding"]
    assert sorted(counted) == [(date(2026, 3, 2), 1), (date(2026, 3, 16), 0)]


def test_windows_belong_to_topmost_customer_goals() -> None:
    definitions = [*ONBOARDING, {"goal": "loyal", "scope": "customer"}]
    definitions[0] = definitions[0] | {"parent_goal": "loyal"}
    story = Story(definitions).goal("profile", True, customer_id="ann")
    found = [(row["customer_goal"], row["goal"]) for row in story.marts().customer_outcomes]
    assert sorted(found) == [("loyal", "loyal"), ("loyal", "onboarding"), ("loyal", "profile")]


# Funnels.


def test_a_funnel_says_where_attempts_were_lost() -> None:
    story = Story([{"goal": "whole"}, *THREE_STEPS[:2], THREE_STEPS[2] | {"is_required": False}])
    said = {
        "done": [("step_a", True), ("step_b", True), ("whole", True)],
        "lost_at_a": [("step_a", False), ("step_b", True)],
        "lost_at_b": [("step_a", True)],
        "lost_after_all": [("step_a", True), ("step_b", True), ("step_c", False), ("whole", False)],
    }
    for session, goals in said.items():
        story.add("session", session, started_at=START)
        for minute, (goal, achieved) in enumerate(goals, start=1):
            story.goal(goal, achieved, session=session, at=f"2026-03-02T09:0{minute}:00Z")
    rows = {row["sub_goal"]: row for row in story.marts().funnel}
    columns = ("step_number", "count_attempts", "count_reached", "count_achieved", "count_dropped_off", "drop_off_rank")
    assert {goal: tuple(row[column] for column in columns) for goal, row in rows.items()} == {
        "step_a": (1, 4, 4, 3, 1, 1),
        "step_b": (2, 4, 4, 3, 1, 1),
        "step_c": (3, 4, 2, 0, 0, 4),
        "whole": (4, 4, 2, 1, 1, 1),
    }
    assert rows["step_a"]["median_seconds_from_previous_step"] == 60
    assert rows["whole"]["median_seconds_from_previous_step"] is None
    assert {row["period_start"] for row in rows.values()} == {date(2026, 3, 1)}
    assert sum(row["count_dropped_off"] for row in rows.values()) + rows["whole"]["count_achieved"] == 4


def test_steps_that_were_only_recorded_come_in_the_order_of_their_first_events() -> None:
    story = Story([]).add("session", started_at=START)
    story.goal("second", True, parent_goal="whole", at="2026-03-02T09:02:00Z")
    story.goal("first", True, parent_goal="whole", at="2026-03-02T09:03:00Z", verdict_source="human")
    story.goal("first", None, parent_goal="whole", at="2026-03-02T09:01:00Z")
    story.goal("a_skipped", label="not_applicable", parent_goal="whole").goal("whole", False, at="2026-03-02T09:10:00Z")
    rows = sorted((row["step_number"], row["sub_goal"], row["count_dropped_off"]) for row in story.marts().funnel)
    assert rows == [(1, "first", 0), (2, "second", 0), (3, "whole", 1)]


# What must hold of any records.


@pytest.fixture(scope="module")
def some_records() -> list[Row]:
    return two_loads(seed=7, count_sessions=80)[0]


def marts_of(records: list[Row]) -> Expected:
    settings = Settings(funnel_period="week", environments=("production", "staging", "qa"))
    return expected_marts([records], definitions(), rates(), settings, NOW)


def test_every_attempt_ends_in_an_achieved_composite_or_drops_off_once(some_records: list[Row]) -> None:
    by_funnel: dict[tuple[Any, ...], list[Row]] = {}
    for row in marts_of(some_records).funnel:
        key = tuple(row[name] for name in ("environment", "period_start", "agent", "composite_goal"))
        by_funnel.setdefault(key, []).append(row)
    assert len(by_funnel) > 20
    for rows in by_funnel.values():
        (closing,) = [row for row in rows if row["is_composite"]]
        assert closing["count_attempts"] == closing["count_achieved"] + sum(row["count_dropped_off"] for row in rows)


def test_the_order_of_the_records_changes_nothing(some_records: list[Row]) -> None:
    shuffled = random.Random(1).sample(some_records, len(some_records))
    for name in ("customer_outcomes", "funnel", "daily"):
        found, expected = (sorted(map(_told, getattr(marts_of(rows), name))) for rows in (shuffled, some_records))
        assert expected
        assert found == expected


def _told(row: Row) -> str:
    inner = ("events", "sub_goals", "definition")
    return str({name: value for name, value in sorted(row.items()) if name not in inner})
