"""Judges compared with humans as statsmodels and numpy compare them, and corrected rates that hold what they should."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.proportion import proportion_confint, proportions_ztest

from compiled import CompiledModels
from diagnostics.rows import as_mappings

pytestmark = pytest.mark.xdist_group("judge_agreement")

ALPHA = 0.05
#: The chance with which a simulation may go wrong although what it tests is right.
FALSE_ALARM = 1e-4


class Counts(NamedTuple):
    """What a judge and a human said of labelled outcomes, and the judge alone of the others."""

    both: int
    judge_only: int
    human_only: int
    neither: int
    others: int = 0
    others_achieved: int = 0

    @property
    def labels(self) -> int:
        return self.both + self.judge_only + self.human_only + self.neither


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> CompiledModels:
    return CompiledModels(tmp_path_factory.mktemp("judge_agreement"))


def agreement(models: CompiledModels, judges: Mapping[str, Iterable[Counts]]) -> dict[str, list[dict[str, Any]]]:
    """The mart's rows of each judge: that of all time first, then its weeks."""
    rows = []
    for judge, weeks in judges.items():
        found = list(weeks)
        whole = Counts(*(sum(column) for column in zip(*found, strict=True)))
        for number, counts in enumerate([whole, *found]):
            rows.append({
                "environment": "production", "goal": "g", "evaluator": judge, "evaluator_version": "1",
                "period": "week" if number else "all", "period_start": f"2026-01-{max(number, 1):02}",
                "count_judged": counts.labels + counts.others,
                "count_judge_achieved": counts.both + counts.judge_only + counts.others_achieved,
                "count_judge_not_applicable": 0, "count_labelled": counts.labels,
                "count_sampled": 0, "count_sampled_labelled": 0, "label_basis": "not a random sample",
                "count_true_positive": counts.both, "count_false_positive": counts.judge_only,
                "count_false_negative": counts.human_only, "count_true_negative": counts.neither,
            })  # fmt: skip
    table = pa.Table.from_pylist(rows)
    starts = table.column_names.index("period_start")
    table = table.set_column(starts, "period_start", table["period_start"].cast(pa.date32()))
    found_rows: dict[str, list[dict[str, Any]]] = {judge: [] for judge in judges}
    connection = models.build_on({"int_agent_goals__judge_labels": table}, ["agent_goals__judge_agreement"])
    mart = as_mappings(connection, "agent_goals__judge_agreement")
    for row in sorted(mart, key=lambda row: (row["period"], row["period_start"])):
        found_rows[row["evaluator"]].append(row)
    return found_rows


def close(value: float) -> Any:
    return pytest.approx(value, rel=1e-9, abs=1e-12)


CASES = {
    "good": Counts(70, 4, 6, 30, 900, 600),
    "lenient": Counts(50, 20, 1, 29, 400, 300),
    "strict": Counts(30, 0, 25, 45, 5000, 1500),
    "contrary": Counts(5, 40, 45, 10, 300, 150),
    "rare": Counts(3, 1, 2, 194, 100, 3),
    "whole": Counts(40, 5, 5, 40),
}


@pytest.fixture(scope="module")
def rows(models: CompiledModels) -> dict[str, dict[str, Any]]:
    return {judge: found[0] for judge, found in agreement(models, {judge: [case] for judge, case in CASES.items()}).items()}


@pytest.mark.parametrize("judge", CASES)
def test_kappa_and_its_interval_are_those_of_statsmodels(rows: dict[str, dict[str, Any]], judge: str) -> None:
    case, row = CASES[judge], rows[judge]
    found = cohens_kappa(np.array([[case.both, case.judge_only], [case.human_only, case.neither]]))
    assert row["kappa"] == close(found.kappa)
    assert (row["kappa_low"], row["kappa_high"]) == (close(found.kappa_low), close(found.kappa_upp))


