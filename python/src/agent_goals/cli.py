"""The `agent-goals` command."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from agent_goals import forget as forgetting
from agent_goals import loading, sampling
from agent_goals.contract import RECORD_TYPES
from agent_goals.ddl import COLUMN_TYPES, Dialect, create_all
from agent_goals.errors import AgentGoalsError
from agent_goals.experiments import experiment_decisions, experiments_table
from agent_goals.forget import Forgotten
from agent_goals.funnels import FUNNEL, customer_goals, customer_sentence, funnel_table, funnels, is_step
from agent_goals.loading.report import LoadReport, Rejected
from agent_goals.loading.sources import TYPE_COMMENT, Source
from agent_goals.prices import as_csv, price_list, write_whole
from agent_goals.profile import Target, find_target
from agent_goals.raw import RawTables
from agent_goals.roles import instructions, role_statements
from agent_goals.schema import dbt_sources, json_schema
from agent_goals.summary import goal_performance, performance_table
from agent_goals.warehouse import Warehouse, connect

if TYPE_CHECKING:
    from agent_goals.judges.asking import Judge

EXIT_REJECTED = 1
EXIT_FAILED = 2

#: How many rejected lines are explained on the terminal.
SHOWN_REJECTS = 5

LOAD_EXAMPLES = """
\b
Examples:
  agent-goals load my_goals.ndjson my_costs.csv
  agent-goals load --type goal export.parquet
  agent-goals load events.jsonl.gz --rejects mend_me.ndjson
"""

DDL_EXAMPLES = """
\b
Examples:
  agent-goals ddl --target postgres --roles | psql -v ON_ERROR_STOP=1 ...
"""

FORGET_EXAMPLES = """
\b
Examples:
  agent-goals forget --customer c-1041 --dry-run
  agent-goals forget --session s-77 --session s-78 --yes
"""

JUDGE_EXAMPLES = """
\b
Examples:
  agent-goals judge --model openai:gpt-5-mini --dry-run
  agent-goals judge --model openai:gpt-5-mini --sample 0.1 --max-cost 5
  agent-goals judge --model anthropic:claude-haiku-4-5 --goal issue_resolved --select "agent = 'support'"
  agent-goals judge --evaluator user_objective_accomplished --objective "Book the flight that was asked for." --model ...
  agent-goals judge --model qwen3:8b --base-url http://127.0.0.1:11434/v1
"""

TRY_JUDGE_EXAMPLES = """
\b
Examples:
  agent-goals try-judge --model openai:gpt-5-mini
  agent-goals try-judge --model qwen3:8b --base-url http://127.0.0.1:11434/v1 --output report.json
"""

SAMPLE_EXAMPLES = """
\b
Examples:
  agent-goals sample --goal issue_resolved --size 200 --output to_label.csv
  agent-goals load to_label.csv      # once `achieved` is filled in
"""

PRICES_EXAMPLES = """
\b
Examples:
  agent-goals prices --output seeds/model_prices.csv
  agent-goals prices | grep ',gpt-4o,'
"""


def _note(text: str) -> None:
    Console(stderr=True).print(escape(text), soft_wrap=True, highlight=False)


def _note_wait(holder: str) -> None:
    _note(f"waiting for {holder} ...")


class _Command(click.Command):
    """A command whose foreseen errors are one sentence on stderr and exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except AgentGoalsError as error:
            _note(f"agent-goals {self.name}: {error}")
            ctx.exit(EXIT_FAILED)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="agent-goals")
def main() -> None:
    """Validate and load what AI agents achieve, for the agent_goals dbt package."""


def _connection_options(command: Callable[..., Any]) -> Callable[..., Any]:
    wait = click.option("--lock-timeout", type=click.FloatRange(min=0), default=30.0, show_default=True, metavar="SECONDS",
                        help="How long to wait for a database that another process holds.")  # fmt: skip
    return wait(_target_options(command))


