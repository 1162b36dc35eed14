"""`agent-goals judge` on a DuckDB file, with a scripted model."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from agent_goals.cli import main
from agent_goals.judges import journal as journals

from .judging import DATABASE, PRICED, judge, judged, load, parcel, rows, session_of, turns, verdict_by_session, yes
from .server import Arguments, Late, Reply, Request, Status, Verdict, model_server

pytest.importorskip("pydantic_ai", reason="the extra judges is not installed")

pytestmark = pytest.mark.usefixtures("project")


def test_verdicts_are_goal_events_and_their_bills_evaluation_costs(project: Path) -> None:
    load(project, parcel("a"), parcel("b", "I do not know."), list(turns("c", ("user", "Hello?"))))
    with model_server(verdict_by_session({"a": "Yes", "b": "No"})) as server:
        outcome = judged(server, *PRICED)
    assert outcome["labels"] == {"Yes": 1, "No": 1, "not_applicable": 1}
    assert (outcome["due"], outcome["judged"], outcome["requests"], outcome["cost"]) == (3, 3, 2, "0.003000")
    verdicts = rows(
        "select session_id, goal, achieved, score, label, verdict_source, evaluator, evaluator_version, environment"
        " from raw.goal_events order by 1"
    )
    said_by = ("judge", "goal_success_rate", "1 openai-compatible:small-judge", "production")
    assert verdicts == [
        ("a", "goal_success_rate", True, 1.0, "Yes", *said_by),
        ("b", "goal_success_rate", False, 0.0, "No", *said_by),
        ("c", "goal_success_rate", None, None, "not_applicable", *said_by),
    ]
    reasons = dict(rows("select session_id, reason from raw.goal_events"))
    assert reasons["a"] == "Turn 0 asks, the last turn answers."
    assert "the agent has not said or done anything" in reasons["c"]
    costs = rows(
        "select session_id, cost_type, goal, model, input_tokens, output_tokens, amount, currency from raw.cost_events order by 1"
    )
    bill = ("evaluation", "goal_success_rate", "small-judge", 1000, 50, Decimal("0.0015"), "USD")
    assert costs == [("a", *bill), ("b", *bill)]
    assert not list(project.glob("agent_goals_spool/judge/*/*.ndjson*"))


def test_a_second_run_judges_only_what_is_new(project: Path) -> None:
    load(project, parcel("a"), parcel("b"))
    with model_server(yes) as server:
        judged(server)
        assert judged(server)["due"] == 0
        load(project, parcel("c"), name="more.ndjson")
        assert judged(server)["due"] == 1
        assert [session_of(request) for request in server.requests] in (["a", "b", "c"], ["b", "a", "c"])


def test_turns_that_come_in_later_are_judged_with_the_rest(project: Path) -> None:
    load(project, list(turns("a", ("user", "Where is parcel a?"))))
    with model_server(yes) as server:
        assert judged(server)["labels"] == {"not_applicable": 1}
        load(project, parcel("a"), name="more.ndjson")
        assert judged(server)["labels"] == {"Yes": 1}
        assert judged(server)["due"] == 0
    assert rows("select count(distinct event_id), count(*) from raw.goal_events") == [(2, 2)]


def test_the_same_turns_sent_anew_are_not_paid_for_again(project: Path) -> None:
    load(project, parcel("a"))
    with model_server(yes) as server:
        judged(server)
        load(project, parcel("a", metadata={"seen": True}, event_id=None), name="same.ndjson")
        with duckdb.connect(DATABASE) as connection:
            # What the first file brought is gone, as after a purge: only the rows with metadata are left.
            connection.execute("delete from agent_goals_raw.conversation_turns where metadata is null")
        outcome = judged(server)
        assert outcome["skipped"] == {"judged just so before": 1}
        assert len(server.requests) == 1


def test_a_corrected_turn_is_judged_anew_and_only_its_last_text_counts(project: Path) -> None:
    first = parcel("a")
    load(project, [record | {"event_id": f"t{n}"} for n, record in enumerate(first)])
    with model_server(yes) as server:
        judged(server)
        corrected = parcel("a", "It was returned.")
        load(project, [record | {"event_id": f"t{n}"} for n, record in enumerate(corrected)], name="correction.ndjson")
        judged(server)
        assert [r.data["conversation"][1]["content"] for r in server.requests] == ["It was delivered.", "It was returned."]
        assert all(len(r.data["conversation"]) == 2 for r in server.requests)


def test_another_model_judges_again_only_when_told(project: Path) -> None:
    load(project, parcel("a"))
    with model_server(yes) as server:
        judged(server)
        assert judged(server, model="large-judge")["due"] == 0
        assert judged(server, "--again", model="large-judge")["due"] == 1
        assert judged(server, "--again", model="large-judge")["due"] == 0
    assert rows("select evaluator_version from raw.goal_events order by 1") == [
        ("1 openai-compatible:large-judge",),
        ("1 openai-compatible:small-judge",),
    ]


def test_each_goal_and_each_evaluator_has_verdicts_of_its_own(project: Path) -> None:
    load(project, parcel("a"))

    def first_label(request: Request) -> Reply:
        return Verdict(request.tool[1]["properties"]["verdict"]["enum"][0])

    objective = ("--evaluator", "user_objective_accomplished", "--objective", "Find the parcel.")
    with model_server(first_label) as server:
        judged(server)
        judged(server, "--goal", "issue_resolved")
        judged(server, *objective)
        judged(server, "--goal", "issue_resolved", "--assertion", "The agent apologises.")
        judged(server, *objective, "--goal", "issue_resolved")
        sent = [(request.data.get("objective"), request.data.get("expected_assertion")) for request in server.requests]
    assert sent == [(None, None), (None, None), ("Find the parcel.", None), ("Find the parcel.", None)]
    assert rows("select goal, evaluator, label from raw.goal_events order by 1, 2") == [
        ("goal_success_rate", "goal_success_rate", "Yes"),
        ("issue_resolved", "goal_success_rate", "Yes"),
        ("issue_resolved", "user_objective_accomplished", "accomplished"),
        ("user_objective_accomplished", "user_objective_accomplished", "accomplished"),
    ]


def test_a_sessions_own_objective_comes_before_the_commands(project: Path) -> None:
    own = {"objective": "Learn who signed.", "expected_output": "Kim", "available_tools": ["track"]}
    session = {"type": "session", "session_id": "a", "occurred_at": "2026-02-01T10:00:00Z", "metadata": own}
    load(project, parcel("a"), parcel("b"), [session])
    arguments = ("--evaluator", "user_objective_accomplished")
    with model_server(lambda request: Verdict("accomplished")) as server:
        outcome = judged(server, *arguments)
        assert outcome["skipped"] == {"no goal to judge by": 1}
        judged(server, *arguments, "--objective", "Find the parcel.")
        sent = {session_of(request): request.data for request in server.requests}
    assert {k: sent["a"][k] for k in sent["a"] if k != "conversation"} == own
    assert sent["b"]["objective"] == "Find the parcel."


def test_a_sample_is_always_the_same_and_a_larger_one_adds_to_it(project: Path) -> None:
    load(project, *(parcel(f"s{n}") for n in range(200)))
    with model_server(yes) as server:
        small = judged(server, "--sample", "0.1")
        assert 8 <= small["judged"] <= 35
        assert judged(server, "--sample", "0.1")["due"] == 0
        larger = judged(server, "--sample", "0.3")
        assert 40 <= small["judged"] + larger["judged"] <= 80
        assert len({session_of(request) for request in server.requests}) == len(server.requests)


def test_only_the_environments_that_are_named_are_judged(project: Path) -> None:
    load(project, parcel("a"), parcel("b", environment="staging"))
    with model_server(yes) as server:
        judged(server, "--environment", "staging")
    assert rows("select session_id, environment from raw.goal_events") == [("b", "staging")]
    assert rows("select session_id, environment from raw.cost_events") == [("b", "staging")]


def test_a_selection_asks_the_sessions_mart(project: Path) -> None:
    load(project, parcel("a"), parcel("b"))
    with model_server(yes) as server:
        result = judge(server, "--select", "agent = 'support'")
        assert (result.exit_code, "run `dbt build` first" in result.stderr) == (2, True)
        with duckdb.connect(DATABASE) as connection:
            connection.execute(
                "create table agent_goals__sessions as from (values ('production', 'a', 'support'), ('production', 'b', 'sales'))"
                " as t (environment, session_id, agent)"
            )
        assert judged(server, "--select", "agent = 'support' or false")["due"] == 1
        assert [session_of(request) for request in server.requests] == ["a"]
        wrong = judge(server, "--select", "no_such_column = 1")
    assert wrong.exit_code == 2
    assert "no_such_column" in wrong.stderr
    assert "--select" in wrong.stderr


def test_a_dry_run_says_how_many_and_about_how_much_and_does_nothing(project: Path) -> None:
    load(project, parcel("a"), parcel("b"), list(turns("c", ("user", "Hello?"))))
    before = rows("select * from raw.load_batches")
    with model_server(yes) as server:
        result = judge(server, "--dry-run", *PRICED)
        estimate = judged(server, "--dry-run", *PRICED)
        unpriced = judge(server, "--dry-run")
        assert server.requests == []
        judged(server)
        prompts = sum(len(r.prompt.encode()) + len(r.instructions.encode()) for r in server.requests)
    assert "3 conversations to judge, 1 of them with nothing to judge" in result.stdout
    assert (estimate["sessions"], estimate["not_applicable"], estimate["output_tokens"]) == (3, 1, 1000)
    assert prompts / 4 < estimate["input_tokens"] < prompts / 2.5
    assert Decimal(estimate["cost"]) == Decimal(estimate["input_tokens"] * 1 + 1000 * 10).scaleb(-6)
    assert "a price that nobody knows" in unpriced.stdout
    assert before == rows("select * from raw.load_batches where file not like '%judge%'")


def test_a_run_ends_before_it_costs_more_than_it_may(project: Path) -> None:
    load(project, *(parcel(f"s{n:02d}") for n in range(30)))
    with model_server(yes) as server:
        outcome = judged(server, *PRICED, "--max-cost", "0.02", "--concurrency", "3", exit_code=1)
        assert Decimal(outcome["cost"]) <= Decimal("0.02")
        # A conversation is taken for dearer than it is, so something is left; it is less than one conversation is taken for.
        assert Decimal(outcome["cost"]) > Decimal("0.02") - Decimal("0.0075")
        assert "might cost more than what is left of $0.02" in outcome["stopped"]
        assert outcome["judged"] == len(server.requests) < 30
        refused = judge(server, "--max-cost", "1")
    assert refused.exit_code == 2
    assert "--input-price and --output-price" in " ".join(refused.stderr.split())


def test_a_conversation_without_a_verdict_stays_due_and_its_bills_are_kept(project: Path) -> None:
    load(project, parcel("a"), parcel("b"))

    def script(request: Request) -> Reply:
        return Arguments("{}", 500, 5) if session_of(request) == "a" else Verdict("Yes")

    with model_server(script) as server:
        result = judge(server, *PRICED)
        assert result.exit_code == 1
        assert "session a: openai-compatible:small-judge gave no verdict" in result.stderr
        server.script = yes
        assert judged(server)["due"] == 1
    assert rows("select session_id, count(*) from raw.goal_events group by 1 order by 1") == [("a", 1), ("b", 1)]
    assert rows("select session_id, count(*), sum(input_tokens) from raw.cost_events group by 1 order by 1") == [
        ("a", 4, 2500),
        ("b", 1, 1000),
    ]


def test_a_wrong_key_ends_the_run_at_once(project: Path) -> None:
    load(project, *(parcel(f"s{n}") for n in range(20)))
    with model_server(lambda request: Status(401, message="no such key")) as server:
        result = judge(server, "--concurrency", "2")
        assert len(server.requests) <= 2
    assert result.exit_code == 2
    assert "no such key" in result.stderr


def test_ten_failures_on_end_end_the_run(project: Path) -> None:
    load(project, *(parcel(f"s{n}") for n in range(40)))
    with model_server(lambda request: Status(400, message="tools are not supported")) as server:
        result = judge(server, "--concurrency", "1")
        assert len(server.requests) == 10
    assert result.exit_code == 1
    assert "10 conversations on end got no verdict" in " ".join(result.stderr.split())


def test_what_cannot_be_loaded_waits_and_the_next_run_loads_it_without_paying_again(project: Path) -> None:
    load(project, parcel("a"), parcel("b"))

    holders: list[subprocess.Popen[bytes]] = []
    hold = f"import duckdb; c = duckdb.connect({DATABASE!r}); print('held', flush=True); input()"

    def locking(request: Request) -> Reply:
        """Have another process hold the database from when the first conversation is asked about."""
        if not holders:
            holder = subprocess.Popen([sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            holders.append(holder)
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"held\n"
        return Verdict("Yes")

    with model_server(locking) as server:
        result = judge(server, "--lock-timeout", "0.1", "--concurrency", "1")
        holders[0].communicate(b"\n")
        assert result.exit_code == 2, result.output
        assert f"PID {holders[0].pid}" in result.stderr
        waiting = list(project.glob("agent_goals_spool/judge/dev-*/*.ndjson"))
        assert len(waiting) == 1
        dry = judge(server, "--dry-run")
        assert "An earlier run was cut off" in dry.stderr
        outcome = judged(server)
        assert (outcome["due"], outcome["recovered"], len(server.requests)) == (0, 4, 2)
    assert rows("select count(*) from raw.goal_events") == [(2,)]


def test_a_batch_that_was_loaded_but_not_removed_lands_once(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load(project, parcel("a"), parcel("b"))

    def die(path: Path) -> None:
        raise KeyboardInterrupt

    with model_server(yes) as server:
        with monkeypatch.context() as patched:
            patched.setattr(Path, "unlink", die)
            assert judge(server).exit_code != 0
        counts = "select (select count(*) from raw.goal_events), (select count(*) from raw.cost_events)"
        assert rows(counts) == [(2, 2)]
        outcome = judged(server)
        assert (outcome["due"], outcome["recovered"], len(server.requests)) == (0, 0, 2)
        assert rows(counts) == [(2, 2)]
    assert not list(project.glob("agent_goals_spool/judge/*/*.ndjson*"))


def test_two_at_a_time_would_pay_twice_so_the_second_is_refused(project: Path) -> None:
    load(project, parcel("a"))
    results = []

    def start_another(request: Request) -> Reply:
        if request.number == 1:
            results.append(judge(server))
        return Verdict("Yes")

    with model_server(start_another) as server:
        judged(server)
        assert len(server.requests) == 1
    (second,) = results
    assert second.exit_code == 2
    assert f"PID {os.getpid()}" in second.stderr


def test_verdicts_of_one_database_do_not_wait_in_anothers_journal(project: Path) -> None:
    from agent_goals.profile import find_target  # noqa: PLC0415

    here = journals.journal_folder(find_target())
    (project / "profiles.yml").write_text((project / "profiles.yml").read_text().replace("shop.duckdb", "other.duckdb"))
    assert journals.journal_folder(find_target()) != here


def test_nothing_loaded_yet_is_said(project: Path) -> None:
    with model_server(yes) as server:
        missing = judge(server)
        load(project, [{"type": "goal", "session_id": "a", "occurred_at": "2026-01-01T00:00:00Z", "goal": "g", "achieved": True}])
        assert judged(server)["due"] == 0
    assert missing.exit_code == 2
    assert "there is no database" in missing.stderr


def test_text_that_cannot_be_stored_is_mended_not_lost(project: Path) -> None:
    load(project, parcel("a"))
    with model_server(lambda request: Verdict("Yes", "A NUL: \0.")) as server:
        judged(server)
    assert rows("select reason from raw.goal_events") == [("A NUL: \ufffd.",)]
    assert rows("select count(*) from raw.rejected_records") == [(0,)]


def test_a_slow_judge_does_not_hold_the_database(project: Path) -> None:
    load(project, parcel("a"))
    seen = []

    def write_meanwhile(request: Request) -> Reply:
        with duckdb.connect(DATABASE) as connection:
            connection.execute("create table meanwhile (x int)")
        seen.append(True)
        return Late(Verdict("Yes"), before=0.05)

    with model_server(write_meanwhile) as server:
        assert judged(server)["judged"] == 1
    assert seen == [True]


def test_the_help_has_examples() -> None:
    for command in ("judge", "try-judge"):
        result = CliRunner().invoke(main, [command, "--help"])
        assert f"agent-goals {command} --model openai:gpt-5-mini" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--input-price", "1"], "go together"),
        (["--max-cost", "nan"], "not an amount of dollars"),
        (["--sample", "0"], "--sample"),
    ],
)
def test_wrong_arguments_are_refused_with_a_sentence(project: Path, arguments: list[str], said: str) -> None:
    load(project, parcel("a"))
    with model_server(yes) as server:
        result = judge(server, *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert json.dumps(server.requests) == "[]"
