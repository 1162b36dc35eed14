"""What holds whatever the records are: money adds up, order does not matter, restating twice is restating once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compiled import CompiledModels, Row

pytestmark = pytest.mark.xdist_group("properties")

SLOW = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])

#: A tree of depth 4 with a rule, composites of every kind, and a score whose threshold changed.
DEFINITIONS: list[Row] = [
    {"goal": "root", "composite_rule": "all", "value_per_achievement": "3"},
    {"goal": "branch", "parent_goal": "root", "composite_rule": "any", "weight": "2", "sequence": "1"},
    {"goal": "twig", "parent_goal": "branch", "composite_rule": "at_least", "composite_threshold": "1", "weight": "0.5"},
    {"goal": "leaf", "parent_goal": "twig", "is_primary": "true", "weight": "0.3333"},
    {"goal": "bud", "parent_goal": "leaf", "weight": "0"},
    {"goal": "quick", "kind": "derived", "parent_goal": "root", "source_goal": "leaf", "field": "steps", "threshold": "3"}
    | {"threshold_operator": "<", "is_required": "false"},
    {"goal": "quality", "kind": "score", "parent_goal": "branch", "threshold": "5", "valid_to": "2026-03-02"},
    {"goal": "quality", "kind": "score", "parent_goal": "branch", "threshold": "7", "valid_from": "2026-03-02"},
]
GOALS = ["root", "branch", "twig", "leaf", "bud", "quality", "loose", "loose_part", "loose_other"]
START = datetime(2026, 3, 1, 12)

amounts = st.decimals(min_value=-100, max_value=10**6, places=10, allow_nan=False, allow_infinity=False)


@st.composite
def sessions(draw: st.DrawFn) -> list[Row]:
    """A few sessions' records, no two at the same moment."""
    records: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, 4))):
        for _ in range(draw(st.integers(0, 6))):
            records.append({"session_id": f"s{number}", **draw(goal_events())})
        for _ in range(draw(st.integers(0, 4))):
            kind = draw(st.sampled_from(["llm", "tool", "evaluation", "human"]))
            goal = draw(st.one_of(st.none(), st.sampled_from([*GOALS, "quick"])))
            records.append({"session_id": f"s{number}", "type": "cost", "cost_type": kind, "goal": goal, **draw(money())})
        for _ in range(draw(st.integers(0, 2))):
            goal = draw(st.one_of(st.none(), st.sampled_from(GOALS)))
            records.append({"session_id": f"s{number}", "type": "value", "goal": goal, **draw(money())})
    moments = draw(st.permutations(range(len(records))))
    for moment, record in zip(moments, records, strict=True):
        record |= {"event_id": f"e{moment:03}", "occurred_at": START + timedelta(hours=moment), "environment": "production"}
    return list(records)


@st.composite
def goal_events(draw: st.DrawFn) -> Row:
    event: dict[str, Any] = {"type": "goal", "goal": draw(st.sampled_from(GOALS))}
    event["verdict_source"] = draw(st.sampled_from(["automatic", "human", "judge"]))
    event["parent_goal"] = draw(st.one_of(st.none(), st.sampled_from(GOALS)))
    event["metadata"] = draw(st.sampled_from([None, '{"steps": 2}', '{"steps": "3"}', '{"steps": "many"}']))
    if event["goal"] == "quality":
        event["score"] = draw(st.integers(3, 9))
    else:
        event["achieved"] = draw(st.sampled_from([True, True, False, None]))
        event["label"] = None if event["achieved"] is not None else draw(st.sampled_from([None, "not_applicable"]))
    return event


def money() -> st.SearchStrategy[Row]:
    return st.fixed_dictionaries(
        {"amount": st.one_of(st.none(), amounts), "currency": st.sampled_from(["USD", "USD", None, "XXX"])}
    )


#: Every level of derivation takes time to plan; the definitions above need four, and one is to spare.
DEPTH = {"agent_goals__max_goal_depth": 5}


