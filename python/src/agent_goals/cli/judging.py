"""The commands about judges: judge, try-judge, sample."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click
from rich.console import Console

from agent_goals import sampling
from agent_goals.errors import AgentGoalsError
from agent_goals.files import write_whole
from agent_goals.profile import find_target
from agent_goals.raw import RawTables
from agent_goals.warehouse import Warehouse, connect

if TYPE_CHECKING:
    from agent_goals.judges.asking import Judge

from agent_goals.cli.shared import EXIT_FAILED, EXIT_REJECTED, Command, connection_options, note, note_wait, print_table

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


@click.command(cls=Command, epilog=JUDGE_EXAMPLES)
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
@connection_options
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
        return connect(target, lock_timeout=lock_timeout, read_only=read_only, on_wait=note_wait)

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
            for sentence in told.estimate_notes(estimate):
                click.echo(sentence)
        if waiting.has_waiting:
            note("An earlier run was cut off. What it has paid for is loaded by the next one, and not counted here.")
        return
    if as_json:
        click.echo(json.dumps(run.outcome.as_dict()))
    else:
        click.echo(told.outcome_sentence(run.outcome))
        if run.outcome.done:
            print_table(told.outcome_table(run.outcome))
        for sentence in told.outcome_notes(run.outcome):
            note(sentence)
    if run.outcome.is_refused:
        sys.exit(EXIT_FAILED)
    sys.exit(EXIT_REJECTED if run.outcome.failed or run.outcome.stopped else 0)


@click.command(name="try-judge", cls=Command, epilog=TRY_JUDGE_EXAMPLES)
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
            note(f"{name}: the verdict should be {trial.expected[name]}.")
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


@click.command(cls=Command, epilog=SAMPLE_EXAMPLES)
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
@connection_options
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

    with connect(target, lock_timeout=lock_timeout, on_wait=note_wait) as warehouse:
        drawn = sampling.draw(
            warehouse, raw, goal=goal, size=size, environment=environment, evaluator=evaluator, since=since, until=until,
            seed=seed, deliver=deliver,
        )  # fmt: skip
    if as_json:
        click.echo(json.dumps(drawn.as_dict()))
    elif output is None:
        click.echo(drawn.as_csv(), nl=False)
    note(
        f"{len(drawn.sessions):,} of {drawn.count_population:,} sessions drawn with seed {drawn.seed}, recorded as"
        f" {drawn.sample_id}. Label all of them: sessions that are left out make it no random sample."
    )
