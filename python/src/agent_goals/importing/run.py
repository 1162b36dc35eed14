"""Files in, records out.

Files are read once, piece by piece. What belongs to one trace is gathered on disk, then each trace is worked on as a whole:
only then is it known which session a span belongs to, and whether its usage is that of spans below it. What each trace adds
to a session is gathered again, and each session is written as a whole. So memory holds one trace or session at a time.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from agent_goals.importing import AUTO, FORMATS
from agent_goals.importing.conversation import take_session
from agent_goals.importing.files import Broken, Piece, pieces
from agent_goals.importing.gathering import Gathering
from agent_goals.importing.intake import Intake
from agent_goals.importing.report import FileReport, ImportReport, LeftOutSink
from agent_goals.importing.traces import Overrides, take_trace
from agent_goals.importing.values import UnreadableError, shown


class Format(Protocol):
    """One form in which others write what agents did."""

    def recognises(self, value: Any) -> bool:
        """Whether a value of a file is of this format."""

    def read(self, value: Any, place: str, intake: Intake) -> None:
        """Take everything that is in a value that it recognises; what cannot be understood is left out with a reason."""


def _formats(form: str) -> dict[str, Format]:
    """The formats that a value may be of, by name."""
    found = {}
    for name, where in FORMATS.items():
        if form in (AUTO, name):
            module, _, member = where.partition(":")
            loaded = import_module(module)
            found[name] = getattr(loaded, member) if member else loaded
    return found


#: The progress of an import: a word for what is being done, how much of it is done, and how much there is.
OnProgress = Callable[[str, int, int], None]


def import_files(
    paths: Sequence[Path],
    write: Callable[[str], object],
    *,
    form: str = AUTO,
    overrides: Overrides | None = None,
    with_turns: bool = True,
    on_left_out: LeftOutSink = lambda left_out: None,
    keep_text: bool = True,
    on_progress: OnProgress = lambda doing, done, of: None,
) -> ImportReport:
    """Turn files into records.

    Args:
        paths: the files. What belongs to one trace or session is best imported together.
        write: takes each record as a line of JSON, without its line break.
        form: the name of the files' format, or ``AUTO``.
        overrides: what to say of every record, whatever the files say.
        with_turns: whether conversation turns are wanted, that is: what was said.
        on_left_out: told of everything that becomes no record.
        keep_text: whether it is told the raw text as well, which takes time to keep.
        on_progress: told how far it is.

    Returns:
        What came of every file.

    Raises:
        LoadError: when a file cannot be read at all.
    """
    sizes = [path.stat().st_size if path.is_file() else 0 for path in paths]
    with tempfile.TemporaryDirectory(prefix="agent_goals_import_") as name:
        folder = Path(name)
        traces, sessions = _gathering(folder / "traces"), _gathering(folder / "sessions")
        intake = Intake(traces, write, on_left_out, keep_text=keep_text)
        formats = _formats(form)
        for path, before in zip(paths, (sum(sizes[:number]) for number in range(len(sizes))), strict=True):
            report = intake.begin(path)
            for piece in pieces(path, lambda count, before=before: on_progress("reading", before + count, sum(sizes))):  # type: ignore[misc]
                _take(piece, formats, report, intake)
        done = 0
        for key, parts in traces.groups():
            for session, part in take_trace(key, parts, intake, overrides or Overrides()):
                sessions.add(session, part)
            done += len(parts)
            on_progress("counting", done, traces.count)
        done = 0
        for _, found in sessions.groups():
            take_session(found, intake, with_turns=with_turns)
            done += len(found)
            on_progress("writing", done, sessions.count)
    return ImportReport(intake.reports)


def _gathering(folder: Path) -> Gathering:
    folder.mkdir()
    return Gathering(folder)


def _take(piece: Piece | Broken, formats: Mapping[str, Format], report: FileReport, intake: Intake) -> None:
    if isinstance(piece, Broken):
        intake.left_out(intake.origin(piece.place, None), piece.code, piece.reason, piece.text)
        return
    place, value = piece
    if isinstance(value, Mapping) and isinstance(value.get("data"), list):
        # An API's page.
        for number, element in enumerate(value["data"], 1):
            _take(Piece(f"{place}, element {number}", element), formats, report, intake)
        return
    for name, found in formats.items():
        if found.recognises(value):
            report.form = report.form or name
            found.read(value, place, intake)
            return
    reason = f"{shown(value)} has the shape of nothing in {' or '.join(formats)}: name the format that it is of, or convert it."
    intake.unreadable(intake.origin(place, value), UnreadableError("unknown_shape", reason))
