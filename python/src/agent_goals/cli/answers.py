"""The commands that read the marts: summary, report, query, publish."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape

from agent_goals.cli.shared import Command, connection_options, note, note_wait, print_table, told_on_terminal
from agent_goals.errors import AgentGoalsError
from agent_goals.experiments import experiment_decisions, experiments_table
from agent_goals.files import write_whole
from agent_goals.funnels import FUNNEL, customer_goals, customer_sentence, funnel_table, funnels, is_step
from agent_goals.one_line import one_line
from agent_goals.profile import find_target
from agent_goals.publishing import find_tables, publish, publish_parquet
from agent_goals.query import FORMATS, as_csv, as_json, as_table, only_first
from agent_goals.report.data import gather
from agent_goals.report.page import as_html
from agent_goals.summary import goal_performance, performance_table
from agent_goals.warehouse import DuckDB, connect, database_path

REPORT_EXAMPLES = """
\b
Examples:
  agent-goals report
  agent-goals report --output public/goals.html
  agent-goals report --json | jq '.parts.data_quality.rows'
"""

QUERY_EXAMPLES = """
\b
Examples:
  agent-goals query "select goal, agent, goal_achievement_rate from agent_goals__goal_performance"
  agent-goals query --format csv - < question.sql > answer.csv
  agent-goals query --format json "from agent_goals__goal_alerts where is_decline" | jq length
"""

PUBLISH_EXAMPLES = """
\b
Examples:
  dbt build && agent-goals publish
  dbt build && agent-goals publish --output /srv/bi/goals.duckdb
  dbt build && agent-goals publish --parquet /srv/bi/goals
