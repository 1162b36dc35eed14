"""An import's report for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rich.markup import escape
from rich.table import Table

from agent_goals.importing.report import REASONS, UNDERSTOOD, ImportReport

_TYPES = ("session", "cost", "goal", "turn")


def report_table(report: ImportReport) -> Table:
    """What was read of every file, and what it became."""
    table = Table()
    table.add_column("file", overflow="fold")
    table.add_column("from")
    for heading in ("read", *(f"{name}s" for name in _TYPES), "no record", "not understood"):
        table.add_column(heading, justify="right")
    for file in report.files:
        no_record = file.left_out.total() - file.count_problems
        counts = (file.things, *(file.records[name] for name in _TYPES), no_record, file.count_problems)
        table.add_row(escape(file.file), file.form or "?", *(f"{count:,}" for count in counts))
    return table


def remarks(report: ImportReport) -> Iterator[str]:
    """What became no record and why, and what to know about the records that is not seen in them."""
    left_out = sum((file.left_out for file in report.files), Counter[str]())
    for code, count in sorted(left_out.items(), key=lambda item: (item[0] not in UNDERSTOOD, item[0])):
        yield f"{count:,} {'no record' if code in UNDERSTOOD else 'not understood'}: {code}: {REASONS[code]}."
    for file in report.files:
        if file.form is None and not file.left_out:
            yield f"{file.file} is empty: there is nothing in it."
    for note, count in sum((file.notes for file in report.files), Counter[str]()).items():
        yield f"{count:,} {note}."
