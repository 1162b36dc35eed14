"""The curve of escalation against a count of every session at every step, and stops that were planted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from compiled import CompiledModels
from diagnostics.rows import as_mappings

pytestmark = pytest.mark.xdist_group("escalation_curve")

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

MODELS = ("int_agent_goals__escalation_ends", "int_agent_goals__escalation_steps", "agent_goals__escalation_curve")
ALPHA = 0.05
LAST_STEP = 6
#: The chance with which a simulation may go wrong although what it tests is right.
FALSE_ALARM = 1e-4


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> CompiledModels:
    return CompiledModels(tmp_path_factory.mktemp("escalation_curve"), {"agent_goals__escalation_steps": LAST_STEP})


class Sessions:
    """Sessions of one agent that try for a goal until they achieve it, are handed to a human, or give up.

    Args:
        random: where chance comes from.
        size: how many sessions.
        chances: of success at each try; nobody tries more often.
        escalates: the chance to be handed over after a failed try.
        gives_up: the chance to end after a failed try that was not handed over.
        cost: what a try costs on average.
        value: what an achieved goal is worth; nan where that is not known.
    """

    def __init__(
        self, random: np.random.Generator, size: int, chances: list[float], *,
        escalates: float = 0.1, gives_up: float = 0.1, cost: float = 1.0, value: float = 10.0,
    ) -> None:  # fmt: skip
        self.tries = np.zeros(size, dtype=int)
        self.outcome = np.full(size, "", dtype=object)
        going = np.full(size, True)
        for number, chance in enumerate(chances, start=1):
            self.tries[going] = number
            achieved = going & (random.random(size) < chance)
            escalated = going & ~achieved & (random.random(size) < escalates)
            ends = random.random(size) < gives_up if number < len(chances) else np.full(size, True)
            given_up = going & ~achieved & ~escalated & ends
            self.outcome[achieved], self.outcome[escalated], self.outcome[given_up] = "achieved", "escalated", "given_up"
            going &= ~(achieved | escalated | given_up)
        self.cost = np.round(cost * self.tries * random.lognormal(-0.125, 0.5, size), 10)
        self.value = value


def curves(models: CompiledModels, agents: dict[str, Sessions], view: str = "try") -> dict[str, list[dict[str, Any]]]:
    """The mart's rows of each agent by step."""
    sizes = [len(sessions.tries) for sessions in agents.values()]
    total = sum(sizes)
    outcome = np.concatenate([sessions.outcome for sessions in agents.values()])
    value = np.repeat([sessions.value for sessions in agents.values()], sizes)
    outcomes = pa.table({
        "environment": pa.array(["production"] * total),
        "session_id": pa.array([f"s{number}" for number in range(total)]),
        "agent": pa.array(np.repeat(list(agents), sizes)),
        "goal": pa.array(["g"] * total),
        "goal_scope": pa.array(["session"] * total),
        "customer_id": pa.nulls(total, pa.string()),
        "is_rule_derived": pa.array([False] * total),
        # Whether anybody judged what was handed over does not matter.
        "verdict": pa.array([
            "achieved" if each == "achieved" else "unjudged" if each == "escalated" and number % 2 else "not_achieved"
            for number, each in enumerate(outcome)
        ]),
        "is_escalated": pa.array(outcome == "escalated"),
        "count_tries": pa.array(np.concatenate([sessions.tries for sessions in agents.values()])),
        "count_interactions": pa.nulls(total, pa.int64()),
        "metric_cost": pa.array(np.concatenate([sessions.cost for sessions in agents.values()]), from_pandas=True),
        "rolled_up_value": pa.array(np.where(outcome == "achieved", value, np.nan), from_pandas=True),
        "value_at_stake": pa.array(value, from_pandas=True),
    })  # fmt: skip
    rows = as_mappings(models.build_on({"agent_goals__goal_outcomes": outcomes}, MODELS), "agent_goals__escalation_curve")
    found: dict[str, list[dict[str, Any]]] = {agent: [] for agent in agents}
    for row in sorted(rows, key=lambda row: row["step"]):
        if row["view_name"] == view:
            found[row["agent"]].append(row)
    return found


