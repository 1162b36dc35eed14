"""Goal definitions that cannot be meant are named by a test before anything is built on them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from compiled import CompiledModels, Row

pytestmark = pytest.mark.xdist_group("definitions")

CYCLE = "goal_definitions_rest_on_no_cycle"
PARTS = "goal_definitions_say_what_they_need_to"
ONE_WAY = "goal_definitions_derive_in_one_way"

RULE: Row = {"kind": "derived", "source_goal": "resolved", "field": "score", "threshold": "1"}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> CompiledModels:
    return CompiledModels(tmp_path_factory.mktemp("definitions"), {"agent_goals__max_goal_depth": 3})


def chain(length: int) -> list[Row]:
    return [{"goal": f"g{place}", "parent_goal": f"g{place - 1}" if place else None} for place in range(length)]


@pytest.mark.parametrize(
    ("test", "definitions", "named"),
    [
        (CYCLE, [{"goal": "egg", "parent_goal": "hen"}, {"goal": "hen", "parent_goal": "egg"}], {"egg", "hen"}),
        (CYCLE, [{"goal": "alone", "parent_goal": "alone"}], {"alone"}),
        (CYCLE, [{"goal": "quick", **RULE, "source_goal": "quick"}], {"quick"}),
        # The composite rests on a rule that looks at the composite.
        (CYCLE, [{"goal": "whole"}, {"goal": "part", "parent_goal": "whole", **RULE, "source_goal": "whole"}], {"whole", "part"}),
        (CYCLE, chain(5), {"g0"}),
        (PARTS, [{"goal": "quick", "kind": "derived"}], {"quick"}),
        (PARTS, [{"goal": "quick", **RULE, "threshold": None}], {"quick"}),
        (PARTS, [{"goal": "quick", **RULE, "kind": "binary"}], {"quick"}),
        (PARTS, [{"goal": "some", "composite_rule": "at_least"}], {"some"}),
        (PARTS, [{"goal": "most", "composite_rule": "weighted", "composite_threshold": "60"}], {"most"}),
        (PARTS, [{"goal": "set_up", "scope": "customer", "window_days": "0"}], {"set_up"}),
        (PARTS, [{"goal": "set_up", "window_days": "30"}], {"set_up"}),
        (PARTS, [{"goal": "back", "valid_from": "2026-03-01", "valid_to": "2026-02-01"}], {"back"}),
        (PARTS, [{"goal": "twice", "valid_to": "2026-03-02"}, {"goal": "twice", "valid_from": "2026-03-01"}], {"twice"}),
        (PARTS, [{"goal": "twice"}, {"goal": "twice"}], {"twice"}),
        (ONE_WAY, [{"goal": "both", **RULE}, {"goal": "part", "parent_goal": "both"}], {"both"}),
    ],
)
def test_a_definition_that_cannot_be_meant_is_named(
    models: CompiledModels, test: str, definitions: Sequence[Row], named: set[str]
) -> None:
    assert {goal for goal, *_ in models.found_by(test, definitions)} == named


@pytest.mark.parametrize("test", [CYCLE, PARTS, ONE_WAY])
def test_definitions_that_make_sense_are_not_named(models: CompiledModels, test: str) -> None:
    sound = [
        *chain(4),
        {"goal": "quick", **RULE, "source_goal": "g3", "parent_goal": "g1"},
        {"goal": "changed", "threshold": "70", "kind": "score", "valid_to": "2026-03-01"},
        {"goal": "changed", "threshold": "80", "kind": "score", "valid_from": "2026-03-01"},
        {"goal": "most", "composite_rule": "weighted", "composite_threshold": "0.6", "scope": "customer", "window_days": "30"},
    ]
    assert models.found_by(test, sound) == []


def test_a_cycle_of_definitions_ends_and_derives_nothing(models: CompiledModels) -> None:
    cycle = [{"goal": "egg", "parent_goal": "hen"}, {"goal": "hen", "parent_goal": "egg"}]
    event = {"type": "goal", "event_id": "e1", "session_id": "s1", "goal": "egg", "achieved": True, "environment": "production"}
    event |= {"verdict_source": "automatic", "occurred_at": "2026-03-01 10:00:00"}
    marts = models.build([[event]], cycle, until=["agent_goals__goal_outcomes"])
    assert marts.execute("select goal, verdict, is_top_level from agent_goals__goal_outcomes").fetchall() == [
        ("egg", "achieved", True)
    ]