"""


@click.command(cls=Command)
@click.option("--sub-goals", is_flag=True, help="Show goals that are only steps of others as well.")
@click.option("--json", "as_json", is_flag=True, help="Print every row and column as JSON.")
@click.option("--one-line", "as_line", is_flag=True, help="Print one line of plain text, for a chat message.")
@connection_options
def summary(sub_goals: bool, as_json: bool, as_line: bool, lock_timeout: float, **where: str | None) -> None:
    """Print what agents achieved, what it cost, where sessions drop off and what experiments came to, from dbt's marts.

    With --json: one object with the rows of goal_performance, the funnels' steps, the customers' goals and the experiments.
    With --one-line: the newest day's sessions, success and cost, unexpected declines, decided experiments, and how fresh it is.
    """
    if as_line and (as_json or sub_goals):
        raise AgentGoalsError("--one-line is the summary in one line of text: leave --json and --sub-goals out.")
    target = find_target(**where)
    if as_line:
        with connect(target, lock_timeout=lock_timeout, read_only=True) as warehouse:
            click.echo(one_line(warehouse, target.schema, datetime.now(UTC)))
        return
    with connect(target, lock_timeout=lock_timeout, read_only=True) as warehouse:
        rows = goal_performance(warehouse, target.schema)
        steps = funnels(warehouse, target.schema)
        customers = customer_goals(warehouse, target.schema)
        decisions = experiment_decisions(warehouse, target.schema)
    if as_json:
        found = {"goal_performance": rows, "goal_funnel": steps, "customer_goals": customers, "experiments": decisions}
        click.echo(json.dumps(found, default=str))
        return
    if not rows:
        note("no goal has been recorded yet: load records and run `dbt build`.")
        return
    shown = [row for row in rows if sub_goals or not is_step(row, steps, customers)]
    print_table(performance_table(shown))
    if len(shown) < len(rows):
        note(f"{len(rows) - len(shown)} rows are steps of these goals: --sub-goals shows them.")
    if steps is None:
        note(f"there is no {target.schema}.{FUNNEL}: run `dbt build` with this version to see where sessions drop off.")
    elif steps:
        print_table(funnel_table(steps))
    for goal in customers or ():
        Console().print(escape(customer_sentence(goal)), soft_wrap=True, highlight=False)
    if decisions:
        print_table(experiments_table(decisions))


@click.command(cls=Command, epilog=REPORT_EXAMPLES)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="Where the page goes; else agent_goals_report.html. With --json: else it is printed.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Write the page's figures as JSON, not the page.")
@connection_options
def report(output: Path | None, as_json: bool, lock_timeout: float, **where: str | None) -> None:
    """Write a report on one page: what agents achieve, what it costs and why, from dbt's marts.

    One HTML file that opens anywhere, without a server and without the network. It holds sums, not sessions, so that it stays
    small however many there are; it names agents, goals, segments, models and experiments, and no session or customer.
    """
    target = find_target(**where)
    with connect(target, lock_timeout=lock_timeout, read_only=True) as warehouse:
        found = gather(warehouse, target.schema, target=target.name, generated_at=datetime.now(UTC))
    text = json.dumps(found.as_dict(), allow_nan=False) if as_json else as_html(found)
    if as_json and output is None:
        click.echo(text)
        return
    path = output or Path("agent_goals_report.html")
    write_whole(path, text)
    note(f"{path}: {len(text.encode()) / 1e6:.1f} MB. Open it in a browser.")


@click.command(cls=Command, epilog=QUERY_EXAMPLES)
@click.argument("sql", metavar="SQL")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True, help="What is printed.")
@click.option("--limit", type=click.IntRange(min=0), metavar="N",
              help="Print the first N rows; 0 for all. Else 100 of a table, and all of CSV and JSON.")  # fmt: skip
@connection_options
def query(sql: str, form: str, limit: int | None, lock_timeout: float, **where: str | None) -> None:
    """Run SQL on the target, and print what it answers. With - for SQL, it is read from standard input.

    Tables are found without their schema: the marts first, then the raw tables. Nothing can be written.
    """
    target = find_target(**where)
    text = sys.stdin.read() if sql == "-" else sql
    with connect(target, lock_timeout=lock_timeout, read_only=True, on_wait=note_wait) as warehouse:
        columns, rows = warehouse.answer(text, [target.schema, target.raw_schema])
        if not columns:
            raise AgentGoalsError("that asks for nothing: give it a `select`.")
        if form == "table":
            shown, has_more = only_first(rows, 100 if limit is None else limit)
            print_table(as_table(columns, shown))
            note(f"{len(shown):,} rows{', and there are more: --limit 0 shows all' if has_more else ''}.")
            return
        first, _ = only_first(rows, limit) if limit else (rows, False)
        (as_csv if form == "csv" else as_json)(columns, first, sys.stdout)


@click.command("publish", cls=Command, epilog=PUBLISH_EXAMPLES)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="The DuckDB file to write; else the target's own name with _marts, beside it.")  # fmt: skip
@click.option("--parquet", type=click.Path(file_okay=False, path_type=Path), metavar="FOLDER",
              help="Write Parquet instead: each time in a new folder in FOLDER, which FOLDER/latest then names.")  # fmt: skip
@click.option("--table", "only", multiple=True, metavar="NAME", help="Only this mart; may be given several times.")
@click.option("--json", "as_json", is_flag=True, help="Print what was published as JSON.")
@connection_options
def publish_(
    output: Path | None, parquet: Path | None, only: tuple[str, ...], as_json: bool, lock_timeout: float, **where: str | None
) -> None:
    """Copy the marts into a file that BI tools can read at any time, while the next build runs as well.

    A DuckDB file has one writer, and until that is done nobody reads it. The copy is made beside the old one and takes its name
    in one step: whoever reads sees one whole build, and waits for nobody. Readers open it read-only; a connection that is open
    goes on with the build it began with. On PostgreSQL nothing needs to be published: its readers never wait.
    """
    target = find_target(**where)
    if output and parquet:
        raise AgentGoalsError("--output writes a DuckDB file, --parquet writes Parquet: choose one.")
    if target.type != "duckdb":
        raise AgentGoalsError(
            f"target {target.name!r} is of type {target.type!r}, whose readers never wait for a writer: let them read"
            f" schema {target.schema} there. Only a DuckDB file needs a copy."
        )
    source = database_path(target)
    with connect(target, lock_timeout=lock_timeout, read_only=True, on_wait=note_wait) as warehouse, told_on_terminal() as tell:
        assert isinstance(warehouse, DuckDB)  # what a target of type duckdb is opened as
        tables = find_tables(warehouse, target.schema, target.staging_schema, only)
        write, path = (publish_parquet, parquet) if parquet else (publish, output or source.with_stem(f"{source.stem}_marts"))
        done = write(
            warehouse, target.schema, tables, path, lock_timeout=lock_timeout, on_table=lambda name: tell(f"copying {name} ...")
        )
    if as_json:
        click.echo(json.dumps(done.as_dict()))
        return
    for name in done.missing:
        note(f"{name} was published the last time, and is not there any more.")
    note(f"{done.path}: {len(done.tables)} tables, {sum(done.tables.values()):,} rows.")
