"""Models compared with what scipy and statsmodels make of the same sessions, and with what was planted in simulated ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from scipy import optimize, stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint, proportions_ztest

from compiled import CompiledModels
from diagnostics.rows import as_mappings

pytestmark = pytest.mark.xdist_group("model_performance")

Array = NDArray[np.float64]

MODELS = ("int_agent_goals__model_arms", "int_agent_goals__model_tests", "agent_goals__model_performance")
ALPHA = 0.05
#: The chance with which a simulation may go wrong although what it tests is right.
FALSE_ALARM = 1e-4


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> CompiledModels:
    return CompiledModels(tmp_path_factory.mktemp("model_performance"), {"agent_goals__value_bands": [10, 1000]})


class Sessions:
    """Sessions of one agent and one model, each with one attempt at one goal.

    Args:
        agent: the agent.
        model: the model.
        achieved: whether each achieved the goal.
        cost: what each cost; nan where it is not known.
        stake: what was at stake; nan where it is not known.
    """

    def __init__(self, agent: str, model: str, achieved: NDArray[np.bool_], cost: Array, stake: float = 20.0) -> None:
        self.agent = agent
        self.model = model
        self.achieved = achieved
        # Decimals of ten places, as the marts have them.
        self.cost = np.round(cost, 10)
        self.stake = stake


def performance(models: CompiledModels, arms: Iterable[Sessions]) -> dict[tuple[str, str], dict[str, Any]]:
    """The mart's rows by agent and model."""
    arms = list(arms)
    counts = [len(arm.achieved) for arm in arms]
    achieved = np.concatenate([arm.achieved for arm in arms])
    ids = pa.array([f"s{number}" for number in range(len(achieved))])
    each = {"environment": pa.array(["production"] * len(achieved)), "session_id": ids}
    outcomes = pa.table({
        **each,
        "agent": pa.array(np.repeat([arm.agent for arm in arms], counts)),
        "goal": pa.array(["g"] * len(achieved)),
        "goal_scope": pa.array(["session"] * len(achieved)),
        "customer_id": pa.nulls(len(achieved), pa.string()),
        "verdict": pa.array(np.where(achieved, "achieved", "not_achieved")),
        "is_achieved": pa.array(achieved),
        "metric_cost": pa.array(np.concatenate([arm.cost for arm in arms]), from_pandas=True),
        "rolled_up_value": pa.nulls(len(achieved), pa.float64()),
        "value_at_stake": pa.array(np.repeat([arm.stake for arm in arms], counts), from_pandas=True),
    })  # fmt: skip
    sessions = pa.table({
        **each,
        "model": pa.array(np.repeat([arm.model for arm in arms], counts)),
        "is_mixed_model": pa.array([False] * len(achieved)),
    })  # fmt: skip
    given = {"agent_goals__goal_outcomes": outcomes, "int_agent_goals__session_models": sessions}
    rows = as_mappings(models.build_on(given, MODELS), "agent_goals__model_performance")
    return {(row["agent"], row["model"]): row for row in rows}


def drawn(
    random: np.random.Generator, agent: str, model: str, size: int, *, rate: float, cost: float, stake: float = 20.0
) -> Sessions:
    """Sessions whose failures cost twice as much as their successes, with log-normal costs of the given mean."""
    achieved = random.random(size) < rate
    spread = random.lognormal(-0.32, 0.8, size)
    return Sessions(agent, model, achieved, cost * spread * np.where(achieved, 1.0, 2.0) / (2.0 - rate), stake)


def fieller(cheap: Sessions, dear: Sessions) -> tuple[float, float]:
    """The quotients at which the extra cost is as many standard errors from what the extra rate would bring as t allows."""
    costs = [arm.cost[~np.isnan(arm.cost)] for arm in (cheap, dear)]
    extra_cost = costs[1].mean() - costs[0].mean()
    extra_rate = dear.achieved.mean() - cheap.achieved.mean()
    errors = [np.var(cost, ddof=1) / len(cost) for cost in costs]
    rate_errors = [np.var(arm.achieved, ddof=1) / len(arm.achieved) for arm in (cheap, dear)]
    covariance = 0.0
    for arm, cost in zip((cheap, dear), costs, strict=True):
        covariance += np.cov(cost, arm.achieved[~np.isnan(arm.cost)])[0, 1] / len(arm.achieved)
    degrees = sum(errors) ** 2 / sum(error**2 / (len(cost) - 1) for error, cost in zip(errors, costs, strict=True))
    critical = stats.t.ppf(1 - ALPHA / 2, degrees)

    def distance(quotient: float) -> float:
        error = np.sqrt(sum(errors) - 2 * quotient * covariance + quotient**2 * sum(rate_errors))
        return float(abs(extra_cost - quotient * extra_rate) / error - critical)

    estimate = extra_cost / extra_rate
    far = abs(estimate) + 1e4
    return optimize.brentq(distance, estimate - far, estimate), optimize.brentq(distance, estimate, estimate + far)