@pytest.mark.parametrize("judge", CASES)
def test_shares_have_wilsons_intervals(rows: dict[str, dict[str, Any]], judge: str) -> None:
    case, row = CASES[judge], rows[judge]
    shares = {
        "accuracy": (case.both + case.neither, case.labels),
        "judge_precision": (case.both, case.both + case.judge_only),
        "judge_recall": (case.both, case.both + case.human_only),
        "judge_specificity": (case.neither, case.neither + case.judge_only),
        "labelled_achievement_rate": (case.both + case.human_only, case.labels),
    }
    for name, (part, whole) in shares.items():
        low, high = proportion_confint(part, whole, ALPHA, method="wilson")
        assert (row[name], row[f"{name}_low"], row[f"{name}_high"]) == (close(part / whole), close(low), close(high)), name


def prediction_powered(case: Counts) -> tuple[float, float, float]:
    """The weight and the interval, from one number for each outcome, with a label of each kind more."""
    cells = [
        (case.both + 1, 1.0, 1.0),
        (case.judge_only + 1, 1.0, 0.0),
        (case.human_only + 1, 0.0, 1.0),
        (case.neither + 1, 0.0, 0.0),
    ]
    judge = np.repeat([said for _, said, _ in cells], [count for count, _, _ in cells])
    human = np.repeat([said for _, _, said in cells], [count for count, _, _ in cells])
    other_rate = (case.others_achieved + 2) / (case.others + 4)
    covariance = np.cov(judge, human, ddof=0)[0, 1]
    weight = min(max(covariance / (np.var(judge) * (1 + len(judge) / case.others)), 0.0), 1.0) if case.others else 0.0
    middle = weight * other_rate + np.mean(human - weight * judge)
    variance = np.var(human - weight * judge) / len(judge)
    variance += weight**2 * other_rate * (1 - other_rate) / case.others if case.others else 0.0
    margin = stats.t.ppf(1 - ALPHA / 2, case.labels - 1) * np.sqrt(variance)
    return weight, max(middle - margin, 0.0), min(middle + margin, 1.0)


@pytest.mark.parametrize("judge", CASES)
def test_the_prediction_powered_rate_is_that_of_its_definition(rows: dict[str, dict[str, Any]], judge: str) -> None:
    case, row = CASES[judge], rows[judge]
    weight, low, high = prediction_powered(case)
    human, said = (case.both + case.human_only) / case.labels, (case.both + case.judge_only) / case.labels
    others = case.others_achieved / case.others if case.others else said
    assert row["judge_weight"] == close(weight)
    assert row["prediction_powered_rate"] == close(human + weight * (others - said))
    assert (row["prediction_powered_rate_low"], row["prediction_powered_rate_high"]) == (close(low), close(high))


@pytest.mark.parametrize("judge", ["good", "lenient", "strict"])
def test_the_rate_corrected_for_recall_and_specificity_is_that_of_its_definition(
    rows: dict[str, dict[str, Any]], judge: str
) -> None:
    case, row = CASES[judge], rows[judge]
    achieved, failed = case.both + case.human_only, case.neither + case.judge_only
    rate, recall, specificity = case.others_achieved / case.others, case.both / achieved, case.neither / failed
    expected = (rate + specificity - 1) / (recall + specificity - 1)
    assert row["rogan_gladen_rate"] == close(min(max(expected, 0), 1))
    z = stats.norm.ppf(1 - ALPHA / 2)
    # As in the article, but for the quantile of the margin.
    recall, specificity = (case.both + 1) / (achieved + 2), (case.neither + 1) / (failed + 2)
    size = case.others + z**2
    rate = (case.others_achieved + z**2 / 2) / size
    youden = recall + specificity - 1
    middle = (rate + specificity - 1) / youden
    of_recall, of_specificity = recall * (1 - recall) / (achieved + 2), specificity * (1 - specificity) / (failed + 2)
    shift = 2 * z**2 * (middle * of_recall - (1 - middle) * of_specificity)
    error = np.sqrt(rate * (1 - rate) / size + middle**2 * of_recall + (1 - middle) ** 2 * of_specificity) / youden
    margin = stats.t.ppf(1 - ALPHA / 2, min(achieved, failed) - 1) * error
    assert row["rogan_gladen_rate_low"] == close(min(max(middle + shift - margin, 0), 1))
    assert row["rogan_gladen_rate_high"] == close(min(max(middle + shift + margin, 0), 1))