def close(value: float) -> Any:
    return pytest.approx(value, rel=1e-9, abs=1e-9)


@pytest.fixture(scope="module")
def witnessed() -> Sessions:
    return Sessions(np.random.default_rng(11), 600, [0.4, 0.3, 0.2, 0.1, 0.1, 0.05, 0.02, 0.02], cost=0.8, value=7.0)


def assert_step(
    row: dict[str, Any], sessions: Sessions, here: NDArray[np.bool_], ends: NDArray[np.bool_], further: Array
) -> None:
    """A row against the sessions that got here, those of them that end here, and what was still to come of each one's cost."""
    outcome = sessions.outcome
    counts = {name: int((ends & (outcome == name)).sum()) for name in ("achieved", "escalated", "given_up")}
    assert {name: row[f"count_{name}"] for name in counts} == counts
    assert row["count_reached"] == here.sum()
    low, high = proportion_confint(counts["achieved"], here.sum(), ALPHA, method="wilson")
    assert (row["success_rate_here_low"], row["success_rate_here_high"]) == (close(low), close(high))

    least, most = (here & (outcome == "achieved")).sum(), (here & (outcome != "given_up")).sum()
    assert (row["eventual_success_rate_least"], row["eventual_success_rate_most"]) == (least / here.sum(), most / here.sum())
    assert row["eventual_success_rate_low"] == close(proportion_confint(least, here.sum(), ALPHA, method="wilson")[0])
    chance = proportion_confint(most, here.sum(), ALPHA, method="wilson")[1]
    assert row["eventual_success_rate_high"] == close(chance)

    cost = further[here]
    assert row["cost_saved_if_stopped"] == close(cost.sum())
    assert row["goal_value_to_go_on_most"] == (close(cost.mean() / (least / here.sum())) if least else None)
    for bound, worth in (("least", outcome == "achieved"), ("most", outcome != "given_up")):
        net = np.where(worth, sessions.value, 0.0)[here] - cost
        assert row[f"expected_net_value_{bound}"] == close(net.mean())
        ends_of = stats.t.interval(1 - ALPHA, len(net) - 1, net.mean(), stats.sem(net)) if len(net) > 1 else None
        if ends_of and bound == "least":
            assert row["expected_net_value_low"] == close(ends_of[0])
        elif ends_of:
            assert row["expected_net_value_high"] == close(max(ends_of[1], chance * sessions.value - cost.mean()))


def test_each_try_is_as_a_count_of_the_sessions_that_got_there(models: CompiledModels, witnessed: Sessions) -> None:
    rows = curves(models, {"a": witnessed})["a"]
    tries = witnessed.tries
    assert tries.max() > LAST_STEP
    assert [row["step"] for row in rows] == list(range(1, LAST_STEP + 1))
    nets = []
    for row in rows:
        step = row["step"]
        here = tries >= step
        is_last = step == LAST_STEP
        ends = here if is_last else tries == step
        assert row["is_open_ended"] == is_last
        assert_step(row, witnessed, here, ends, witnessed.cost * (tries - step + 1) / tries)
        share = (tries - step + 1) / tries if is_last else 1 / tries
        worth = np.where(ends & (witnessed.outcome == "achieved"), witnessed.value, 0.0)
        nets.append((worth - witnessed.cost * share)[here].sum())
        assert row["expected_cost_here"] == close((witnessed.cost * share)[here].mean())
    for number, row in enumerate(rows):
        best = max(sum(nets[number : end + 1]) for end in range(number, len(nets)))
        assert row["best_net_value_least"] == close(best / row["count_reached"])