@pytest.fixture(scope="module")
def witnessed() -> list[Sessions]:
    random = np.random.default_rng(1)
    arms = [
        drawn(random, "a", "small", 300, rate=0.5, cost=0.1),
        drawn(random, "a", "medium", 250, rate=0.75, cost=0.3),
        drawn(random, "a", "large", 40, rate=0.9, cost=1.5),
        drawn(random, "b", "small", 80, rate=0.7, cost=0.1),
        drawn(random, "b", "large", 90, rate=0.68, cost=0.3),
    ]
    # Where costs are missing, they are missing from failures.
    arms[1].cost[np.flatnonzero(~arms[1].achieved)[:20]] = np.nan
    return arms


@pytest.fixture(scope="module")
def rows(models: CompiledModels, witnessed: list[Sessions]) -> dict[tuple[str, str], dict[str, Any]]:
    return performance(models, witnessed)


def close(value: float) -> Any:
    return pytest.approx(value, rel=1e-9, abs=1e-12)


def test_rates_and_their_intervals_are_those_of_statsmodels(
    rows: Mapping[tuple[str, str], dict[str, Any]], witnessed: list[Sessions]
) -> None:
    for arm in witnessed:
        row = rows[arm.agent, arm.model]
        low, high = proportion_confint(arm.achieved.sum(), len(arm.achieved), ALPHA, method="wilson")
        assert row["achievement_rate"] == close(arm.achieved.mean())
        assert row["achievement_rate_low"] == close(low)
        assert row["achievement_rate_high"] == close(high)


def test_differences_to_the_cheapest_model_are_those_of_statsmodels_and_scipy(
    rows: Mapping[tuple[str, str], dict[str, Any]], witnessed: list[Sessions]
) -> None:
    cheapest = {arm.agent: arm for arm in witnessed if arm.model == "small"}
    p_values = {}
    for arm in witnessed:
        row, base = rows[arm.agent, arm.model], cheapest[arm.agent]
        assert row["cheapest_model"] == "small"
        if arm is base:
            assert row["rate_difference"] is None
            continue
        counts, sizes = [arm.achieved.sum(), base.achieved.sum()], [len(arm.achieved), len(base.achieved)]
        low, high = confint_proportions_2indep(
            counts[0], sizes[0], counts[1], sizes[1], compare="diff", method="newcomb", alpha=ALPHA
        )
        assert (row["rate_difference_low"], row["rate_difference_high"]) == (close(low), close(high))
        p_values[arm.agent, arm.model] = proportions_ztest(counts, sizes)[1]
        assert row["p_value"] == close(p_values[arm.agent, arm.model])
        welch = stats.ttest_ind(arm.cost, base.cost, equal_var=False, nan_policy="omit").confidence_interval(1 - ALPHA)
        assert (row["cost_difference_low"], row["cost_difference_high"]) == (close(welch.low), close(welch.high))
    adjusted = dict(zip(p_values, stats.false_discovery_control(list(p_values.values())), strict=True))
    assert {key: rows[key]["q_value"] for key in adjusted} == {key: close(value) for key, value in adjusted.items()}


def test_net_value_and_the_lead_are_those_of_scipy(
    rows: Mapping[tuple[str, str], dict[str, Any]], witnessed: list[Sessions]
) -> None:
    whole = {(arm.agent, arm.model): arm for arm in witnessed if not np.isnan(arm.cost).any()}
    net_values = {key: np.where(arm.achieved, arm.stake, 0.0) - arm.cost for key, arm in whole.items()}
    for key, net_value in net_values.items():
        low, high = stats.t.interval(1 - ALPHA, len(net_value) - 1, net_value.mean(), stats.sem(net_value))
        assert rows[key]["net_value_per_attempt"] == close(net_value.mean())
        assert (rows[key]["net_value_per_attempt_low"], rows[key]["net_value_per_attempt_high"]) == (close(low), close(high))
    leader, other = net_values["a", "large"], net_values["a", "small"]
    (part,) = (arm for arm in witnessed if (arm.agent, arm.model) not in whole)
    worth, known = np.where(part.achieved, part.stake, 0.0), ~np.isnan(part.cost)
    variance = np.var(worth, ddof=1) / len(worth) + np.var(part.cost[known], ddof=1) / known.sum()
    variance -= 2 * np.cov(worth[known], part.cost[known])[0, 1] / len(worth)
    mean = worth.mean() - part.cost[known].mean()
    assert rows["a", "medium"]["net_value_per_attempt"] == close(mean)
    # Its standard deviation as if all of that variance were of as many sessions as have a cost.
    with_part = stats.ttest_ind_from_stats(
        leader.mean(), leader.std(ddof=1), len(leader), mean, np.sqrt(variance * known.sum()), known.sum(), equal_var=False
    )
    nearest = max(with_part.pvalue, stats.ttest_ind(leader, other, equal_var=False).pvalue)
    assert rows["a", "large"]["recommendation_p_value"] == close(min(1.0, 2 * nearest))


