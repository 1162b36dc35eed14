"""The whole way on published conversations: loaded, judged by a scripted model, killed twice, built, compared with what is known.

The conversations are 100 runs of two agents on the airline tasks of tau2-bench with the benchmark's own rewards; each is
judged in two sessions. The scripted judge says what the reward says, except of every seventh conversation; in the first of
the two sessions a person says what the reward says, too. What the marts show of it must be that and nothing else.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np
import pytest
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.proportion import proportion_confint

from loading_helpers import write_lines
from project import PROGRAMS, ROOT, Marts, build_marts, data_set

from .server import Request, Verdict, model_server
from .test_killed import Killer

pytest.importorskip("pydantic_ai", reason="the extra judges is not installed")

pytestmark = pytest.mark.xdist_group("tau2_judged")

TAKES = ("first", "second")
LABELLED = "first"
VERDICTS = ("achieved", "not_achieved")


@cache
def conversations() -> list[dict[str, Any]]:
    found = []
    for path in sorted((data_set("tau2_airline_variants") / "conversations").glob("*.json.gz")):
        for run in json.loads(gzip.decompress(path.read_bytes()))["simulations"]:
            found.append(run | {"agent": path.name.removesuffix(".json.gz"), "success": run["reward_info"]["reward"] >= 1 - 1e-6})
    return found


def records() -> Iterator[dict[str, Any]]:
    for take in TAKES:
        for run in conversations():
            base = {"session_id": f"{run['id']}/{take}", "occurred_at": run["end_time"]}
            yield {"type": "session", **base, "agent": run["agent"], "started_at": run["start_time"], "ended_at": run["end_time"]}
            yield {"type": "goal", **base, "goal": "task_resolved", "achieved": run["success"], "agent": run["agent"]}
            if take == LABELLED:
                yield {
                    "type": "goal", **base, "goal": "task_resolved", "achieved": run["success"], "agent": run["agent"],
                    "verdict_source": "human", "evaluator": "reviewer",
                }  # fmt: skip
            yield {"type": "cost", **base, "amount": "0.10", "currency": "USD", "cost_type": "llm", "model": "airline-agent"}
            yield from turn_records(base["session_id"], run["messages"])


def turn_records(session_id: str, messages: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """A message, and a turn of its own for each of its tool calls."""
    index = 0
    for message in messages:
        base = {"type": "turn", "session_id": session_id, "occurred_at": message["timestamp"], "role": message["role"]}
        if message["content"] or not message["tool_calls"]:
            yield base | {"turn_index": index, "content": message["content"] or None}
            index += 1
        for call in message.get("tool_calls") or ():
            yield base | {"turn_index": index, "tool_name": call["name"], "tool_call": call["arguments"]}
            index += 1


def key_of(user_turns: list[str]) -> str:
    return hashlib.sha256(json.dumps(user_turns).encode()).hexdigest()


def user_turns(request: Request) -> list[str]:
    return [turn["content"] for turn in request.data["conversation"] if turn.get("role") == "user"]


class AirlineJudge(Killer):
    """Says what the reward says, except of every seventh conversation."""

    def __init__(self, *kill_at: int) -> None:
        super().__init__(*kill_at)
        self.says: dict[str, bool] = {}
        for number, run in enumerate(conversations()):
            said = [message["content"] for message in run["messages"] if message["role"] == "user"]
            self.says[key_of(said)] = run["success"] is not (number % 7 == 3)

    def verdict(self, request: Request) -> Verdict:
        return Verdict("Yes" if self.says[key_of(user_turns(request))] else "No", "As scripted.", 2000, 100)


def expected_confusion(takes: int = len(TAKES)) -> Counter[tuple[str, str]]:
    """How often which reward meets which verdict, by the script, when each conversation was judged so many times."""
    verdicts = dict(zip((True, False), VERDICTS, strict=True))
    found: Counter[tuple[str, str]] = Counter()
    for number, run in enumerate(conversations()):
        found[verdicts[run["success"]], verdicts[run["success"] is not (number % 7 == 3)]] += takes
    return found


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Marts, AirlineJudge, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("tau2_judged")
    path = write_lines(folder / "records.ndjson", records())
    judge = AirlineJudge(70, 60)
    environment = {
        "AGENT_GOALS_DUCKDB_PATH": str(folder / "agent_goals.duckdb"),
        "AGENT_GOALS_SPOOL": str(folder / "spool"),
        "DBT_PROFILES_DIR": str(ROOT),
        "PATH": str(PROGRAMS),
    }
    program = [sys.executable, "-m", "agent_goals.cli"]
    subprocess.run([*program, "load", str(path)], cwd=ROOT, env=environment, check=True, capture_output=True)
    with model_server(judge) as server:
        command = [*program, "judge", "--model", "airline-judge", "--base-url", server.url, "--goal", "task_resolved", "--json"]
        command += ["--input-price", "0.5", "--output-price", "4", "--max-input-tokens", "9000", "--batch", "25"]
        for is_last in (False, False, True):
            process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
            judge.start(process)
            said, _ = process.communicate()
            assert (process.returncode == 0) is is_last
    return build_marts(folder, []), judge, json.loads(said)


def test_200_conversations_killed_twice_are_each_judged_and_paid_for_once(
    judged: tuple[Marts, AirlineJudge, dict[str, Any]],
) -> None:
    marts, judge, outcome = judged
    asked = Counter(key_of(user_turns(request)) for request in judge.answered)
    assert asked == dict.fromkeys(judge.says, len(TAKES))
    assert (outcome["failed"], outcome["stopped"]) == ({}, None)
    row = marts.row("""
        select count(*) as verdicts, count(distinct session_id) as sessions, count(distinct event_id) as ids
        from agent_goals_raw.goal_events where verdict_source = 'judge'
    """)
    assert row == {"verdicts": 200, "sessions": 200, "ids": 200}
    row = marts.row("""
        select count(*) as bills, sum(input_tokens) as read, sum(output_tokens) as written, sum(amount) as amount
        from agent_goals_raw.cost_events where cost_type = 'evaluation'
    """)
    assert row == {"bills": 200, "read": 400_000, "written": 20_000, "amount": Decimal("0.28")}


def test_the_agreement_is_the_one_that_was_scripted(judged: tuple[Marts, AirlineJudge, dict[str, Any]]) -> None:
    marts, _, _ = judged
    rows = marts.rows("""
        select automatic_verdict, judge_verdict, verdict, has_conflicting_verdicts, count(*) as outcomes
        from agent_goals__goal_outcomes where goal = 'task_resolved' group by all
    """)
    assert Counter({(r["automatic_verdict"], r["judge_verdict"]): r["outcomes"] for r in rows}) == expected_confusion()
    # The benchmark's own check is trusted more than a judge, and the disagreement stays visible.
    assert all(row["verdict"] == row["automatic_verdict"] for row in rows)
    assert all(row["has_conflicting_verdicts"] is (row["automatic_verdict"] != row["judge_verdict"]) for row in rows)


def test_the_marts_agreement_with_people_is_the_one_that_was_scripted(
    judged: tuple[Marts, AirlineJudge, dict[str, Any]],
) -> None:
    marts, _, _ = judged
    row = marts.row("select * from agent_goals__judge_agreement where goal = 'task_resolved' and period = 'all'")
    said = expected_confusion(takes=1)
    table = [[said[human, judge] for judge in VERDICTS] for human in VERDICTS]
    (both, human_only), (judge_only, neither) = table
    labels = len(conversations())
    cells = ("true_positive", "false_negative", "false_positive", "true_negative")
    assert [row[f"count_{cell}"] for cell in cells] == [both, human_only, judge_only, neither]
    assert (row["count_judged"], row["count_labelled"], row["count_labels_used"]) == (2 * labels, labels, labels)
    assert row["count_judge_achieved"] == 2 * (both + judge_only)
    assert (row["label_basis"], row["count_sampled"]) == ("not a random sample", 0)
    shares = {
        "accuracy": (both + neither, labels),
        "judge_precision": (both, both + judge_only),
        "judge_recall": (both, both + human_only),
        "judge_specificity": (neither, neither + judge_only),
        "labelled_achievement_rate": (both + human_only, labels),
    }
    for name, (part, whole) in shares.items():
        interval = proportion_confint(part, whole, method="wilson")
        assert row[name] == pytest.approx(part / whole), name
        assert (row[f"{name}_low"], row[f"{name}_high"]) == pytest.approx(interval), name
    found = cohens_kappa(np.array(table))
    assert row["kappa"] == pytest.approx(found.kappa)
    assert (row["kappa_low"], row["kappa_high"]) == pytest.approx((found.kappa_low, found.kappa_upp))


def test_what_the_judge_says_where_nobody_else_did_is_corrected_to_the_truth(
    judged: tuple[Marts, AirlineJudge, dict[str, Any]],
) -> None:
    marts, _, _ = judged
    row = marts.row("select * from agent_goals__judge_agreement where goal = 'task_resolved' and period = 'all'")
    truth = sum(run["success"] for run in conversations()) / len(conversations())
    # The judge errs in the same conversations whether or not a person saw them, so that its known errors are all of its errors.
    assert row["judge_achievement_rate"] != pytest.approx(truth)
    for name in ("rogan_gladen", "prediction_powered"):
        assert row[f"{name}_rate"] == pytest.approx(truth), name
        assert row[f"{name}_rate_low"] < truth < row[f"{name}_rate_high"], name


def test_the_judges_bill_stands_apart_from_what_goals_cost(judged: tuple[Marts, AirlineJudge, dict[str, Any]]) -> None:
    marts, _, _ = judged
    row = marts.row("""
        select sum(evaluation_cost) as evaluation, sum(attributed_cost) as attributed, sum(total_cost) as total,
            count(*) filter (where ended_at <> reported_end) as moved
        from agent_goals__sessions
        inner join (select session_id, ended_at as reported_end from agent_goals_raw.sessions) using (session_id)
    """)
    assert row == {"evaluation": Decimal("0.28"), "attributed": Decimal("20.00"), "total": Decimal("20.28"), "moved": 0}


def test_long_conversations_were_made_to_fit_without_the_users_words(judged: tuple[Marts, AirlineJudge, dict[str, Any]]) -> None:
    marts, judge, _ = judged
    shortened = marts.row("""
        select count(*) as n from agent_goals_raw.goal_events
        where verdict_source = 'judge' and metadata like '%conversation_shortened%'
    """)
    assert 0 < shortened["n"] < 200
    assert max(len(request.prompt) for request in judge.answered) < 9000 * 4
    # The script knows a conversation by all that the user said in it, so it all was there.
    assert len(judge.says) == len(conversations()) == 100