def test_what_cannot_be_corrected_says_why(rows: dict[str, dict[str, Any]]) -> None:
    assert rows["contrary"]["rogan_gladen_status"] == "judge no better than chance"
    assert rows["contrary"]["judge_weight"] == 0
    assert rows["rare"]["rogan_gladen_status"] == "ok"
    assert rows["whole"]["rogan_gladen_status"] == "all are labelled"
    assert rows["whole"]["prediction_powered_rate"] == close(0.5)


def test_a_week_in_which_the_judge_changed_stands_out(models: CompiledModels) -> None:
    weeks = [Counts(40, 3, 3, 20), Counts(42, 4, 2, 18), Counts(25, 20, 2, 19), Counts(1, 0, 0, 1)]
    _, *found = agreement(models, {"judge": weeks})["judge"]
    agreed, labels = sum(week.both + week.neither for week in weeks), sum(week.labels for week in weeks)
    expected = []
    for week, row in zip(weeks[:3], found, strict=False):
        same = week.both + week.neither
        p_value = proportions_ztest([same, agreed - same], [week.labels, labels - week.labels])[1]
        assert row["drift_p_value"] == close(p_value)
        assert row["other_weeks_accuracy"] == close((agreed - same) / (labels - week.labels))
        expected.append(p_value)
    assert [row["drift_q_value"] for row in found[:3]] == [close(q) for q in stats.false_discovery_control(expected)]
    assert found[3]["drift_p_value"] is None
    assert found[2]["drift_q_value"] < 1e-3 < min(found[0]["drift_q_value"], found[1]["drift_q_value"])


#: True rate, recall and specificity of the judge, labels, sessions without a label.
WORLDS = [
    (0.82, 0.97, 0.80, 200, 2000),
    (0.82, 0.90, 0.90, 60, 300),
    (0.50, 0.98, 0.70, 50, 20000),
    (0.20, 0.70, 0.70, 100, 2000),
    (0.05, 0.98, 0.90, 400, 2000),
    (0.95, 0.90, 0.98, 200, 300),
    (0.95, 0.98, 0.98, 60, 20000),
    (0.10, 0.70, 0.98, 150, 20000),
]


def test_corrected_rates_hold_the_true_rate_in_94_of_100_samples(models: CompiledModels) -> None:
    random = np.random.default_rng(6)
    trials = 500
    judges = {}
    for world, (rate, recall, specificity, labels, others) in enumerate(WORLDS):
        chances = [rate * recall, (1 - rate) * (1 - specificity), rate * (1 - recall), (1 - rate) * specificity]
        for trial in range(trials):
            cells = random.multinomial(labels, chances).tolist()
            judges[f"{world}-{trial}"] = [Counts(*cells, others, int(random.binomial(others, chances[0] + chances[1])))]
    rows = agreement(models, judges)
    held = {"prediction_powered": [0] * len(WORLDS), "rogan_gladen": [0] * len(WORLDS), "judge": [0] * len(WORLDS)}
    told = {name: [0] * len(WORLDS) for name in held}
    for judge, (row, *_) in rows.items():
        world = int(judge.split("-")[0])
        rate = WORLDS[world][0]
        row["judge_rate_low"], row["judge_rate_high"] = proportion_confint(
            row["count_judge_achieved"], row["count_judged"], ALPHA, method="wilson"
        )
        for name, of_worlds in held.items():
            low, high = row[f"{name}_rate_low"], row[f"{name}_rate_high"]
            if low is not None:
                told[name][world] += 1
                of_worlds[world] += low <= rate <= high
    for name in ("prediction_powered", "rogan_gladen"):
        for world, count in enumerate(told[name]):
            if count:
                least = stats.binom.ppf(FALSE_ALARM, count, 0.94)
                assert held[name][world] >= least, (name, WORLDS[world], held[name][world], count)
        assert sum(held[name]) / sum(told[name]) >= 0.94, name
    assert min(told["prediction_powered"]) == trials
    # The judge's own rate, taken for the truth, holds it hardly ever: there is something to correct.
    assert sum(held["judge"]) / sum(told["judge"]) < 0.5
