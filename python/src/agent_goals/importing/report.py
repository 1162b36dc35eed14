"""What an import reports: what was read, what it became, and what became no record, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from agent_goals.contract import REASONS as CONTRACT_REASONS

#: Why something that could not be understood became no record: each stable code and what it means. A record that the
#: contract would reject has the contract's code.
PROBLEMS = {
    "malformed_json": "it is not JSON",
    "unreadable_file": "the file is damaged, or ends too early",
    "unknown_shape": "it is JSON, but of no shape that the format has",
    "missing_field": "something without which it cannot be placed is absent",
    "wrong_type": "a value is of another type than the format's",
    "invalid_timestamp": "a time is none",
    "parallel_lists": "a report's lists do not have one entry for each case",
}

#: Why something that was understood became no record.
UNDERSTOOD = {
    "repeated_usage": "its usage is that of spans below it, which are counted",
    "repeated_thing": "the same thing is there again: the last one counts",
    "failed_call": "a call that failed and reports no usage",
    "not_of_an_agent": "a span of a trace in which nothing tells of an agent or a model",
    "no_record": "it says where other things belong, and is no record itself",
    "metrics": "metrics, which say nothing of single sessions",
    "logs": "a log that is no evaluation and carries no messages",
    "not_finished": "an evaluation that is pending, skipped, cancelled or outdated",
    "deleted": "it was deleted at its source",
}

REASONS = {**CONTRACT_REASONS, **PROBLEMS, **UNDERSTOOD}


class LeftOut(NamedTuple):
    """One thing that became no record.

    Attributes:
        file: the file's path as it was named.
        place: where in it: the line (of Parquet the row, of a JSON document the element), and the span where there is one.
        code: the reason's stable code, one of ``REASONS``.
        reason: a sentence that says what it is and what to do.
        text: its raw text, as far as it was asked to be kept.
    """

    file: str
    place: str
    code: str
    reason: str
    text: str

    @property
    def is_problem(self) -> bool:
        """Whether it could not be understood."""
        return self.code not in UNDERSTOOD

    def as_dict(self) -> dict[str, Any]:
        """The thing as JSON values, under the names that rejected records have."""
        return {
            "file": self.file,
            "line": self.place,
            "reason_code": self.code,
            "is_problem": self.is_problem,
            "reason": self.reason,
            "raw_text": self.text,
        }


LeftOutSink = Callable[[LeftOut], None]


@dataclass
class FileReport:
    """What came of one file.

    Attributes:
        file: the path as it was named.
        form: the format that it was read as; ``None`` when it was empty.
        things: spans, observations, scores, evaluations that were read.
        records: records written, by type.
        left_out: what became no record, by reason code.
        notes: what to know about its records, each said once.
    """

    file: str
    form: str | None = None
    things: int = 0
    records: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)

    @property
    def count_problems(self) -> int:
        """Things that could not be understood."""
        return sum(count for code, count in self.left_out.items() if code not in UNDERSTOOD)

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON values."""
        return {
            "file": self.file,
            "from": self.form,
            "things": self.things,
            "records": dict(sorted(self.records.items())),
            "left_out": dict(sorted(self.left_out.items())),
            "notes": dict(self.notes),
        }


@dataclass
class ImportReport:
    """What came of an import.

    Attributes:
        files: one report a file, in the order given.
    """

    files: list[FileReport] = field(default_factory=list)

    @property
    def records(self) -> Counter[str]:
        """Records written, by type."""
        return sum((report.records for report in self.files), Counter())

    @property
    def count_problems(self) -> int:
        """Things that could not be understood."""
        return sum(report.count_problems for report in self.files)

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON values."""
        return {
            "records": dict(sorted(self.records.items())),
            "problems": self.count_problems,
            "files": [report.as_dict() for report in self.files],
        }
