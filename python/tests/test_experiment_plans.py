"""Plans of experiments that cannot be followed are named by a test before anything is built on them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from compiled import CompiledModels, Row

pytestmark = pytest.mark.xdist_group("definitions")

PLANS = "goal_experiments_say_what_they_need_to"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> CompiledModels:
    return CompiledModels(tmp_path_factory.mktemp("experiment_plans"))


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        ({"design": "crossed"}, "unknown design"),
        ({"randomisation_unit": "user"}, "unknown randomisation_unit"),
        ({"randomisation_unit": "metadata."}, "unknown randomisation_unit"),
        ({"design": "paired"}, "is paired"),
        ({"design": "paired", "randomisation_unit": "session"}, "is paired"),
        ({"primary_metric": "resolution_rate"}, "unknown primary_metric"),
        ({"variants": "a, b"}, "variants that are no list"),
        ({"variants": '["a", "b"'}, "variants that are no list"),
        ({"variants": "['a', 'b']"}, "variants that are no list"),
        ({"variants": '["a" "b"]'}, "variants that are no list"),
        ({"variants": '{"a": 1}'}, "variants that are no list"),
        ({"variants": "[1, 2]"}, "variants that are no list"),
        ({"expected_split": "50/50"}, "expected_split that is no object"),
        ({"expected_split": '{"a": -1}'}, "expected_split that is no object"),
        ({"expected_split": '{"a": "1"}'}, "expected_split that is no object"),
        ({"expected_split": '{"a": 1, }'}, "expected_split that is no object"),
        ({"guardrails": '{"satisfaction": 0.1}'}, "guardrails that are no object"),
        ({"guardrails": '{"goal_efficiency": "2%"}'}, "guardrails that are no object"),
        ({"guardrails": '["goal_efficiency"]'}, "guardrails that are no object"),
        ({"variants": '["a", "bc"]', "control_variant": "b"}, "not among its variants"),
        ({"expected_split": '{"a": 1, "bc": 1}', "control_variant": "b"}, "leaves out"),
        ({"starts_at": "2026-03-02", "ends_at": "2026-03-01"}, "ends before it starts"),
        ({"planned_units": "0"}, "planned_units below 1"),
        ({"window_days": "-1"}, "window_days below 1"),
    ],
)
def test_a_plan_that_cannot_be_followed_is_named_with_what_is_wrong(models: CompiledModels, plan: Row, said: str) -> None:
    found = models.found_by(PLANS, [{"experiment": "sound"}, {"experiment": "unsound", **plan}], seed="goal_experiments")
    ((experiment, problem),) = found
    assert experiment == "unsound"
    assert said in problem


@pytest.mark.parametrize(
    ("plans", "named"),
    [([{"experiment": "twice"}, {"experiment": "twice", "design": "randomised"}], "twice"), ([{"design": "randomised"}], None)],
)
def test_a_plan_without_a_name_of_its_own_is_named(models: CompiledModels, plans: Sequence[Row], named: str | None) -> None:
    assert {experiment for experiment, _ in models.found_by(PLANS, plans, seed="goal_experiments")} == {named}


def test_plans_that_can_be_followed_are_not_named(models: CompiledModels) -> None:
    sound: list[Row] = [
        {"experiment": "bare"},
        {
            "experiment": "full",
            "design": "randomised",
            "randomisation_unit": "customer",
            "variants": '["control", "kurze Antwort", "short, or [so]"]',
            "control_variant": "control",
            "expected_split": '{"control":9,"kurze Antwort" : 0.5, "short, or [so]": 1e-1}',
            "primary_goal": "resolved",
            "primary_metric": "net_value_per_unit",
            "guardrails": '{"fully_loaded_cost_per_goal": 0.02, "a.b.goal_achievement_rate":1e-3}',
            "planned_units": "1000",
            "starts_at": "2026-03-01",
            "ends_at": "2026-03-02T00:00:00+01:00",
            "window_days": "14",
        },
        {"experiment": "pairs", "design": "paired", "randomisation_unit": "metadata.task_id"},
    ]
    assert models.found_by(PLANS, sound, seed="goal_experiments") == []
