"""Verdicts on their way into the warehouse: on the disk as soon as they are paid for, in the tables batch by batch.

A verdict is appended to a file of the journal, and is on the disk, before another conversation is asked about. A batch's file is
then loaded like any other, and removed once that is committed. So whatever kills the process, a verdict is in the journal, in the
warehouse, or in both; and as its event id follows from what was judged, landing twice is landing once.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Self

from agent_goals import loading
from agent_goals.errors import AgentGoalsError
from agent_goals.judges.records import Record, as_line
from agent_goals.loading.report import LoadReport
from agent_goals.profile import Target
from agent_goals.spool import SPOOL_DEFAULT, SPOOL_VARIABLE, Spool, finish_abandoned, finished_files
from agent_goals.warehouse import Warehouse

#: The folder of the journals, in that of the spool.
JOURNALS = "judge"

#: A batch is loaded long before.
_NEVER_BYTES, _NEVER_SECONDS = 2**40, 10.0**9


def journal_folder(target: Target, folder: Path | None = None) -> Path:
    """Where the verdicts for one database wait: records for one must not land in another.

    Args:
        target: the database.
        folder: the folder of the journals; else ``judge`` in the spool (``AGENT_GOALS_SPOOL``, else that of the project).
    """
    spool = os.environ.get(SPOOL_VARIABLE)
    journals = folder or (Path(spool) if spool else target.project_dir / SPOOL_DEFAULT) / JOURNALS
    is_reached_by = ("type", "path", "host", "port", "dbname", "database")
    database = [str(target.config.get(name)) for name in is_reached_by]
    key = hashlib.sha256(json.dumps([*database, target.raw_schema, str(target.project_dir)]).encode()).hexdigest()
    return journals / f"{target.name}-{key[:12]}"


class Journal:
    """The journal of one database. One process at a time may have it, as long as it is open as a context."""

    def __init__(self, folder: Path, open_warehouse: Callable[[], Warehouse], target: Target) -> None:
        """Make a journal; its folder is made when it is entered.

        Args:
            folder: its folder.
            open_warehouse: opens the database to load into.
            target: the database.
        """
        self.folder = folder
        self._open_warehouse = open_warehouse
        self._target = target
        self._spool = Spool(folder, fsync=True, rotate_bytes=_NEVER_BYTES, rotate_seconds=_NEVER_SECONDS)
        self._lock: int | None = None

    def __enter__(self) -> Self:
        """Take the journal.

        Raises:
            AgentGoalsError: when another process has it.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / "lock"
        self._lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._lock, 20, 0).decode(errors="replace") or "unknown"
            os.close(self._lock)
            raise AgentGoalsError(
                f"another `agent-goals judge` (PID {holder}) is judging for this database, and both would pay for the same"
                f" conversations: wait for it. (It holds {path}.)"
            ) from None
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, str(os.getpid()).encode(), 0)
        return self

    def __exit__(self, *_: object) -> None:
        """Give the journal up."""
        if self._lock is not None:
            os.close(self._lock)

    @property
    def has_waiting(self) -> bool:
        """Whether there are records that an earlier run did not come to load."""
        return any(self.folder.glob("*.ndjson*"))

    def add(self, records: Iterable[Record]) -> None:
        """Keep what belongs together: all of it or, when that fails, none.

        Raises:
            OSError: when it cannot be written.
        """
        self._spool.append([as_line(record) for record in records])

    def load(self) -> LoadReport | None:
        """Load all that is kept, in one batch; ``None`` when there is nothing.

        Raises:
            LoadError: when the warehouse cannot be written to; everything stays in the journal.
        """
        self._spool.close()
        finish_abandoned(self.folder)
        files = finished_files(self.folder)
        if not files:
            return None
        with self._open_warehouse() as warehouse:
            report = loading.load(
                warehouse, loading.find_sources(files), schema=self._target.raw_schema, tables=self._target.raw_tables
            )
        for path in files:
            path.unlink()
        return report
