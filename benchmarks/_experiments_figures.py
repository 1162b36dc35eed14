"""What the experiment marts say of simulated experiments, held against what is true of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
from _experiments_data import CONTROL, SCENARIOS, TREATMENT, Scenario
from scipy import stats

ALPHA = 0.05
#: From how many units in each arm on anybody looks: the package's default.
MIN_UNITS = 30


@dataclass(frozen=True)
class Share:
    """How many of some experiments.

    Attributes:
        count: of how many it is true.
        of: how many there are.
    """

    count: int
    of: int

    @property
    def share(self) -> float:
        """The share, NaN of none."""
        return self.count / self.of if self.of else float("nan")

    @property
    def missed(self) -> Share:
        """Those of which it is not true."""
        return Share(self.of - self.count, self.of)

    def is_compatible(self, probability: float, error: float) -> bool:
        """Whether a count this high, and one this low, come about with more than `error` / 2 each at a probability."""
        expected = stats.binom(self.of, probability)
        return bool(min(expected.cdf(self.count), expected.sf(self.count - 1)) > error / 2)

    def is_compatible_with_at_most(self, probability: float, error: float) -> bool:
        """Whether a count this high comes about with more than `error` at a probability."""
        return bool(stats.binom(self.of, probability).sf(self.count - 1) > error)


@dataclass(frozen=True)
class Figures:
    """What was found for one metric in the experiments of one scenario.

    Attributes:
        rejected: p-value below 5% in the end.
        rejected_linearised: the same of the linearised p-value, which ratios have beside theirs.
        difference_covered: the 95% interval of the difference holds the true one.
        lift_covered: that of the lift, where there is one.
        sequential_covered: the interval for people who peek.
        rejected_peeking: the p-value was below 5% on some day.
        rejected_always_valid: the always-valid one was.
    """

    rejected: Share
    rejected_linearised: Share
    difference_covered: Share
    lift_covered: Share
    sequential_covered: Share
    rejected_peeking: Share
    rejected_always_valid: Share


RESULTS = """
select
    any_value(metric_kind) as metric_kind,
    count(p_value) as known,
    count(*) filter (p_value < $alpha) as rejected,
    count(p_value_linearised) as with_linearised,
    count(*) filter (p_value_linearised < $alpha) as rejected_linearised,
    count(difference_low) as with_difference,
    count(*) filter ($difference between difference_low and difference_high) as difference_covered,
    count(lift_low) as with_lift,
    count(*) filter ($lift between lift_low and lift_high) as lift_covered,
    count(sequential_low) as with_sequential,
    count(*) filter (
        case when metric_kind = 'ratio' then $lift else $difference end between sequential_low and sequential_high
    ) as sequential_covered,
    count(always_valid_p_value) as with_always_valid,
    count(*) filter (always_valid_p_value < $alpha) as rejected_always_valid
from agent_goals__experiment_results
where regexp_full_match(experiment, $scenario || '_[0-9]+') and metric = $metric
"""

#: Each day's estimates and standard errors of both arms, from the day on when both have enough units.
LOOKS = f"""
with arms as (
    select *, standard_error * standard_error as variance
    from main_agent_goals_staging.int_agent_goals__experiment_arm_days
    where regexp_full_match(experiment, $scenario || '_[0-9]+') and metric = $metric and count_units >= {MIN_UNITS}
)
select
    control.experiment, control.estimate, control.variance, control.count_units,
    treatment.estimate as other_estimate, treatment.variance as other_variance, treatment.count_units as other_count_units
from arms as control
inner join arms as treatment using (experiment, goal, metric, exposed_on)
where control.variant = '{CONTROL}' and treatment.variant = '{TREATMENT}'
"""


def figures(path: Path, scenario: Scenario, metric: str) -> Figures:
    """What the marts in a DuckDB file say of a metric in the experiments of a scenario."""
    first, second = (1.0, 1.0) if scenario.is_clustered else scenario.truth()[metric]
    with duckdb.connect(str(path), read_only=True) as connection:
        of_scenario = {"scenario": scenario.name, "metric": metric}
        given = {**of_scenario, "alpha": ALPHA, "difference": second - first, "lift": second / first - 1}
        found = connection.execute(RESULTS, given)
        names = [column[0] for column in found.description]
        row = dict(zip(names, found.fetchone() or (), strict=True))
        looks = connection.execute(LOOKS, of_scenario).fetchnumpy()
    p_values = fixed_p_values(looks, is_ratio=row["metric_kind"] == "ratio")
    below = np.unique(looks["experiment"][p_values < ALPHA])
    return Figures(
        rejected=Share(row["rejected"], row["known"]),
        rejected_linearised=Share(row["rejected_linearised"], row["with_linearised"]),
        difference_covered=Share(row["difference_covered"], row["with_difference"]),
        lift_covered=Share(row["lift_covered"], row["with_lift"]),
        sequential_covered=Share(row["sequential_covered"], row["with_sequential"]),
        rejected_peeking=Share(len(below), len(np.unique(looks["experiment"]))),
        rejected_always_valid=Share(row["rejected_always_valid"], row["with_always_valid"]),
    )


def fixed_p_values(looks: dict[str, np.ndarray], is_ratio: bool) -> np.ndarray:
    """Welch's test of the difference, or of the logarithm of a ratio, on each day: what somebody who peeks would take."""
    estimates = [looks[name] for name in ("estimate", "other_estimate")]
    variances = [looks[name] for name in ("variance", "other_variance")]
    counts = [looks[name] for name in ("count_units", "other_count_units")]
    if is_ratio:
        variances = [variance / estimate**2 for variance, estimate in zip(variances, estimates, strict=True)]
        estimates = [np.log(estimate) for estimate in estimates]
    variance = variances[0] + variances[1]
    freedom = variance**2 / sum(each**2 / (count - 1) for each, count in zip(variances, counts, strict=True))
    found: np.ndarray = 2 * stats.t.sf(np.abs(estimates[1] - estimates[0]) / np.sqrt(variance), freedom)
    return found


def metrics() -> list[str]:
    """Every metric, by name."""
    return list(SCENARIOS[0].truth())


def rejected_by_sessions(path: Path, scenario: Scenario) -> Share:
    """How often a test of proportions would reject that takes each session for a unit."""
    with duckdb.connect(str(path), read_only=True) as connection:
        found = connection.execute(
            """
            select count(*) filter (achieved and sessions.variant = 'control'), count(*) filter (sessions.variant = 'control'),
                count(*) filter (achieved and sessions.variant <> 'control'), count(*) filter (sessions.variant <> 'control')
            from agent_goals_raw.sessions join agent_goals_raw.goal_events using (session_id)
            where regexp_full_match(sessions.experiment, ? || '_[0-9]+')
            group by sessions.experiment
            """,
            [scenario.name],
        ).fetchall()
    achieved, count, other_achieved, other_count = (np.array(column, dtype=float) for column in zip(*found, strict=True))
    pooled = (achieved + other_achieved) / (count + other_count)
    error = np.sqrt(pooled * (1 - pooled) * (1 / count + 1 / other_count))
    p_values = 2 * stats.norm.sf(np.abs(other_achieved / other_count - achieved / count) / error)
    return Share(int(np.sum(p_values < ALPHA)), len(p_values))
