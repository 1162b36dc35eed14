"""The analyses compile and run on the demo, and what they say is true of it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from project import ROOT, Marts, build_marts, compiled_analysis

NAMES = sorted(path.stem for path in (ROOT / "analyses").glob("*.sql"))

pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Marts:
    return build_marts(tmp_path_factory.mktemp("analyses"), [], {"agent_goals__use_seeds": "true"}, compile_analyses=True)


@pytest.mark.parametrize("name", NAMES)
def test_an_analysis_answers_with_rows(demo: Marts, name: str) -> None:
    assert demo.rows(compiled_analysis(demo, name))


def test_an_issue_resolved_at_first_contact_costs_forty_percent_less(demo: Marts) -> None:
    rows = {row["agent"]: row for row in demo.rows(compiled_analysis(demo, "first_contact_against_several"))}
    assert round(rows["billing_agent"]["saving"], 12) == 0.4


def test_weeks_add_up_to_the_goals_that_have_no_parent(demo: Marts) -> None:
    weeks = demo.rows(compiled_analysis(demo, "achievement_by_agent_and_week"))
    outcomes = demo.row("""
        select count(*) as n
        from agent_goals__goal_outcomes
        where is_achieved and is_top_level and not is_rule_derived and environment = 'production'
    """)
    assert sum(week["count_achieved"] for week in weeks) == outcomes["n"]


def test_segments_add_up_to_the_value_of_all_resolved_issues(demo: Marts) -> None:
    segments = demo.rows(compiled_analysis(demo, "cost_of_a_resolved_issue_by_segment"))
    value = sum(Decimal(str(row["value_per_goal"])) * row["count_achieved"] for row in segments)
    assert round(value, 6) == Decimal(41000)


def test_most_onboardings_are_lost_at_the_profile(demo: Marts) -> None:
    steps = [
        row for row in demo.rows(compiled_analysis(demo, "steps_that_lose_most_attempts"))
        if row["composite_goal"] == "onboarding_completed"
    ]  # fmt: skip
    assert (steps[0]["sub_goal"], steps[0]["count_dropped_off"], steps[0]["drop_off_share"]) == ("profile_filled", 6, 0.6)
    lost = demo.row("select count_not_achieved as n from agent_goals__goal_performance where goal = 'onboarding_completed'")
    assert sum(step["count_dropped_off"] for step in steps) == lost["n"] == 10