def _target_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--schema", "raw_schema", metavar="NAME", help="The raw tables' schema; else the project's var."),
        click.option("--target", metavar="NAME", help="The target; else DBT_TARGET, else the profile's."),
        click.option("--profile", metavar="NAME", help="The dbt profile; else DBT_PROFILE, else the project's."),
        click.option("--profiles-dir", metavar="FOLDER", help="The folder of profiles.yml, as for dbt."),
        click.option("--project-dir", metavar="FOLDER", help="The dbt project's folder; else the nearest one upwards."),
    ):  # fmt: skip
        command = option(command)
    return command


def _file_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print the result as JSON."),
        click.option("--rejects", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
                     help="Write the rejected lines to FILE, to be mended and loaded again."),
        click.option("--type", "record_type", type=click.Choice(list(RECORD_TYPES)),
                     help="The type of records that do not name their own; else the file's name says."),
        click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE..."),
    ):  # fmt: skip
        command = option(command)
    return command


@main.command(cls=_Command, epilog=LOAD_EXAMPLES)
@_file_options
@click.option("--strict", is_flag=True, help="Load nothing if any line is rejected.")
@_connection_options
def load(
    files: tuple[Path, ...],
    record_type: str | None,
    rejects: Path | None,
    as_json: bool,
    strict: bool,
    lock_timeout: float,
    **where: str | None,
) -> None:
    """Validate FILEs and load them into the raw tables of the dbt target.

    NDJSON (.ndjson, .jsonl), JSON (.json) and CSV, .gz or not, and Parquet. A record's type is its `type` field, else what
    the file's name says (goals.ndjson, cost_events.csv), else --type. Loading a file again changes nothing.

    Exit code: 0 all good, 1 some lines rejected, 2 could not run.
    """
    target: Target = find_target(**where)
    sources = loading.find_sources(files, record_type)
    with (
        _progress() as on_file,
        _RejectsFile(rejects) as rejects_file,
        connect(target, lock_timeout=lock_timeout, on_wait=_note_wait) as warehouse,
    ):
        report = loading.load(
            warehouse,
            sources,
            schema=target.raw_schema,
            tables=target.raw_tables,
            strict=strict,
            on_reject=rejects_file.write,
            on_file=on_file,
        )
    _finish(report, as_json, rejects, rejects_file.first, refused=strict and report.batch_id is None)


@main.command(cls=_Command)
@_file_options
def validate(files: tuple[Path, ...], record_type: str | None, rejects: Path | None, as_json: bool) -> None:
    """Say what loading FILEs would reject, and why, without loading them.

    Exit code: 0 all good, 1 some lines rejected, 2 could not run.
    """
    sources = loading.find_sources(files, record_type)
    with _progress() as on_file, _RejectsFile(rejects) as rejects_file:
        report = loading.validate(sources, on_reject=rejects_file.write, on_file=on_file)
    _finish(report, as_json, rejects, rejects_file.first, verb="good")


