"""The commands that bring records in and take them out: load, validate, import, forget."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from agent_goals import forget as forgetting
from agent_goals import loading
from agent_goals.contract import RECORD_TYPES
from agent_goals.errors import AgentGoalsError
from agent_goals.forget import Forgotten
from agent_goals.importing import AUTO, FORMATS
from agent_goals.loading.report import LoadReport, Rejected
from agent_goals.loading.sources import TYPE_COMMENT, Source
from agent_goals.profile import RAW_SCHEMA_DEFAULT, find_target
from agent_goals.raw import RawTables
from agent_goals.warehouse import Landing, Warehouse, connect

if TYPE_CHECKING:
    from agent_goals.importing.command import Imported

from agent_goals.cli.shared import (
    EXIT_REJECTED,
    Command,
    connection_options,
    landing_option,
    note,
    note_wait,
    print_table,
    told_on_terminal,
)

#: How many rejected lines are explained on the terminal.
SHOWN_REJECTS = 5


LOAD_EXAMPLES = """
\b
Examples:
  agent-goals load my_goals.ndjson my_costs.csv
  agent-goals load --type goal export.parquet
  agent-goals load events.jsonl.gz --rejects mend_me.ndjson
  agent-goals load --landing /srv/landing my_goals.ndjson
"""


IMPORT_EXAMPLES = """
\b
Examples:
  agent-goals import traces.jsonl --load
  agent-goals import otel traces/*.jsonl.gz --output records.ndjson
  agent-goals import langfuse observations_v2/*.parquet scores/*.jsonl --load
  agent-goals import report.json --environment evaluation --left-out not_imported.ndjson > records.ndjson
"""


FORGET_EXAMPLES = """
\b
Examples:
  agent-goals forget --customer c-1041 --dry-run
  agent-goals forget --session s-77 --session s-78 --yes
  agent-goals forget --landing /srv/landing --customer c-1041
"""


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


@click.command(cls=Command, epilog=LOAD_EXAMPLES)
@_file_options
@click.option("--strict", is_flag=True, help="Load nothing if any line is rejected.")
@landing_option("Write Parquet files under FOLDER, for engines that read them there, in place of the target's raw tables.")
@connection_options
def load(
    files: tuple[Path, ...],
    record_type: str | None,
    rejects: Path | None,
    as_json: bool,
    strict: bool,
    landing: Path | None,
    lock_timeout: float,
    **where: str | None,
) -> None:
    """Validate FILEs and load them into the raw tables of the dbt target.

    NDJSON (.ndjson, .jsonl), JSON (.json) and CSV, .gz or not, and Parquet. A record's type is its `type` field, else what
    the file's name says (goals.ndjson, cost_events.csv), else --type. Loading a file again changes nothing.

    Exit code: 0 all good, 1 some lines rejected, 2 could not run.
    """
    sources = loading.find_sources(files, record_type)
    with _progress() as on_file, _RejectsFile(rejects) as rejects_file, ExitStack() as opened:
        raw: dict[str, Any] = {}
        if landing:
            warehouse: Warehouse = Landing(landing, lock_timeout=lock_timeout, on_wait=note_wait)
        else:
            target = find_target(**where)
            raw = {"schema": target.raw_schema, "tables": target.raw_tables}
            warehouse = connect(target, lock_timeout=lock_timeout, on_wait=note_wait)
        report = loading.load(
            opened.enter_context(warehouse),
            sources,
            strict=strict,
            on_reject=rejects_file.write,
            on_file=on_file,
            **raw,
        )
    _finish(report, as_json, rejects, rejects_file.first, refused=strict and report.batch_id is None)


@click.command(cls=Command)
@_file_options
def validate(files: tuple[Path, ...], record_type: str | None, rejects: Path | None, as_json: bool) -> None:
    """Say what loading FILEs would reject, and why, without loading them.

    Exit code: 0 all good, 1 some lines rejected, 2 could not run.
    """
    sources = loading.find_sources(files, record_type)
    with _progress() as on_file, _RejectsFile(rejects) as rejects_file:
        report = loading.validate(sources, on_reject=rejects_file.write, on_file=on_file)
    _finish(report, as_json, rejects, rejects_file.first, verb="good")


@click.command("import", cls=Command, epilog=IMPORT_EXAMPLES)
@click.option("--from", "form", type=click.Choice([AUTO, *FORMATS]), default=AUTO, show_default=True,
              help="What the files are; FORMAT before them says the same.")  # fmt: skip
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="Write the records to FILE (.ndjson or .ndjson.gz), whole or not at all; else they are printed.")  # fmt: skip
@click.option("--load", "is_loaded", is_flag=True, help="Load the records into the raw tables at once.")
@click.option("--left-out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="List all that became no record in FILE: lines of JSON with file, line, reason and raw text.")  # fmt: skip
@click.option("--environment", metavar="NAME", help="The environment of all records, whatever the files say.")
@click.option("--agent", metavar="NAME", help="The agent of all records, likewise.")
@click.option("--turns/--no-turns", default=True, show_default=True, help="Whether what was said is imported as well.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON: to stderr where records are printed.")
@connection_options
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="[FORMAT] FILE...")
def import_(
    files: tuple[Path, ...],
    form: str,
    output: Path | None,
    is_loaded: bool,
    left_out: Path | None,
    environment: str | None,
    agent: str | None,
    turns: bool,
    as_json: bool,
    lock_timeout: float,
    **where: str | None,
) -> None:
    """Turn what agents already emit into records: sessions, costs, goals and turns.

    FORMAT is otel (OpenTelemetry spans as JSON: OTLP as the collector's file exporter writes it, or lists of spans),
    openinference (the same, its names believed first), langfuse (exported observations, scores and traces), strands
    (evaluation reports) or galtea (sessions, traces, evaluations). JSON and lines of JSON (.gz or not), CSV and Parquet.

    Usage is counted once: a span that repeats what spans below it report is left out, a retry is not. Importing a thing
    again changes nothing. Import the files that one session is spread over together.

    Exit code: 0 all was understood, 1 some was not, 2 could not run.
    """
    # It needs modules that take their time to import.
    from agent_goals.importing import command  # noqa: PLC0415
    from agent_goals.importing.traces import Overrides  # noqa: PLC0415

    form, paths = command.named_format(files, form)
    if is_loaded and output:
        raise AgentGoalsError("--load loads the records at once, --output keeps them in a file: choose one.")
    overrides = Overrides(environment, agent)
    if not is_loaded:
        imported = command.run_import(paths, form, output, left_out, overrides, with_turns=turns)
        _finish_import(imported, as_json, left_out, to_stderr=output is None)
        return
    target = find_target(**where)
    with command.temporary_records() as records:
        imported = command.run_import(paths, form, records, left_out, overrides, with_turns=turns)
        with connect(target, lock_timeout=lock_timeout, on_wait=note_wait) as warehouse:
            source = command.ImportedSource(records, "ndjson", None, paths[0])
            report = loading.load(warehouse, [source], schema=target.raw_schema, tables=target.raw_tables)
    _finish_import(imported, as_json, left_out, loaded=report)


def _finish_import(
    imported: Imported, as_json: bool, left_out: Path | None, *, to_stderr: bool = False, loaded: LoadReport | None = None
) -> None:
    from agent_goals.importing.show import remarks, report_table  # noqa: PLC0415 (as above)

    report = imported.report
    if as_json:
        found = report.as_dict() | ({"load": loaded.as_dict()} if loaded else {})
        click.echo(json.dumps(found), err=to_stderr)
    else:
        print_table(report_table(report), stderr=to_stderr)
        if loaded:
            note(f"loaded {loaded.count_loaded:,} records; {loaded.count_duplicate:,} had been loaded before.")
        for remark in remarks(report):
            note(remark)
        for problem in imported.problems:
            note(problem)
        if report.count_problems > len(imported.problems):
            note(f"... and {report.count_problems - len(imported.problems):,} more.")
        if report.count_problems and not left_out:
            note("--left-out FILE lists all of them with their raw text.")
    sys.exit(EXIT_REJECTED if report.count_problems or (loaded and loaded.count_rejected) else 0)


@click.command(cls=Command, epilog=FORGET_EXAMPLES)
@click.option("--session", "sessions", multiple=True, metavar="ID", help="A session to forget; may be given several times.")
@click.option("--customer", "customers", multiple=True, metavar="ID",
              help="A customer to forget, with every session that a record names them in; likewise.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Only count what would be removed.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@landing_option("Remove them from the files that `load --landing FOLDER` wrote, in place of the target. AGENT_GOALS_LANDING"
                " does not stand for it: what is removed is named.", envvar=None)  # fmt: skip
@connection_options
def forget(
    sessions: tuple[str, ...],
    customers: tuple[str, ...],
    dry_run: bool,
    yes: bool,
    as_json: bool,
    landing: Path | None,
    lock_timeout: float,
    **where: str | None,
) -> None:
    """Remove sessions and customers from the raw tables and the marts, in all environments, for good.

    Their records, rejected records that name them, and their rows in every table that this package built in the target's schema
    and its staging schema. Hashed tombstones remain: a load leaves their records out, and the next `dbt run` mends aggregates.
    With --landing only files change: marts keep the rows until `dbt run --full-refresh`.
    """
    if not all((*sessions, *customers)) or not (sessions or customers):
        raise AgentGoalsError("name whom to forget: --session ID or --customer ID, as often as needed, and no empty ID.")
    ids = {"sessions": sessions, "customers": customers}

    def run(*, dry_run: bool) -> Forgotten:
        if landing:
            with Landing(landing, lock_timeout=lock_timeout, on_wait=note_wait) as path:
                if not path.is_there():
                    raise AgentGoalsError(
                        f"nothing has been landed in {landing}: name the folder that `load --landing` wrote to."
                    )
                return forgetting.forget(path, RawTables(RAW_SCHEMA_DEFAULT), **ids, dry_run=dry_run)
        target = find_target(**where)
        raw = RawTables(target.raw_schema, target.raw_tables)
        with connect(target, lock_timeout=lock_timeout, on_wait=note_wait) as warehouse:
            built_in = [target.schema, target.staging_schema]
            return forgetting.forget(warehouse, raw, **ids, built_in=built_in, dry_run=dry_run)

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
        note("all of it had been forgotten before: there was nothing to remove.")
        return
    Console().print(_forgotten_table(forgotten))
    if dry_run:
        note("--dry-run: nothing was removed.")
    elif landing:
        note("A load leaves their records out from now on. Tables built of the files follow at `dbt run --full-refresh`.")
    else:
        note("A load leaves their records out from now on. Aggregates that counted them follow at the next `dbt run`.")


@contextmanager
def _progress() -> Iterator[Callable[[Source], None]]:
    with told_on_terminal("reading ...") as tell:
        yield lambda source: tell(f"reading {source.path} ...")


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
                note(f"{file.file} is empty: no record in it.")
        if refused:
            note("--strict: nothing was loaded.")
        for reason in first:
            note(reason)
        if report.count_rejected > len(first):
            note(f"... and {report.count_rejected - len(first):,} more.")
        if report.count_rejected and not rejects:
            where = "" if report.batch_id is None else "They are kept in rejected_records. "
            note(f"{where}--rejects FILE writes them to a file that you can mend and load.")
        if report.count_rejected and rejects:
            note(f"{report.count_rejected} rejected lines are in {rejects}: mend them and load that file.")
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