@pytest.fixture(scope="module", params=["even", "weight", "primary"])
def allocating(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> CompiledModels:
    return CompiledModels(tmp_path_factory.mktemp("allocating"), {**DEPTH, "agent_goals__cost_allocation": request.param})


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> CompiledModels:
    return CompiledModels(tmp_path_factory.mktemp("models"), DEPTH)


@pytest.fixture(scope="module")
def restated(tmp_path_factory: pytest.TempPathFactory) -> CompiledModels:
    return CompiledModels(tmp_path_factory.mktemp("restated"), {**DEPTH, "agent_goals__restate_definitions": True})


@SLOW
@given(records=sessions())
def test_every_amount_is_attributed_once_whatever_the_tree_and_the_allocation(
    allocating: CompiledModels, records: list[Row]
) -> None:
    marts = allocating.build([records], DEFINITIONS, until=["agent_goals__sessions", "agent_goals__goal_outcomes"])
    for event_type, total in (("cost", "total_cost"), ("value", "landed_value")):
        sent = [r["amount"] for r in records if r["type"] == event_type and r["amount"] is not None and r["currency"] != "XXX"]
        assert sum_of(marts, total, "agent_goals__sessions") == sum(sent, Decimal(0))
    assert not rows(marts, LOST_COST)
    assert not rows(marts, LOST_VALUE)
    # Root totals and what no goal could take are all there is: roll-ups count nothing twice, however deep the tree.
    at_the_top = sum_of(marts, "rolled_up_cost", "agent_goals__goal_outcomes where is_top_level")
    apart = sum_of(marts, "coalesce(unattributed_cost, 0) + coalesce(evaluation_cost, 0)", "agent_goals__sessions")
    assert at_the_top + apart == sum_of(marts, "total_cost", "agent_goals__sessions")


LOST_COST = """
    select session_id from agent_goals__sessions
    where coalesce(total_cost, 0)
        <> coalesce(attributed_cost, 0) + coalesce(unattributed_cost, 0) + coalesce(evaluation_cost, 0)"""
LOST_VALUE = """
    select session_id from agent_goals__sessions
    where coalesce(landed_value, 0)
        <> coalesce(attributed_value, 0) + coalesce(unrealised_value, 0) + coalesce(unattributed_value, 0)"""
OUTCOMES = "select * from agent_goals__goal_outcomes order by all"
FUNNEL = "select * from agent_goals__goal_funnel order by all"


@SLOW
@given(records=sessions(), random=st.randoms(use_true_random=False), count_loads=st.integers(1, 3))
def test_outcomes_do_not_depend_on_the_order_of_rows_or_loads(
    models: CompiledModels, records: list[Row], random: Any, count_loads: int
) -> None:
    shuffled = random.sample(records, len(records))
    loads = [shuffled[start::count_loads] for start in range(count_loads)]
    expected, found = models.build([records], DEFINITIONS), models.build(loads, DEFINITIONS)
    for query in (OUTCOMES, FUNNEL):
        assert rows(found, query) == rows(expected, query)


@SLOW
@given(records=sessions())
def test_restating_history_is_to_have_had_todays_definitions_for_automatic_verdicts_and_doing_it_twice_changes_nothing(
    restated: CompiledModels, records: list[Row]
) -> None:
    automatic = [r for r in records if r["type"] != "goal" or r["verdict_source"] == "automatic"]
    todays = [d | {"valid_from": None} for d in DEFINITIONS if d.get("valid_to") is None]
    query = "select session_id, goal, verdict, derived_verdict, progress from agent_goals__goal_outcomes order by all"
    last = ["agent_goals__goal_outcomes"]
    once = rows(restated.build([automatic], DEFINITIONS, until=last), query)
    assert once == rows(restated.build([automatic], todays, until=last), query)
    assert once == rows(restated.build([automatic, automatic], DEFINITIONS, until=last), query)


def rows(connection: duckdb.DuckDBPyConnection, query: str) -> Sequence[tuple[Any, ...]]:
    return connection.execute(query).fetchall()


def sum_of(connection: duckdb.DuckDBPyConnection, expression: str, relation: str) -> Decimal:
    ((total,),) = rows(connection, f"select coalesce(sum({expression}), 0) from {relation}")
    return Decimal(total)
