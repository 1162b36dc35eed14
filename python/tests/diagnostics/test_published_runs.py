"""The diagnostics of published runs against what scipy and statsmodels make of the published files."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from scipy import optimize, stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint, proportions_ztest

from diagnostics.published import GOAL, Attempt, openhands_attempts, tau2_attempts
from project import Marts
from real_data.builds import openhands_marts, openhands_sessions, tau2_marts, tau2_sessions

Row = dict[str, Any]
#: A value of a dimension, or two of them.
Values = tuple[tuple[str, str], ...]

MIN_ATTEMPTS, MAX_PAIRS, Q_LIMIT, ALPHA = 30, 200, 0.05, 0.05
BASELINE_DAYS, MATURITY_DAYS, MIN_DAY_ATTEMPTS, MIN_DAYS = 28, 3, 20, 7
BEYOND_THREE = 2 * stats.norm.sf(3)


def close(value: float | None, rel: float = 1e-9) -> Any:
    return None if value is None else pytest.approx(value, rel=rel, abs=1e-12)


def near(p_value: float | None) -> Any:
    """A p-value of the exact test, whose tail the marts add up to a millionth of it."""
    return None if p_value is None else pytest.approx(p_value, rel=1e-5, abs=1e-250)


def exact(counts: tuple[int, int], others: tuple[int, int]) -> float:
    """Fisher's p-value of two (events, trials): twice that of the side on which the first rate is."""
    (events, trials), (other_events, other_trials) = counts, others
    side = "less" if events * other_trials <= other_events * trials else "greater"
    table = [[events, trials - events], [other_events, other_trials - other_events]]
    return float(min(1.0, 2 * stats.fisher_exact(table, alternative=side).pvalue))


def total(costs: Iterable[Decimal | None]) -> Decimal | None:
    """The sum of what is known; None where nothing is."""
    known = [cost for cost in costs if cost is not None]
    return sum(known, Decimal(0)) if known else None


def q_values(p_values: dict[Any, float | None]) -> dict[Any, Any]:
    known = {key: p_value for key, p_value in p_values.items() if p_value is not None}
    found = multipletests(list(known.values()), method="fdr_bh")[1] if known else []
    return {key: None for key in p_values} | dict(zip(known, map(near, found), strict=True))


@dataclass
class Pattern:
    """What the attempts at a goal say of one value, or of two together."""

    goal: str
    values: Values
    counts: tuple[int, int]
    rest: tuple[int, int]
    costs: list[Decimal | None]
    p_value: float
    p_value_parts: float | None
    excess: float
    excess_interval: tuple[float, float]
    q_value: float = math.nan
    is_carried: bool = False
    rank: int | None = None

    @property
    def key(self) -> tuple[str, Values]:
        return self.goal, self.values

    @property
    def deciding(self) -> float:
        return max(self.p_value, self.p_value_parts or 0.0)

    @property
    def sort_key(self) -> tuple[str, ...]:
        """The order of the mart, wherever nothing else decides."""
        return (self.goal, *(part for value in self.values for part in value))


