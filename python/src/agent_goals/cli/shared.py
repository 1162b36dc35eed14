"""What the commands have in common: how a target is named, how errors and tables are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from agent_goals.errors import AgentGoalsError

EXIT_REJECTED = 1
EXIT_FAILED = 2


def note(text: str) -> None:
    """Say something to a person, beside what the command prints."""
    Console(stderr=True).print(escape(text), soft_wrap=True, highlight=False)


def note_wait(holder: str) -> None:
    """Say who holds the database."""
    note(f"waiting for {holder} ...")


class Command(click.Command):
    """A command whose foreseen errors are one sentence on stderr and exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except AgentGoalsError as error:
            note(f"agent-goals {self.name}: {error}")
            ctx.exit(EXIT_FAILED)


def connection_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of one that opens the target's database."""
    wait = click.option("--lock-timeout", type=click.FloatRange(min=0), default=30.0, show_default=True, metavar="SECONDS",
                        help="How long to wait for a database that another process holds.")  # fmt: skip
    return wait(target_options(command))


def target_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say which dbt target is meant."""
    for option in (
        click.option("--schema", "raw_schema", metavar="NAME", help="The raw tables' schema; else the project's var."),
        click.option("--target", metavar="NAME", help="The target; else DBT_TARGET, else the profile's."),
        click.option("--profile", metavar="NAME", help="The dbt profile; else DBT_PROFILE, else the project's."),
        click.option("--profiles-dir", metavar="FOLDER", help="The folder of profiles.yml, as for dbt."),
        click.option("--project-dir", metavar="FOLDER", help="The dbt project's folder; else the nearest one upwards."),
    ):  # fmt: skip
        command = option(command)
    return command


def landing_option(
    purpose: str, envvar: str | None = "AGENT_GOALS_LANDING"
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command the option that names a landing path, and the variable that stands for it."""
    return click.option("--landing", type=click.Path(file_okay=False, path_type=Path), metavar="FOLDER", envvar=envvar,
                        help=f"{purpose} Else {envvar}." if envvar else purpose)  # fmt: skip


def print_table(table: Table, *, stderr: bool = False) -> None:
    """Print a table as wide as it is."""
    # A table wider than the terminal is easier to read wrapped than cropped.
    needed = Console(width=1000).measure(table).maximum
    Console(width=max(Console().width, needed), stderr=stderr).print(table)


@contextmanager
def told_on_terminal(first: str = "") -> Iterator[Callable[[str], None]]:
    """A line on the terminal that says what is being done; nothing where there is none."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda text: None
        return
    with console.status(escape(first)) as status:
        yield lambda text: status.update(escape(text))
