"""The summary in one line: what the marts say of the newest days, whatever is not known, and never a second line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from agent_goals.cli import main
from agent_goals.errors import AgentGoalsError
from agent_goals.one_line import one_line
from agent_goals.profile import Target
from agent_goals.warehouse import DuckDB
from project import ROOT

NOW = datetime(2026, 3, 5, 12, 30, tzinfo=UTC)

MARTS = """
create table agent_goals__session_metrics_daily (
    metric_date date, count_sessions bigint, count_judged_sessions bigint, count_successful_sessions bigint,
    total_cost decimal(28, 10), count_missing_amounts bigint
);
create table agent_goals__goal_alerts (
    environment varchar, goal varchar, agent varchar, metric_date date, status varchar, is_decline boolean,
    achievement_rate double, baseline_rate double, lost_value decimal(28, 10), lost_goals double
);
create table agent_goals__experiment_decisions (
    experiment varchar, goal varchar, variant varchar, verdict varchar, is_primary_goal boolean
);
create table agent_goals__sessions (started_at timestamp);
"""


@pytest.fixture
def marts(tmp_path: Path) -> Iterator[DuckDB]:
    target = Target("shop", "dev", {"type": "duckdb", "path": str(tmp_path / "goals.duckdb")}, tmp_path, "raw", {})
    with DuckDB.open(target, lock_timeout=0, read_only=False, on_wait=lambda holder: None) as warehouse:
        warehouse.connection.execute(MARTS)
        yield warehouse


def line(marts: DuckDB, *statements: str) -> str:
    for statement in statements:
        marts.connection.execute(statement)
    return one_line(marts, "main", NOW)


def test_the_newest_days_in_one_line(marts: DuckDB) -> None:
    assert line(
        marts,
        """insert into agent_goals__session_metrics_daily values
            ('2026-03-04', 999, 999, 999, 999, 0), ('2026-03-05', 1200, 900, 600, 10.50, 0), ('2026-03-05', 34, 0, 0, 2, 3)""",
        """insert into agent_goals__goal_alerts values
            ('production', 'paid', 'old', '2026-03-01', 'decline', true, 0.1, 0.9, 999, 9),
            ('production', 'small', 'support', '2026-03-02', 'decline', true, 0.5, 0.75, 10, 40),
            ('production', 'issue_resolved', 'support', '2026-03-02', 'decline', true, 0.412, 0.68, 250, 4),
            ('production', 'unpriced', 'support', '2026-03-02', 'decline', true, 0.1, 0.9, null, 50),
            ('production', 'fine', 'support', '2026-03-02', 'in_control', false, 0.7, 0.7, null, null),
            ('production', 'young', 'support', '2026-03-05', 'too_young', false, 0.1, 0.7, null, null)""",
        """insert into agent_goals__experiment_decisions values
            ('e1', 'paid', 'b', 'better', true), ('e1', 'paid', 'c', 'not enough data', true),
            ('e2', 'paid', 'b', 'no difference', true),
            ('e3', 'paid', 'b', 'no difference yet', true), ('e4', 'paid', 'b', 'better', false)""",
        "insert into agent_goals__sessions values ('2026-03-05 10:00:00'), (null)",
    ) == (
        "2026-03-05: 1,234 sessions, 66.7% successful (600 of 900), cost 12.50 and 3 unknown amounts; "
        "3 unexpected declines on 2026-03-02, the worst issue_resolved by support from 68.0% to 41.2%; "
        "2 of 3 experiments decided; newest session 2026-03-05 10:00 UTC, 2.5 h ago."
    )


def test_what_is_not_known_is_said_or_left_out(marts: DuckDB) -> None:
    assert line(marts) == "no session yet; no day judged for declines yet."
    day = "insert into agent_goals__session_metrics_daily values ('2026-03-05', 1, 0, 0, null, 2)"
    fine = "insert into agent_goals__goal_alerts values ('p', 'g', 'a', '2026-03-02', 'in_control', false, 0.7, 0.7, null, null)"
    start = "insert into agent_goals__sessions values ('2026-02-01 00:00:00')"
    assert line(marts, day, fine, start) == (
        "2026-03-05: 1 session, none of them judged yet, cost unknown; no unexpected decline on 2026-03-02; "
        "newest session 2026-02-01 00:00 UTC, 33 days ago."
    )
    later = "insert into agent_goals__sessions values ('2026-03-06 00:00:00')"
    assert line(marts, later).endswith("newest session 2026-03-06 00:00 UTC, which is yet to come.")
    others = ("goal_alerts", "experiment_decisions", "sessions")
    assert line(marts, *(f"drop table agent_goals__{name}" for name in others)) == (
        "2026-03-05: 1 session, none of them judged yet, cost unknown."
    )
    with pytest.raises(AgentGoalsError, match="run `dbt build` first"):
        line(marts, "drop table agent_goals__session_metrics_daily")


def test_no_name_breaks_the_line(marts: DuckDB) -> None:
    said = line(
        marts,
        """insert into agent_goals__goal_alerts values
            ('p', 'g' || chr(10) || chr(8232) || 'x', chr(27) || '[31m' || chr(8238) || 'ünï', '2026-03-02', 'decline', true,
            null, 0.9, null, null)""",
    )
    assert said == "no session yet; 1 unexpected decline on 2026-03-02, the worst g x by [31m ünï."


def test_the_command_prints_it(tmp_path: Path, marts: DuckDB) -> None:
    expected = line(marts)
    marts.connection.close()
    environment = {"AGENT_GOALS_DUCKDB_PATH": str(tmp_path / "goals.duckdb"), "DBT_PROFILES_DIR": str(ROOT)}
    run = CliRunner(env=environment)
    printed = run.invoke(main, ["summary", "--one-line", "--project-dir", str(ROOT)])
    assert (printed.exit_code, printed.stdout) == (0, f"{expected}\n")
    refused = run.invoke(main, ["summary", "--one-line", "--json", "--project-dir", str(ROOT)])
    assert refused.exit_code == 2
    assert "leave --json and --sub-goals out" in " ".join(refused.stderr.split())