@main.command(cls=_Command, epilog=FORGET_EXAMPLES)
@click.option("--session", "sessions", multiple=True, metavar="ID", help="A session to forget; may be given several times.")
@click.option("--customer", "customers", multiple=True, metavar="ID",
              help="A customer to forget, with every session that a record names them in; likewise.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Only count what would be removed.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@_connection_options
def forget(
    sessions: tuple[str, ...],
    customers: tuple[str, ...],
    dry_run: bool,
    yes: bool,
    as_json: bool,
    lock_timeout: float,
    **where: str | None,
) -> None:
    """Remove sessions and customers from the raw tables and the marts, in all environments, for good.

    Their records, rejected records that name them, and their rows in every table that this package built in the target's schema
    and its staging schema. Hashed tombstones remain: a load leaves their records out, and the next `dbt run` mends aggregates.
    """
    if not all((*sessions, *customers)) or not (sessions or customers):
        raise AgentGoalsError("name whom to forget: --session ID or --customer ID, as often as needed, and no empty ID.")
    target = find_target(**where)
    raw = RawTables(target.raw_schema, target.raw_tables)
    ids = {"sessions": sessions, "customers": customers, "built_in": [target.schema, target.staging_schema]}

    def run(*, dry_run: bool) -> Forgotten:
        with connect(target, lock_timeout=lock_timeout, on_wait=_note_wait) as warehouse:
            return forgetting.forget(warehouse, raw, **ids, dry_run=dry_run)

    if not (dry_run or yes):
        if not sys.stdin.isatty():
            raise AgentGoalsError("nobody is there to confirm it: add --yes, or --dry-run to see what would be removed.")
        Console(stderr=True).print(_forgotten_table(run(dry_run=True)))
        click.confirm("Remove all of it for good?", abort=True, err=True)
    forgotten = run(dry_run=dry_run)
    if as_json:
        click.echo(json.dumps(forgotten.as_dict()))
        return
    if forgotten.is_empty:
        _note("all of it had been forgotten before: there was nothing to remove.")
        return
    Console().print(_forgotten_table(forgotten))
    if dry_run:
        _note("--dry-run: nothing was removed.")
    else:
        _note("A load leaves their records out from now on. Aggregates that counted them follow at the next `dbt run`.")


class _Price(click.ParamType[Decimal]):
    """An amount of dollars, exactly."""

    name = "USD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        try:
            amount = Decimal(str(value))
        except InvalidOperation:
            amount = Decimal(-1)
        if not amount.is_finite() or amount < 0:
            self.fail(f"{value!r} is not an amount of dollars, such as 0.25", param, ctx)
        return amount


def _judge_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--concurrency", type=click.IntRange(min=1), default=8, show_default=True, metavar="N",
                     help="How many conversations are asked about at a time."),
        click.option("--max-input-tokens", type=click.IntRange(min=2000), metavar="N",
                     help="The most that is sent of one conversation; else what the model has room for."),
        click.option("--timeout", type=click.FloatRange(min=0, min_open=True), default=120.0, show_default=True,
                     metavar="SECONDS", help="How long one request may take."),
        click.option("--output-price", type=_Price(), help="What a million output tokens cost; else genai-prices says."),
        click.option("--input-price", type=_Price(), help="What a million input tokens cost; else genai-prices says."),
        click.option("--base-url", metavar="URL",
                     help="Ask there: an endpoint that speaks OpenAI's chat completions, or, for a model called anthropic:..., "
                     "Anthropic's messages. Its key is read from AGENT_GOALS_JUDGE_API_KEY."),
        click.option("--model", required=True, envvar="AGENT_GOALS_JUDGE_MODEL", metavar="PROVIDER:NAME",
                     help="The model that judges; else AGENT_GOALS_JUDGE_MODEL. Its key is read from where the provider's own "
                     "package reads it, e.g. OPENAI_API_KEY."),
    ):  # fmt: skip
        command = option(command)
    return command


@main.command(cls=_Command, epilog=JUDGE_EXAMPLES)
@click.option("--evaluator", type=click.Choice(["goal_success_rate", "user_objective_accomplished"]),
              default="goal_success_rate", show_default=True, help="What is judged.")  # fmt: skip
@click.option("--goal", metavar="NAME", help="The goal that the verdicts are on; else one named after the evaluator.")
@click.option("--objective", metavar="TEXT",
              help="What users want (user_objective_accomplished), where a session's metadata has no `objective`.")  # fmt: skip
@click.option("--assertion", metavar="TEXT",
              help="What must be true (goal_success_rate), where a session's metadata has no `expected_assertion`.")  # fmt: skip
@click.option("--system-prompt", type=click.File(encoding="utf-8"), metavar="FILE", help="Instructions of your own.")
@click.option("--environment", "environments", multiple=True, default=("production",), show_default=True, metavar="NAME",
              help="Whose sessions; may be given several times.")  # fmt: skip
@click.option("--select", "condition", metavar="SQL",
              help="Only sessions for which this holds, in columns of agent_goals__sessions.")  # fmt: skip
@click.option("--sample", type=click.FloatRange(0, 1, min_open=True), default=1.0, metavar="SHARE",
              help="Only this share of the sessions: always the same ones, so that a larger share adds to it.")  # fmt: skip