def test_the_break_even_value_has_fiellers_interval(
    rows: Mapping[tuple[str, str], dict[str, Any]], witnessed: list[Sessions]
) -> None:
    cheap = witnessed[0]
    for dear in witnessed[1:3]:
        row = rows[dear.agent, dear.model]
        low, high = fieller(cheap, dear)
        estimate = (np.nanmean(dear.cost) - cheap.cost.mean()) / (dear.achieved.mean() - cheap.achieved.mean())
        assert row["break_even_status"] == "ok"
        assert row["break_even_goal_value"] == close(estimate)
        assert (row["break_even_goal_value_low"], row["break_even_goal_value_high"]) == (
            pytest.approx(low, rel=1e-7), pytest.approx(high, rel=1e-7),
        )  # fmt: skip
    assert rows["b", "large"]["break_even_status"] in ("no better", "rates not distinct")
    assert rows["b", "large"]["break_even_goal_value_low"] is None


def test_the_interval_of_the_break_even_value_holds_it_as_often_as_it_says(models: CompiledModels) -> None:
    random = np.random.default_rng(2)
    trials = 400
    arms = [
        arm
        for trial in range(trials)
        for arm in (
            drawn(random, f"t{trial}", "small", 120, rate=0.5, cost=0.1),
            drawn(random, f"t{trial}", "large", 120, rate=0.75, cost=0.4),
        )
    ]
    rows = performance(models, arms)
    truth = (0.4 - 0.1) / (0.75 - 0.5)
    held = 0
    for trial in range(trials):
        row = rows[f"t{trial}", "large"]
        low, high = row["break_even_goal_value_low"], row["break_even_goal_value_high"]
        # Without a bounded interval nothing is claimed.
        held += low is None or low <= truth <= high
    assert held >= stats.binom.ppf(FALSE_ALARM, trials, 0.94)


def test_chance_alone_seldom_gets_a_model_recommended(models: CompiledModels) -> None:
    random = np.random.default_rng(3)
    trials = 400
    arms = [
        drawn(random, f"t{trial}", model, 60, rate=0.6, cost=0.2)
        for trial in range(trials)
        for model in ("alpha", "beta", "gamma", "delta")
    ]
    rows = performance(models, arms)
    recommended = sum(row["is_recommended"] for row in rows.values())
    assert recommended <= stats.binom.ppf(1 - FALSE_ALARM, trials, ALPHA)


def test_the_model_that_is_worth_most_is_recommended_in_each_band(models: CompiledModels) -> None:
    random = np.random.default_rng(4)
    stakes = {"low": 2.0, "middle": 500.0, "high": 5000.0, "unknown": float("nan")}
    arms = [
        drawn(random, agent, model, 400, rate=rate, cost=cost, stake=stake)
        for agent, stake in stakes.items()
        for model, rate, cost in (("small", 0.5, 0.1), ("large", 0.8, 2.0))
    ]
    rows = performance(models, arms)
    recommended = {agent: model for (agent, model), row in rows.items() if row["is_recommended"]}
    assert recommended == {"low": "small", "middle": "large", "high": "large"}
    assert {row["recommendation"] for (agent, _), row in rows.items() if agent == "unknown"} == {"value not known"}


def test_too_few_sessions_and_unknown_costs_recommend_nothing(models: CompiledModels) -> None:
    random = np.random.default_rng(5)
    few = drawn(random, "few", "large", 20, rate=0.95, cost=0.1)
    unknown = drawn(random, "unknown", "large", 200, rate=0.95, cost=0.1)
    unknown.cost = np.full(200, np.nan)
    arms = [drawn(random, agent, "small", 200, rate=0.3, cost=0.1) for agent in ("few", "unknown")]
    rows = performance(models, [few, unknown, *arms])
    assert not any(row["is_recommended"] for row in rows.values())
    assert rows["few", "large"]["recommendation"] == "not enough attempts"
    assert rows["unknown", "large"]["recommendation"] == "cost not known"
    assert rows["unknown", "large"]["cost_per_attempt"] is None
