"""Where formats put what they read, and where records come out: validated, counted, and nothing lost without a word."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from agent_goals.importing.gathering import Gathering
from agent_goals.importing.report import FileReport, LeftOut, LeftOutSink
from agent_goals.importing.step import Context, Origin, Said, Step, Verdict
from agent_goals.importing.values import UnreadableError, encoded
from agent_goals.validate import TYPE_FIELD, validate

Part = Step | Verdict | Said | Context


class Intake:
    """What formats give what they read to.

    Args:
        gathering: where parts of traces are kept until all files were read.
        write: takes each record's line.
        on_left_out: told of everything that becomes no record.
        keep_text: whether to keep raw texts for that.
    """

    def __init__(  # noqa: D107 (the class says it)
        self, gathering: Gathering, write: Callable[[str], object], on_left_out: LeftOutSink, *, keep_text: bool
    ) -> None:
        self.reports: list[FileReport] = []
        self._path = Path()
        self._gathering = gathering
        self._write = write
        self._on_left_out = on_left_out
        self._keep_text = keep_text

    def begin(self, path: Path) -> FileReport:
        """Begin a file."""
        self._path = path
        self.reports.append(FileReport(str(path)))
        return self.reports[-1]

    @property
    def modified_at(self) -> int:
        """When the current file was changed last, in nanoseconds since 1970."""
        return self._path.stat().st_mtime_ns

    def origin(self, place: str, value: Any) -> Origin:
        """Count a thing of the current file: where it stands, with its raw text if that is kept."""
        self.reports[-1].things += 1
        return Origin(len(self.reports) - 1, place, encoded(value) if self._keep_text and value is not None else "")

    def part(self, trace: str, part: Part) -> None:
        """Keep a part of a trace."""
        self._gathering.add(trace, part)

    def record(self, record_type: str, fields: Mapping[str, Any], origin: Origin) -> None:
        """Write a record, unless the contract rejects it."""
        record = {TYPE_FIELD: record_type} | {name: value for name, value in fields.items() if value is not None}
        outcome = validate(record)
        if outcome.problems:
            problem = outcome.problems[0]
            reason = f"the {record_type} record that it stands for is not accepted: {problem.message}"
            self.left_out(origin, problem.code, reason, encoded(record))
            return
        self.reports[origin.file].records[record_type] += 1
        self._write(encoded(record))

    def left_out(self, origin: Origin, code: str, reason: str, text: str = "") -> None:
        """Say that a thing becomes no record."""
        report = self.reports[origin.file]
        report.left_out[code] += 1
        self._on_left_out(LeftOut(report.file, origin.place, code, reason, origin.text or text))

    def unreadable(self, origin: Origin, error: UnreadableError) -> None:
        """Say that a thing cannot be understood."""
        self.left_out(origin, error.code, str(error))

    def note(self, origin: Origin, note: str) -> None:
        """Say something about records that is not seen in them; the same note is counted."""
        self.reports[origin.file].notes[note] += 1