@click.option("--again", is_flag=True, help="Also sessions that another model, or another version of the judge, has judged.")
@click.option("--max-cost", type=_Price(), help="Stop before this is spent.")
@click.option("--dry-run", is_flag=True, help="Only say how many conversations there are, and about what they would cost.")
@_judge_options
@click.option("--batch", "batch_sessions", type=click.IntRange(min=1), default=50, show_default=True, metavar="N",
              help="How many verdicts are loaded at a time.")  # fmt: skip
@click.option("--journal", type=click.Path(file_okay=False, path_type=Path), metavar="FOLDER",
              help="Where verdicts wait to be loaded; else the folder judge in the spool.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@_connection_options
def judge(
    evaluator: str,
    goal: str | None,
    objective: str | None,
    assertion: str | None,
    system_prompt: IO[str] | None,
    environments: tuple[str, ...],
    condition: str | None,
    sample: float,
    again: bool,
    max_cost: Decimal | None,
    dry_run: bool,
    model: str,
    base_url: str | None,
    input_price: Decimal | None,
    output_price: Decimal | None,
    timeout: float,
    max_input_tokens: int | None,
    concurrency: int,
    batch_sessions: int,
    journal: Path | None,
    as_json: bool,
    lock_timeout: float,
    **where: str | None,
) -> None:
    """Have a model judge the conversations in the raw tables that it has not judged yet.

    A verdict is a goal event (verdict_source judge), what it took a cost event (cost_type evaluation). Judged are sessions with
    turns but no verdict of this evaluator on this goal, and those with turns that came in after it. Kill it and run it again:
    what was paid for is on the disk before the next conversation is asked about, and nothing is judged twice. Only what was
    being asked about at that moment is asked again.

    Exit code: 0 all good, 1 some conversations got no verdict or were left, 2 could not run.
    """
    from agent_goals.judges import command as told  # noqa: PLC0415 (only this command needs it)
    from agent_goals.judges.due import Selection  # noqa: PLC0415
    from agent_goals.judges.evaluators import EVALUATORS, Criteria  # noqa: PLC0415
    from agent_goals.judges.journal import Journal, journal_folder  # noqa: PLC0415
    from agent_goals.judges.run import Run  # noqa: PLC0415

    target = find_target(**where)
    asked = _find_judge(model, base_url, input_price, output_price, timeout, max_input_tokens)

    def open_warehouse(read_only: bool) -> Warehouse:
        return connect(target, lock_timeout=lock_timeout, read_only=read_only, on_wait=_note_wait)

    with told.judging_progress(batch_sessions) as on_progress:
        run = Run(
            EVALUATORS[evaluator](asked, system_prompt=system_prompt.read() if system_prompt else None),
            target,
            open_warehouse,
            selection=Selection(environments, condition, sample, again),
            goal=goal,
            criteria=Criteria(goal=objective, expected_assertion=assertion),
            max_cost=max_cost,
            concurrency=concurrency,
            batch_sessions=batch_sessions,
            on_progress=on_progress,
        )
        waiting = Journal(journal_folder(target, journal), lambda: open_warehouse(False), target)
        if dry_run:
            estimate = run.estimate()
        else:
            with waiting:
                asyncio.run(run.judge(waiting))
    if dry_run:
        if as_json:
            click.echo(json.dumps(estimate.as_dict()))
        else:
            for note in told.estimate_notes(estimate):
                click.echo(note)
        if waiting.has_waiting:
            _note("An earlier run was cut off. What it has paid for is loaded by the next one, and not counted here.")
        return
    if as_json:
        click.echo(json.dumps(run.outcome.as_dict()))
    else:
        _print_table(told.outcome_table(run.outcome))
        for note in told.outcome_notes(run.outcome):
            _note(note)
    if run.outcome.is_refused:
        sys.exit(EXIT_FAILED)
    sys.exit(EXIT_REJECTED if run.outcome.failed or run.outcome.stopped else 0)


@main.command(name="try-judge", cls=_Command, epilog=TRY_JUDGE_EXAMPLES)
@_judge_options
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write the report as JSON.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def try_judge(
    model: str,
    base_url: str | None,
    input_price: Decimal | None,
    output_price: Decimal | None,
    timeout: float,
    max_input_tokens: int | None,
    concurrency: int,
    output: Path | None,
    as_json: bool,
) -> None:
    """Have a model judge seven short conversations whose verdict is plain, before it is trusted with real ones.

    Exit code: 0 all as expected, 1 some not, 2 could not run.
    """
    from agent_goals.judges.scenarios import try_judge as on_scenarios  # noqa: PLC0415 (only this command needs it)

    asked = _find_judge(model, base_url, input_price, output_price, timeout, max_input_tokens)
    trial = asyncio.run(on_scenarios(asked, concurrency=concurrency))
    if output is not None:
        trial.save(output)
    if as_json:
        click.echo(json.dumps(trial.as_dict()))
    else:
        trial.report.display(Console())
        for name in trial.misjudged:
            _note(f"{name}: the verdict should be {trial.expected[name]}.")
    sys.exit(EXIT_REJECTED if trial.misjudged else 0)


def _find_judge(
    model: str,
    base_url: str | None,
    input_price: Decimal | None,
    output_price: Decimal | None,
    timeout: float,
    max_input_tokens: int | None,
) -> Judge:
    from agent_goals.judges.asking import Judge, Prices  # noqa: PLC0415 (only the judge's commands need it)

    if (input_price is None) != (output_price is None):
        raise AgentGoalsError("--input-price and --output-price go together: say both.")
    prices = None if input_price is None or output_price is None else Prices(input_price, output_price)
    return Judge(model, base_url=base_url, prices=prices, timeout=timeout, max_input_tokens=max_input_tokens)


@main.command(cls=_Command, epilog=SAMPLE_EXAMPLES)
@click.option("--goal", required=True, metavar="NAME", help="The goal that a judge gave verdicts on.")
@click.option("--size", type=click.IntRange(min=1), default=200, show_default=True, help="How many sessions to draw.")
@click.option("--evaluator", metavar="NAME", help="Only sessions that this judge gave a verdict on.")
@click.option("--environment", default="production", show_default=True, metavar="NAME", help="The sessions' environment.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Only verdicts from this day on (UTC).")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Only verdicts before this day.")
@click.option("--seed", type=click.IntRange(min=0, max=2**53), help="Makes the draw the same again; any by default.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="Write the records to complete to FILE; else they are printed.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the sample as JSON.")
@_connection_options
def sample(
    goal: str,
    size: int,
    evaluator: str | None,
    environment: str,
    since: datetime | None,
    until: datetime | None,
    seed: int | None,
    output: Path | None,
    as_json: bool,
    lock_timeout: float,
    **where: str | None,
) -> None:
    """Draw a random sample of the sessions that a judge gave a verdict on, for humans to label, and record that it was drawn.

    It writes goal records in which `achieved` is empty, without the judge's verdict: complete them (true, false, or label
    not_applicable) and load them. agent_goals__judge_agreement then says how far the judge can be believed.
    """
    target = find_target(**where)
    raw = RawTables(target.raw_schema, target.raw_tables)

    def deliver(drawn: sampling.Sample) -> None:
        if output is not None:
            write_whole(output, drawn.as_csv())

    with connect(target, lock_timeout=lock_timeout, on_wait=_note_wait) as warehouse:
        drawn = sampling.draw(
            warehouse, raw, goal=goal, size=size, environment=environment, evaluator=evaluator, since=since, until=until,
            seed=seed, deliver=deliver,
        )  # fmt: skip
    if as_json:
        click.echo(json.dumps(drawn.as_dict()))
    elif output is None:
        click.echo(drawn.as_csv(), nl=False)
    _note(
        f"{len(drawn.sessions):,} of {drawn.count_population:,} sessions drawn with seed {drawn.seed}, recorded as"
        f" {drawn.sample_id}. Label all of them: sessions that are left out make it no random sample."
    )


@main.command(cls=_Command)
@click.argument("record_type", required=False, type=click.Choice(list(RECORD_TYPES)), metavar="[TYPE]")
@click.option("--format", "form", type=click.Choice(["json-schema", "dbt-sources"]), default="json-schema", show_default=True)
def schema(record_type: str | None, form: str) -> None:
    """Print the JSON Schema of a record TYPE (goal, cost, value, session or turn), or of all of them."""
    if form == "dbt-sources":
        click.echo(dbt_sources(), nl=False)
        return
    schemas = {name: json_schema(record) for name, record in RECORD_TYPES.items()}
    click.echo(json.dumps(schemas[record_type] if record_type else schemas, indent=2, ensure_ascii=False))


@main.command(cls=_Command, epilog=DDL_EXAMPLES)
@click.option("--dialect", type=click.Choice(list(COLUMN_TYPES)), help="The SQL to write; else that of the target.")
@click.option("--roles", is_flag=True, help="Write the roles of a deployment and their rights as well (PostgreSQL only).")
@_target_options
def ddl(dialect: Dialect | None, roles: bool, **where: str | None) -> None:
    """Print the SQL that makes the raw tables, for those who may; a load then needs no right to create anything.

    With --roles: also a loader, a forgetter, a builder (dbt) and a reader, each with the rights that it needs and no more.
    """
    target = find_target(**where)
    dialect = dialect or next((name for name in COLUMN_TYPES if name == target.type), None)
    if dialect is None or (roles and dialect != "postgres"):
        what = "roles are written for postgres only" if dialect else f"there is no dialect for a target of type {target.type!r}"
        raise AgentGoalsError(f"{what}: choose one with --dialect.")
    for statement in create_all(target.raw_schema, dialect, target.raw_tables):
        click.echo(f"{statement};\n")
    if roles:
        for statement in role_statements(target):
            click.echo(f"{statement};\n")
        click.echo(instructions())


@main.command(cls=_Command)
@click.option("--sub-goals", is_flag=True, help="Show goals that are only steps of others as well.")
@click.option("--json", "as_json", is_flag=True, help="Print every row and column as JSON.")
@_connection_options
def summary(sub_goals: bool, as_json: bool, lock_timeout: float, **where: str | None) -> None:
    """Print what agents achieved, what it cost, where sessions drop off and what experiments came to, from dbt's marts.

    With --json: one object with the rows of goal_performance, the funnels' steps, the customers' goals and the experiments.
    """
    target = find_target(**where)
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
        _note("no goal has been recorded yet: load records and run `dbt build`.")
        return
    shown = [row for row in rows if sub_goals or not is_step(row, steps, customers)]
    _print_table(performance_table(shown))
    if len(shown) < len(rows):
        _note(f"{len(rows) - len(shown)} rows are steps of these goals: --sub-goals shows them.")
    if steps is None:
        _note(f"there is no {target.schema}.{FUNNEL}: run `dbt build` with this version to see where sessions drop off.")
    elif steps:
        _print_table(funnel_table(steps))
    for goal in customers or ():
        Console().print(escape(customer_sentence(goal)), soft_wrap=True, highlight=False)
    if decisions:
        _print_table(experiments_table(decisions))


def _print_table(table: Table) -> None:
    # A table wider than the terminal is easier to read wrapped than cropped.
    needed = Console(width=1000).measure(table).maximum
    Console(width=max(Console().width, needed)).print(table)


@main.command(cls=_Command, epilog=PRICES_EXAMPLES)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="Write the list to FILE, whole or not at all; else it is printed.")  # fmt: skip
def prices(output: Path | None) -> None:
    """Write the price list of models, as the seed that prices tokens.

    The dated prices of the installed genai-prices (`pip install 'agent-goals[prices]'`) and its rules for what a model's name
    means. Name the seed in the var agent_goals__model_prices. Rows of your own may follow: one with only provider, model,
    input_price and output_price is enough, and comes before all others.
    """
    found = price_list()
    text = as_csv(found.rows)
    if output is None:
        click.echo(text, nl=False)
    else:
        write_whole(output, text)
    counts = found.counts
    _note(
        f"genai-prices {found.version}: {len(found.rows):,} rows for {counts.pop('models'):,} models of"
        f" {counts.pop('providers')} providers{f' in {output}' if output else ''}."
    )
    _note("Models with prices that the list does not hold, since cost records count text tokens only:")
    for kind, count in counts.items():
        _note(f"  {count:,} {kind}")
    for rule in found.left_out:
        _note(f"Left out, so that the names it is for stay unpriced: {rule}")


@contextmanager
def _progress() -> Iterator[Callable[[Source], None]]:
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda source: None
        return
    with console.status("reading ...") as status:
        yield lambda source: status.update(f"reading {escape(str(source.path))} ...")


class _RejectsFile:
    """Writes each rejected line below a comment that says what is wrong; the loader skips the comments.

    Without a path it only remembers what was wrong with the first few.
    """

    def __init__(self, path: Path | None) -> None:
        self.first: list[str] = []
        self._path = path
        self._file: IO[bytes] | None = None
        self._type: str | None = None

    def __enter__(self) -> _RejectsFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def write(self, rejected: Rejected) -> None:
        """Add one line."""
        reason = f"line {rejected.line} of {rejected.file}: {rejected.code}: {' '.join(rejected.reason.split())}"
        if len(self.first) < SHOWN_REJECTS:
            self.first.append(reason)
        if self._path is None:
            return
        self._file = self._file or self._path.open("wb")
        if rejected.record_type != self._type:
            # The line may owe its type to the name of the file it stood in.
            self._type = rejected.record_type
            self._file.write(f"{TYPE_COMMENT} {self._type or 'unknown'}\n".encode())
        self._file.write(f"# {reason}\n".encode("utf-8", "backslashreplace"))
        raw = rejected.text if isinstance(rejected.text, bytes) else rejected.text.encode("utf-8", "surrogatepass")
        self._file.write(raw.replace(b"\n", b" ") + b"\n")

    def close(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()
        self._file = self._type = None


def _finish(
    report: LoadReport, as_json: bool, rejects: Path | None, first: list[str], *, verb: str = "loaded", refused: bool = False
) -> None:
    if as_json:
        click.echo(json.dumps(report.as_dict()))
    else:
        Console().print(_table(report, verb))
        for file in report.files:
            if file.is_empty:
                _note(f"{file.file} is empty: no record in it.")
        if refused:
            _note("--strict: nothing was loaded.")
        for reason in first:
            _note(reason)
        if report.count_rejected > len(first):
            _note(f"... and {report.count_rejected - len(first):,} more.")
        if report.count_rejected and not rejects:
            where = "" if report.batch_id is None else "They are kept in rejected_records. "
            _note(f"{where}--rejects FILE writes them to a file that you can mend and load.")
        if report.count_rejected and rejects:
            _note(f"{report.count_rejected} rejected lines are in {rejects}: mend them and load that file.")
    sys.exit(EXIT_REJECTED if report.count_rejected else 0)


def _table(report: LoadReport, verb: str) -> Table:
    table = Table()
    table.add_column("file", overflow="fold")
    table.add_column("type")
    counted = (verb, "duplicate", "rejected", *(["forgotten"] if report.count_forgotten else []))
    for name in counted:
        table.add_column(name, justify="right")
    table.add_column("reasons", overflow="fold")
    for file in report.files:
        for record_type, counts in file.types.items():
            reasons = ", ".join(f"{code} {count:,}" for code, count in sorted(counts.rejected.items()))
            numbers = (counts.loaded, counts.duplicate, counts.rejected.total(), counts.forgotten)[: len(counted)]
            table.add_row(escape(file.file), record_type or "?", *(f"{number:,}" for number in numbers), reasons)
    return table


def _forgotten_table(forgotten: Forgotten) -> Table:
    table = Table()
    table.add_column("table", overflow="fold")
    table.add_column("rows to remove" if forgotten.dry_run else "rows removed", justify="right")
    for name, count in forgotten.removed.items():
        table.add_row(escape(name), f"{count:,}")
    table.add_row("all", f"{forgotten.count_removed:,}")
    table.title = ", ".join(
        f"{count:,} {subject}{'' if count == 1 else 's'} ({forgotten.new[subject]:,} new)"
        for subject, count in forgotten.subjects.items()
    )
    return table


if __name__ == "__main__":
    main()