def patterns_of(attempts: list[Attempt]) -> dict[tuple[str, Values], Pattern]:
    """Every row that the mart should have, by goal and values."""
    by_goal: dict[str, list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        by_goal[attempt.goal].append(attempt)
    found = [pattern for goal, tried in by_goal.items() for pattern in _patterns_of_goal(goal, tried)]
    for pattern, q_value in zip(found, multipletests([each.deciding for each in found], method="fdr_bh")[1], strict=True):
        pattern.q_value = q_value
    for goal in by_goal:
        _rank([each for each in found if each.goal == goal and each.q_value < Q_LIMIT and each.excess > 0])
    return {pattern.key: pattern for pattern in found}


def _patterns_of_goal(goal: str, attempts: list[Attempt]) -> list[Pattern]:
    members: dict[Values, list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        values = tuple(attempt.dimensions.items())
        for group in (*combinations(values, 1), *combinations(values, 2)):
            members[group].append(attempt)
    often = {values for values, those in members.items() if len(those) >= MIN_ATTEMPTS}
    pairs = [
        values
        for values in often
        if len(values) == 2 and all(len(members[part,]) - len(members[values]) >= MIN_ATTEMPTS for part in values)
    ]
    pairs.sort(key=lambda values: (-len(members[values]), *values[0], *values[1]))
    looked_at = [values for values in often if len(values) == 1] + pairs[:MAX_PAIRS]
    whole = count(attempts)
    found = []
    for values in looked_at:
        counts = count(members[values])
        rest = minus(whole, counts)
        if rest[1] < MIN_ATTEMPTS:
            continue
        parts = []
        for part in values if len(values) == 2 else ():
            others = minus(count(members[part,]), counts)
            parts.append(exact(counts, others) if counts[0] * others[1] > others[0] * counts[1] else 1.0)
        low, high = confint_proportions_2indep(*counts, *rest, method="newcomb", compare="diff", alpha=ALPHA)
        found.append(Pattern(
            goal, values, counts, rest, [each.cost for each in members[values] if not each.achieved], exact(counts, rest),
            max(parts) if parts else None, counts[0] - rest[0] / rest[1] * counts[1], (low * counts[1], high * counts[1]),
        ))  # fmt: skip
    return found


def count(attempts: list[Attempt]) -> tuple[int, int]:
    """Failures and attempts."""
    return sum(not attempt.achieved for attempt in attempts), len(attempts)


def minus(whole: tuple[int, int], part: tuple[int, int]) -> tuple[int, int]:
    return whole[0] - part[0], whole[1] - part[1]


def _rank(found: list[Pattern]) -> None:
    """By the failures that each surely adds, after those of which one pair adds more than half."""
    for pattern in found:
        within = [pair.excess for pair in found if len(pair.values) == 2 and pattern.values[0] in pair.values]
        pattern.is_carried = len(pattern.values) == 1 and bool(within) and 2 * max(within) > pattern.excess
    found.sort(key=lambda each: (each.is_carried, -round(each.excess_interval[0], 6), each.deciding, each.sort_key))
    for place, pattern in enumerate(found, start=1):
        pattern.rank = place


def values_of(row: Row) -> Values:
    named = [(row["dimension"], row["value"]), (row["dimension_2"], row["value_2"])]
    return tuple(pair for pair in named if pair[0] is not None)


def moving_range(rates: np.ndarray, sizes: np.ndarray, level: float) -> float | None:
    """How much more than chance the days vary, from one to the next."""
    if not 0 < level < 1 or len(rates) < 2:
        return None
    return float(np.abs(np.diff((rates - level) / np.sqrt(level * (1 - level) / sizes))).mean() / 1.128)


class Day:
    """A day of a goal beside the days before it, as a Laney p' chart has it."""

    def __init__(self, day: date, days: dict[date, list[Attempt]], newest: date) -> None:
        tried = days[day]
        self.age = (newest - day).days
        self.achieved, self.attempts = sum(each.achieved for each in tried), len(tried)
        self.rate = self.achieved / self.attempts
        self.before = sorted(
            other for other in days if 1 <= (day - other).days <= BASELINE_DAYS and (newest - other).days >= MATURITY_DAYS
        )
        self.baseline = [each for other in self.before for each in days[other]]
        sizes = np.array([len(days[other]) for other in self.before], dtype=float)
        successes = np.array([sum(each.achieved for each in days[other]) for other in self.before], dtype=float)
        self.level = float(successes.sum() / sizes.sum()) if self.before else None
        self.sigma = moving_range(successes / sizes, sizes, self.level) if self.level is not None else None
        self.limits: tuple[float, float] | tuple[None, None] = (None, None)
        self.p_value: float | None = None
        self.status = "in_control"
        if self.level is not None:
            error = max(1.0, self.sigma or 0.0) * math.sqrt(self.level * (1 - self.level) / self.attempts)
            self.limits = max(0.0, self.level - 3 * error), min(1.0, self.level + 3 * error)
            self.p_value = exact((self.achieved, self.attempts), (int(successes.sum()), int(sizes.sum())))
            if error > 0:
                self.p_value = max(self.p_value, 2 * stats.norm.sf(abs(self.rate - self.level) / error))
            if self.p_value < BEYOND_THREE:
                self.status = "decline" if self.rate < self.level else "improvement"
        for reason, holds in (
            ("too_few_days", len(self.before) < MIN_DAYS),
            ("too_few_attempts", self.attempts < MIN_DAY_ATTEMPTS),
            ("too_young", self.age < MATURITY_DAYS),
        ):
            if holds:
                self.status, self.p_value = reason, None


def charts(attempts: list[Attempt]) -> dict[tuple[str, str, date], Day]:
    """Each day of each agent's goal."""
    days: dict[tuple[str, str], dict[date, list[Attempt]]] = defaultdict(lambda: defaultdict(list))
    for attempt in attempts:
        days[attempt.agent, attempt.goal][attempt.day].append(attempt)
    newest = max(attempt.day for attempt in attempts)
    return {(*key, day): Day(day, found, newest) for key, found in days.items() for day in found}


def kitagawa(now: list[Attempt], before: list[Attempt], value_of: Callable[[Attempt], str]) -> tuple[float, float, float]:
    """What other shares of the values did to the rate, what other rates of the values did, and how far the shares moved."""
    mix = within = change = 0.0
    for value in {value_of(attempt) for attempt in now + before}:
        of_value = [[attempt.achieved for attempt in group if value_of(attempt) == value] for group in (now, before)]
        share, share_before = (len(each) / len(group) for each, group in zip(of_value, (now, before), strict=True))
        # What came or went has one rate.
        rate, rate_before = (np.mean(each or other) for each, other in (of_value, of_value[::-1]))
        mix += (share - share_before) * (rate + rate_before) / 2
        within += (rate - rate_before) * (share + share_before) / 2
        change += abs(share - share_before) / 2
    return mix, within, change


def fieller(dear: list[Attempt], cheap: list[Attempt]) -> tuple[float, float] | None:
    """The goal values at which the extra cost is as many standard errors from what the extra rate would bring as t allows.

    None where the rates are too near for these to be two.
    """
    arms = (dear, cheap)
    achieved = [np.array([each.achieved for each in arm], dtype=float) for arm in arms]
    costed = [[each for each in arm if each.cost is not None] for arm in arms]
    costs = [np.array([float(each.cost) for each in those]) for those in costed]
    extra_cost, extra_rate = (of[0].mean() - of[1].mean() for of in (costs, achieved))
    cost_errors = [cost.var(ddof=1) / len(cost) for cost in costs]
    rate_error = sum(each.var(ddof=1) / len(each) for each in achieved)
    covariance = sum(
        np.cov(cost, [each.achieved for each in those])[0, 1] / len(arm)
        for cost, those, arm in zip(costs, costed, arms, strict=True)
    )
    degrees = float(sum(map(len, costs)) - 2)
    if any(cost_errors):
        parts = sum(error**2 / (len(cost) - 1) for error, cost in zip(cost_errors, costs, strict=True))
        degrees = sum(cost_errors) ** 2 / parts
    critical = stats.t.ppf(1 - ALPHA / 2, degrees)
    if extra_rate <= critical * np.sqrt(rate_error):
        return None
    estimate = extra_cost / extra_rate
    if not any(cost_errors):
        # Costs that are all the same leave nothing to be uncertain of but the rates.
        assert extra_cost == 0
        return 0.0, 0.0

    def distance(quotient: float) -> float:
        error = np.sqrt(sum(cost_errors) - 2 * quotient * covariance + quotient**2 * rate_error)
        return float(abs(extra_cost - quotient * extra_rate) / error - critical)

    return optimize.brentq(distance, estimate - 1e5, estimate), optimize.brentq(distance, estimate, estimate + 1e5)


def mean(costs: list[Decimal]) -> float | None:
    return float(sum(costs, Decimal(0)) / len(costs)) if costs else None


class Diagnostics:
    """What holds of every data set."""

    def test_every_failure_pattern_is_what_the_published_file_says(self, marts: Marts, attempts: list[Attempt]) -> None:
        rows = {(row["goal"], values_of(row)): row for row in marts.rows("select * from agent_goals__failure_patterns")}
        expected = patterns_of(attempts)
        assert set(rows) == set(expected)
        for key, pattern in expected.items():
            row, (failures, tried), (rest_failures, rest) = rows[key], pattern.counts, pattern.rest
            assert (row["count_failures"], row["count_attempts"]) == pattern.counts, key
            assert (row["count_failures_rest"], row["count_attempts_rest"]) == pattern.rest, key
            assert row["failure_rate_rest"] == close(rest_failures / rest)
            assert row["risk_ratio"] == close(failures / tried / (rest_failures / rest) if rest_failures else None)
            assert row["share_of_failures"] == close(failures / (failures + rest_failures))
            interval = proportion_confint(failures, tried, ALPHA, method="wilson")
            assert (row["failure_rate_low"], row["failure_rate_high"]) == tuple(map(close, interval)), key
            assert row["excess_failures"] == pytest.approx(pattern.excess, abs=1e-8)
            excess = (row["excess_failures_low"], row["excess_failures_high"])
            assert excess == pytest.approx(pattern.excess_interval, rel=1e-8, abs=1e-8), key
            assert (row["p_value"], row["p_value_parts"]) == (near(pattern.p_value), near(pattern.p_value_parts)), key
            assert row["q_value"] == near(pattern.q_value), key
            ranked = (pattern.is_carried, pattern.rank is not None, pattern.rank)
            assert (row["is_carried_by_pair"], row["is_pattern"], row["pattern_rank"]) == ranked, key
            if key[0] == GOAL:
                assert row["wasted_cost"] == total(pattern.costs), key
                assert row["count_failures_without_cost"] == pattern.costs.count(None), key

    def test_the_q_values_are_those_of_the_shown_p_values(self, marts: Marts) -> None:
        rows = marts.rows("select greatest(p_value, p_value_parts) as p_value, q_value from agent_goals__failure_patterns")
        found = stats.false_discovery_control([row["p_value"] for row in rows])
        assert [row["q_value"] for row in rows] == [near(q_value) for q_value in found]

    def test_every_model_has_the_rate_and_the_cost_of_its_runs(self, marts: Marts, attempts: list[Attempt]) -> None:
        arms: dict[tuple[str, str], list[Attempt]] = defaultdict(list)
        for attempt in attempts:
            if attempt.goal == GOAL:
                arms[attempt.agent, attempt.model].append(attempt)
        found = marts.rows(f"select * from agent_goals__model_performance where goal = '{GOAL}'")
        rows = {(row["agent"], row["model"]): row for row in found}
        assert len(rows) == len(found)
        assert set(rows) == set(arms)
        for key, arm in arms.items():
            row, achieved = rows[key], [attempt for attempt in arm if attempt.achieved]
            costs = [attempt.cost for attempt in arm if attempt.cost is not None]
            cost = total(costs)
            assert (row["count_attempts"], row["count_achieved"], row["count_costed"]) == (len(arm), len(achieved), len(costs))
            assert row["achievement_rate"] == close(len(achieved) / len(arm))
            interval = proportion_confint(len(achieved), len(arm), ALPHA, method="wilson")
            assert (row["achievement_rate_low"], row["achievement_rate_high"]) == tuple(map(close, interval))
            assert row["total_cost"] == cost
            assert row["cost_per_attempt"] == close(mean(costs))
            assert row["fully_loaded_cost_per_goal"] == close(None if cost is None else float(cost / len(achieved)))
            of_achieved = total(attempt.cost for attempt in achieved)
            assert row["cost_per_goal_achieved"] == close(None if of_achieved is None else float(of_achieved / len(achieved)))
            assert (row["count_mixed_model"], row["value_band"]) == (0, "unknown")
            # Nobody says what these goals are worth.
            assert (row["is_recommended"], row["recommendation"]) == (False, "value not known")
        self.assert_compared(rows, arms)

    def assert_compared(self, rows: dict[tuple[str, str], Row], arms: dict[tuple[str, str], list[Attempt]]) -> None:
        """Each model with enough runs beside the cheapest one of its agent."""
        means = {key: (mean([each.cost for each in arm if each.cost is not None]), key[1]) for key, arm in arms.items()}
        eligible = [key for key, arm in arms.items() if sum(each.cost is not None for each in arm) >= MIN_ATTEMPTS]
        p_values = {}
        for key, arm in arms.items():
            row = rows[key]
            of_agent = [other for other in eligible if other[0] == key[0]]
            cheapest = min(of_agent, key=means.__getitem__, default=None)
            assert row["cheapest_model"] == (cheapest[1] if cheapest else None)
            if cheapest is None or key not in eligible or key == cheapest:
                assert (row["rate_difference"], row["p_value"]) == (None, None)
                continue
            base = arms[cheapest]
            counts, sizes = [sum(each.achieved for each in group) for group in (arm, base)], [len(arm), len(base)]
            difference = counts[0] / sizes[0] - counts[1] / sizes[1]
            interval = confint_proportions_2indep(counts[0], sizes[0], counts[1], sizes[1], compare="diff", method="newcomb")
            assert row["rate_difference"] == close(difference)
            assert (row["rate_difference_low"], row["rate_difference_high"]) == tuple(map(close, interval))
            p_values[key] = proportions_ztest(counts, sizes)[1]
            assert row["p_value"] == close(p_values[key], rel=1e-7)
            extra = means[key][0] - means[cheapest][0]
            assert row["cost_difference"] == close(extra)
            assert row["break_even_goal_value"] == (close(extra / difference) if difference > 0 else None)
            ends = (row["break_even_goal_value_low"], row["break_even_goal_value_high"])
            interval = fieller(arm, base) if difference > 0 else None
            assert ends == (pytest.approx(interval, rel=1e-6, abs=1e-12) if interval else (None, None)), key
            status = "no better" if difference <= 0 else "ok" if interval else "rates not distinct"
            assert row["break_even_status"] == status, key
        assert {key: rows[key]["q_value"] for key in p_values} == q_values(p_values)

    def test_every_day_has_the_limits_of_a_laney_chart(self, marts: Marts, attempts: list[Attempt]) -> None:
        found = marts.rows("select * from agent_goals__goal_alerts")
        rows = {(row["agent"], row["goal"], row["metric_date"]): row for row in found}
        days = charts(attempts)
        assert len(rows) == len(found)
        assert set(rows) == set(days)
        for key, day in days.items():
            row = rows[key]
            counts = (row["age_days"], row["count_attempts"], row["count_achieved"], row["count_baseline_days"])
            assert counts == (day.age, day.attempts, day.achieved, len(day.before)), key
            assert (row["baseline_rate"], row["sigma_z"]) == (close(day.level), close(day.sigma)), key
            assert (row["control_low"], row["control_high"]) == tuple(map(close, day.limits)), key
            assert (row["status"], row["p_value"]) == (day.status, near(day.p_value)), key
            assert row["is_decline"] is (day.status == "decline")
        shown = {key: day.p_value for key, day in days.items()}
        assert {key: row["q_value"] for key, row in rows.items()} == q_values(shown)

    def test_the_view_by_try_counts_who_tried_once(self, marts: Marts, attempts: list[Attempt]) -> None:
        rows = marts.rows(f"""
            select agent, step, count_reached, count_achieved, count_escalated, count_given_up, count_costed
            from agent_goals__escalation_curve where goal = '{GOAL}' and view_name = 'try' order by agent
        """)
        agents: dict[str, list[Attempt]] = defaultdict(list)
        for attempt in attempts:
            if attempt.goal == GOAL:
                agents[attempt.agent].append(attempt)
        # The published files tell of one try each.
        assert rows == [
            {
                "agent": agent,
                "step": 1,
                "count_reached": len(tried),
                "count_achieved": sum(each.achieved for each in tried),
                "count_escalated": 0,
                "count_given_up": count(tried)[0],
                "count_costed": sum(each.cost is not None for each in tried),
            }
            for agent, tried in sorted(agents.items())
        ]

    def test_the_view_by_cost_is_that_of_every_runs_cost(self, marts: Marts, attempts: list[Attempt]) -> None:
        found = marts.rows(f"select * from agent_goals__escalation_curve where goal = '{GOAL}' and view_name = 'cost'")
        rows = {(row["agent"], row["step"]): row for row in found}
        expected = set()
        for agent in {attempt.agent for attempt in attempts}:
            runs = [
                (attempt.cost, attempt.achieved)
                for attempt in attempts
                if (attempt.agent, attempt.goal) == (agent, GOAL) and attempt.cost is not None
            ]
            places = (stats.rankdata([cost for cost, _ in runs], method="min") - 1) if runs else []
            deciles = [int(place) * 10 // len(runs) + 1 for place in places]
            spent = Decimal(0)
            steps = sorted(set(deciles))
            for step in steps:
                expected.add((agent, step))
                row = rows[agent, step]
                here = [run for run, decile in zip(runs, deciles, strict=True) if decile == step]
                reached = [run for run, decile in zip(runs, deciles, strict=True) if decile >= step]
                end = max(cost for cost, _ in here)
                achieved, eventually = sum(done for _, done in here), sum(done for _, done in reached)
                counts = (row["count_reached"], row["count_achieved"], row["count_given_up"], row["count_eventually_achieved"])
                assert counts == (len(reached), achieved, len(here) - achieved, eventually), (agent, step)
                assert row["spent_before"] == close(float(spent))
                further = sum((cost - spent for cost, _ in reached), Decimal(0))
                of_step = sum((min(cost, end) - spent for cost, _ in reached), Decimal(0))
                assert row["expected_cost_here"] == close(float(of_step / len(reached)))
                assert row["expected_further_cost"] == close(float(further / len(reached)))
                assert row["cost_saved_if_stopped"] == close(float(further))
                assert row["success_rate_here"] == close(achieved / len(reached))
                assert row["eventual_success_rate_least"] == row["eventual_success_rate_most"] == close(eventually / len(reached))
                assert row["goal_value_to_go_on_least"] == close(float(further / eventually) if eventually else None)
                assert (row["is_recommended_stop"], row["count_escalated"]) == (False, 0)
                spent = end
        assert set(rows) == expected

    def test_nobody_s_verdict_was_compared_with_a_judge_s(self, marts: Marts) -> None:
        assert marts.rows("select * from agent_goals__judge_agreement") == []


@pytest.mark.xdist_group("openhands_index")
class TestOpenhandsIndex(Diagnostics):
    @pytest.fixture(scope="class")
    @classmethod
    def attempts(cls) -> list[Attempt]:
        return openhands_attempts(openhands_sessions())

    @pytest.fixture(scope="class")
    @classmethod
    def marts(cls, tmp_path_factory: pytest.TempPathFactory) -> Marts:
        return openhands_marts(tmp_path_factory.getbasetemp())

    def test_the_harness_and_the_benchmark_that_waste_most(self, marts: Marts, attempts: list[Attempt]) -> None:
        wasted: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for attempt in attempts:
            for dimension in ("agent", "customer_segment"):
                wasted[dimension, attempt.dimensions[dimension]] += (not attempt.achieved) * (attempt.cost or 0)
        for dimension, most in (("agent", "openhands"), ("customer_segment", "swe-bench")):
            rows = marts.rows(f"""
                select value, wasted_cost from agent_goals__failure_patterns
                where dimension = '{dimension}' and dimension_2 is null order by wasted_cost desc
            """)
            assert {(dimension, row["value"]): row["wasted_cost"] for row in rows} == {
                key: cost for key, cost in wasted.items() if key[0] == dimension
            }
            assert rows[0]["value"] == most

    def test_the_patterns_that_come_first(self, marts: Marts) -> None:
        first = marts.rows("select * from agent_goals__failure_patterns where pattern_rank <= 2 order by pattern_rank")
        assert [values_of(row) for row in first] == [
            (("agent", "openhands"),),
            (("customer_segment", "swe-bench-multimodal"),),
        ]

    def test_one_day_was_a_decline_and_came_with_another_model(self, marts: Marts, attempts: list[Attempt]) -> None:
        key = "openhands", GOAL, date(2026, 5, 14)
        days = charts(attempts)
        assert [other for other, day in days.items() if day.status in ("decline", "improvement")] == [key]
        day, now = days[key], [each for each in attempts if (each.agent, each.goal, each.day) == key]
        row = marts.row("select * from agent_goals__goal_alerts where is_decline")
        assert (row["agent"], row["goal"], row["metric_date"]) == key
        assert row["lost_goals"] == close((day.level - day.rate) * day.attempts)
        assert (row["decline_rank"], row["value_of_a_goal"], row["lost_value"]) == (1, None, None)
        assert row["rate_change"] == close(day.rate - day.level)
        for dimension, value_of in (
            ("agent_version", lambda attempt: attempt.agent_version),
            ("model", lambda attempt: attempt.model),
            ("customer_segment", lambda attempt: attempt.dimensions["customer_segment"]),
        ):
            mix, within, change = kitagawa(now, day.baseline, value_of)
            found = (row[f"{dimension}_mix_effect"], row[f"{dimension}_within_effect"])
            assert found == (close(mix), close(within))
            if dimension != "agent_version":
                assert row[f"{dimension}_mix_change"] == close(change)
        # All of the day's runs were of one model, which had not run before.
        assert {attempt.model for attempt in now} == {"Trinity-Large-Thinking"}
        assert row["model_mix_change"] == 1


@pytest.mark.xdist_group("tau2_airline_variants")
class TestTau2AirlineVariants(Diagnostics):
    @pytest.fixture(scope="class")
    @classmethod
    def attempts(cls) -> list[Attempt]:
        return tau2_attempts(tau2_sessions())

    @pytest.fixture(scope="class")
    @classmethod
    def marts(cls, tmp_path_factory: pytest.TempPathFactory) -> Marts:
        return tau2_marts(tmp_path_factory.getbasetemp())

    def test_the_smallest_model_comes_first_by_any_of_its_names(self, marts: Marts) -> None:
        first = marts.rows(f"""
            select * from agent_goals__failure_patterns where goal = '{GOAL}' and pattern_rank <= 3 order by pattern_rank
        """)
        assert [values_of(row) for row in first] == [
            (("agent", "qwen2.5-7b"),),
            (("model", "ollama_chat/qwen2.5:7b"),),
            (("variant", "tau2_airline:qwen2.5-7b"),),
        ]

    def test_agents_that_ran_on_one_day_raise_no_alert(self, attempts: list[Attempt]) -> None:
        assert {day.status for day in charts(attempts).values()} == {"too_young", "too_few_attempts", "too_few_days"}
