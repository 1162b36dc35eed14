"""What came of a load: how many records landed, were there already, or were rejected and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Rejected(NamedTuple):
    """One rejected line.

    Attributes:
        file: the file's path as it was named.
        line: the physical line (of a Parquet file: the row), from 1.
        record_type: the type it was taken for; ``None`` when nothing says.
        code: the reason's stable code.
        field: the field at fault, where there is one.
        reason: what is wrong and what to do.
        text: the whole line; the raw bytes where they are not UTF-8.
    """

    file: str
    line: int
    record_type: str | None
    code: str
    field: str | None
    reason: str
    text: str | bytes


@dataclass
class Counts:
    """The records of one type in one file.

    Attributes:
        loaded: records that landed (of a validation: that would be accepted).
        duplicate: records that had landed before, or that a later one of the same id in this load replaced.
        rejected: rejected lines by reason code.
        forgotten: records and bad lines of forgotten sessions and customers, of which nothing is kept.
    """

    loaded: int = 0
    duplicate: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    forgotten: int = 0


@dataclass
class FileReport:
    """What came of one file.

    Attributes:
        file: the path as it was named.
        types: counts by record type; under ``None`` the lines whose type nothing says.
        is_unchanged: the very same file was loaded before and is still there, so it was not read again.
    """

    file: str
    types: dict[str | None, Counts] = field(default_factory=dict)
    is_unchanged: bool = False

    def counts(self, record_type: str | None) -> Counts:
        """The counts of one record type, begun at zero."""
        return self.types.setdefault(record_type, Counts())

    @property
    def is_empty(self) -> bool:
        """Whether the file held no record at all."""
        return not self.types


@dataclass
class LoadReport:
    """What came of a load or a validation.

    Attributes:
        files: one report a file, in the order given.
        batch_id: the batch that was written; ``None`` when nothing was.
        rejected: the rejected lines, as far as they were asked to be kept.
    """

    files: list[FileReport] = field(default_factory=list)
    batch_id: str | None = None

    @property
    def count_loaded(self) -> int:
        """Records that landed."""
        return sum(counts.loaded for counts in self._counts())

    @property
    def count_duplicate(self) -> int:
        """Records that were there already."""
        return sum(counts.duplicate for counts in self._counts())

    @property
    def count_rejected(self) -> int:
        """Lines that were rejected."""
        return sum(counts.rejected.total() for counts in self._counts())

    @property
    def count_forgotten(self) -> int:
        """Records and bad lines of sessions and customers that were forgotten."""
        return sum(counts.forgotten for counts in self._counts())

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON values."""
        return {
            "batch_id": self.batch_id,
            "loaded": self.count_loaded,
            "duplicate": self.count_duplicate,
            "rejected": self.count_rejected,
            "forgotten": self.count_forgotten,
            "files": [
                {
                    "file": report.file,
                    "unchanged": report.is_unchanged,
                    "types": [
                        {
                            "type": name,
                            "loaded": counts.loaded,
                            "duplicate": counts.duplicate,
                            "rejected": dict(sorted(counts.rejected.items())),
                            "forgotten": counts.forgotten,
                        }
                        for name, counts in report.types.items()
                    ],
                }
                for report in self.files
            ],
        }

    def _counts(self) -> Iterable[Counts]:
        return (counts for report in self.files for counts in report.types.values())
