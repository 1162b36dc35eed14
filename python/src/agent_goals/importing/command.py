"""What ``agent-goals import`` does: records go to a file or to standard output, and what became none to a list."""

from __future__ import annotations

import gzip
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from agent_goals.errors import AgentGoalsError
from agent_goals.importing import FORMATS
from agent_goals.importing.report import ImportReport, LeftOut
from agent_goals.importing.run import OnProgress, import_files
from agent_goals.importing.traces import Overrides
from agent_goals.loading.sources import Source

#: How many things that were not understood are explained on the terminal.
SHOWN_PROBLEMS = 5


@dataclass(frozen=True)
class ImportedSource(Source):
    """The records of an import as a file to load, under the name of what was imported.

    Attributes:
        imported: the first file that was imported.
    """

    imported: Path = Path()

    @property
    def location(self) -> str:
        """What names the records in the warehouse."""
        return f"{self.imported.resolve()} (imported)"


@dataclass(frozen=True)
class Imported:
    """What came of an import.

    Attributes:
        report: what came of every file.
        problems: of the first few things that were not understood, what is wrong with them.
    """

    report: ImportReport
    problems: list[str]


def named_format(files: Sequence[Path], form: str) -> tuple[str, Sequence[Path]]:
    """The format and the files, where the first of the files may be the format's name."""
    if len(files) > 1 and str(files[0]) in FORMATS:
        return str(files[0]), files[1:]
    if str(files[0]) in FORMATS and not files[0].exists():
        raise AgentGoalsError(f"{files[0]} is a format: name the files to import after it.")
    return form, files


def run_import(
    files: Sequence[Path], form: str, output: Path | None, left_out: Path | None, overrides: Overrides, *, with_turns: bool
) -> Imported:
    """Import files.

    Args:
        files: the files.
        form: their format.
        output: where the records go; else they are printed.
        left_out: where what became no record is listed.
        overrides: what to say of every record.
        with_turns: whether turns are wanted.

    Raises:
        AgentGoalsError: when a file cannot be read or written.
    """
    problems: list[str] = []
    with ExitStack() as stack:
        write = stack.enter_context(_lines(output) if output else _printed())
        listed = stack.enter_context(_lines(left_out)) if left_out else None

        def on_left_out(thing: LeftOut) -> None:
            if thing.is_problem and len(problems) < SHOWN_PROBLEMS:
                problems.append(f"{thing.place} of {thing.file}: {thing.code}: {' '.join(thing.reason.split())}")
            if listed:
                listed(json.dumps(thing.as_dict(), ensure_ascii=False))

        on_progress = stack.enter_context(_progress())
        report = import_files(
            files,
            write,
            form=form,
            overrides=overrides,
            with_turns=with_turns,
            on_left_out=on_left_out,
            keep_text=left_out is not None,
            on_progress=on_progress,
        )
    return Imported(report, problems)


@contextmanager
def _lines(path: Path) -> Iterator[Callable[[str], object]]:
    """A file of lines that is there whole or not at all; compressed where its name says so."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as raw:
            packed = gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=3) if path.suffix.lower() == ".gz" else raw
            yield lambda line: packed.write(line.encode("utf-8", "backslashreplace") + b"\n")
            if packed is not raw:
                packed.close()
        part.replace(path)
    except OSError as error:
        if error.filename not in (None, str(part), str(path)):
            raise
        what = error.strerror or error
        raise AgentGoalsError(f"cannot write {path}: {what}. Name a file in a folder that you may write to.") from error
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _printed() -> Iterator[Callable[[str], object]]:
    yield lambda line: sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@contextmanager
def _progress() -> Iterator[OnProgress]:
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda doing, done, of: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("reading", total=None)

        def show(doing: str, done: int, of: int) -> None:
            if progress.tasks[0].description != doing:
                progress.reset(task, description=doing)
            progress.update(task, completed=done, total=of)

        yield show


@contextmanager
def temporary_records() -> Iterator[Path]:
    """A file for records that are loaded at once."""
    with tempfile.TemporaryDirectory(prefix="agent_goals_import_") as folder:
        yield Path(folder) / "records.ndjson"