def test_each_tenth_by_cost_is_as_a_count_of_the_sessions_that_spent_as_much(models: CompiledModels, witnessed: Sessions) -> None:
    rows = curves(models, {"a": witnessed}, "cost")["a"]
    cost = witnessed.cost
    decile = np.floor((stats.rankdata(cost, method="min") - 1) * 10 / len(cost)) + 1
    before = 0.0
    for row in rows:
        here, ends = decile >= row["step"], decile == row["step"]
        assert row["spent_before"] == close(before)
        assert_step(row, witnessed, here, ends, cost - before)
        before = cost[ends].max()


def test_equal_costs_are_one_step(models: CompiledModels, witnessed: Sessions) -> None:
    same = Sessions(np.random.default_rng(12), 100, [0.5])
    same.cost = np.full(100, 2.0)
    same.cost[:20] = 1.0
    rows = curves(models, {"a": same}, "cost")["a"]
    assert [(row["step"], row["count_reached"], row["spent_before"]) for row in rows] == [(1, 100, 0.0), (3, 80, 1.0)]


def test_what_a_goal_costs_at_once_and_later_has_an_interval(models: CompiledModels, witnessed: Sessions) -> None:
    row = curves(models, {"a": witnessed})["a"][0]
    achieved = witnessed.outcome == "achieved"
    once, later = witnessed.cost[achieved & (witnessed.tries == 1)], witnessed.cost[achieved & (witnessed.tries > 1)]
    ratio = once.mean() / later.mean()
    error = np.sqrt((stats.sem(once) / once.mean()) ** 2 + (stats.sem(later) / later.mean()) ** 2)
    reach = np.exp(stats.norm.ppf(1 - ALPHA / 2) * error)
    assert row["saving_at_once"] == close(1 - ratio)
    assert (row["saving_at_once_low"], row["saving_at_once_high"]) == (close(1 - ratio * reach), close(1 - ratio / reach))


def test_a_stop_is_found_where_tries_stop_being_worth_their_cost(models: CompiledModels) -> None:
    random = np.random.default_rng(13)
    agents = {
        f"a{number}": Sessions(random, 2000, [0.5, 0.4, 0.01, 0.01, 0.01], escalates=0.02, cost=1.0, value=8.0)
        for number in range(20)
    }
    for rows in curves(models, agents).values():
        assert [row["recommendation"] for row in rows] == ["go on", "go on", "stop here", "stop before", "stop before"]
        assert [row["is_recommended_stop"] for row in rows] == [False, False, True, False, False]


def test_a_stop_is_seldom_recommended_where_going_on_pays(models: CompiledModels) -> None:
    random = np.random.default_rng(14)
    # Every try brings a little more than it costs: 0.15 times 8 against 1.
    trials = 300
    agents = {f"a{number}": Sessions(random, 150, [0.15] * 4, cost=1.0, value=8.0) for number in range(trials)}
    stopped = sum(any(row["is_recommended_stop"] for row in rows) for rows in curves(models, agents).values())
    assert stopped <= stats.binom.ppf(1 - FALSE_ALARM, trials, ALPHA)


def test_sessions_handed_to_humans_keep_a_stop_from_being_recommended(models: CompiledModels) -> None:
    random = np.random.default_rng(15)
    # Without the bounds nothing seems to come after the first try; but most of it was handed over.
    agents = {"a": Sessions(random, 1000, [0.5, 0.01, 0.01], escalates=0.5, cost=1.0, value=8.0)}
    second = curves(models, agents)["a"][1]
    assert second["expected_net_value_least"] < 0 < second["expected_net_value_most"]
    assert second["recommendation"] == "not sure"


def test_without_values_the_goal_value_is_told_that_going_on_takes(models: CompiledModels) -> None:
    random = np.random.default_rng(16)
    first = curves(models, {"a": Sessions(random, 400, [0.5, 0.2], value=float("nan"))})["a"][0]
    assert first["recommendation"] == "value not known"
    assert first["expected_net_value_most"] is None
    assert first["goal_value_to_go_on_least"] == close(first["expected_further_cost"] / first["eventual_success_rate_most"])
    assert first["goal_value_to_go_on_least"] < first["goal_value_to_go_on_most"]
