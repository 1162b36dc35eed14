"""A folder of NDJSON files that many processes append to at a time and that ``agent-goals load`` takes.

Each writer appends to a file of its own, so no line is ever torn by another writer. The file is named ``….ndjson.open``
and locked while it is written; when it is large or old enough, or its writer closes, it is renamed to ``….ndjson`` and
nobody writes to it again. A file whose writer died is finished by the next writer that opens the folder, or by
``finish_abandoned``; nothing is ever appended to it, so a line torn by the death costs no other line.

How durable a line is: once ``append`` returns, the operating system has it, and it survives the death of the process by
any signal. It survives a power cut or a crash of the machine only once the system has written its page cache to the disk
(some 30 seconds on Linux), unless the spool was made with ``fsync=True``: then ``append`` waits for the disk.

The locks are ``flock`` locks: the folder belongs on a local POSIX file system.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

#: Names the spool's folder where none is given.
SPOOL_VARIABLE = "AGENT_GOALS_SPOOL"

#: The spool's folder, in the working directory, where nothing else is said.
SPOOL_DEFAULT = "agent_goals_spool"

FINISHED_SUFFIX = ".ndjson"
OPEN_SUFFIX = ".ndjson.open"


def spool_folder(folder: str | os.PathLike[str] | None = None) -> Path:
    """The spool's folder: the one given, else the environment's ``AGENT_GOALS_SPOOL``, else ``agent_goals_spool`` here."""
    return Path(folder or os.environ.get(SPOOL_VARIABLE) or SPOOL_DEFAULT)


def finished_files(folder: str | os.PathLike[str]) -> list[Path]:
    """The files that are complete and may be loaded, the oldest first."""
    return sorted(Path(folder).glob(f"*{FINISHED_SUFFIX}"))


def finish_abandoned(folder: str | os.PathLike[str]) -> list[Path]:
    """Finish the files whose writers died without closing them.

    Files that a living writer holds are left alone.

    Args:
        folder: the spool's folder; it need not exist.

    Returns:
        The files that are now finished, the oldest first.

    Raises:
        OSError: when a file cannot be opened or renamed.
    """
    finished = []
    for path in sorted(Path(folder).glob(f"*{OPEN_SUFFIX}")):
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:  # its writer, or another process that finishes files, was faster
            continue
        try:
            if _lock(descriptor) and _is_at(descriptor, path) and (target := _finish(descriptor, path)):
                finished.append(target)
        finally:
            os.close(descriptor)
    return finished


class Spool:
    """Appends lines to a file of its own in a folder. Threads may share it; processes may not (see ``forget``)."""

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        fsync: bool = False,
        rotate_bytes: int = 64 * 2**20,
        rotate_seconds: float = 60.0,
    ) -> None:
        """Make a spool; its folder and file are made when the first line is appended.

        Args:
            folder: where the files are.
            fsync: whether ``append`` waits until the lines are on the disk.
            rotate_bytes: a file of at least this size is finished and a new one begun.
            rotate_seconds: so is a file that was begun at least this long ago.
        """
        self.folder = Path(folder)
        self._fsync = fsync
        self._rotate_bytes = rotate_bytes
        self._rotate_seconds = rotate_seconds
        self._lock = threading.Lock()
        self._descriptor: int | None = None
        self._path = self.folder
        self._size = 0
        self._begun_at = 0.0

    def append(self, lines: Sequence[bytes]) -> None:
        """Append lines, all of them or, when that fails, none.

        Args:
            lines: each without a line break.

        Raises:
            ValueError: when a line contains a line break.
            OSError: when the lines cannot be written (disk full, no permission, ...).
        """
        if any(b"\n" in line for line in lines):
            raise ValueError("a spooled line must not contain a line break")
        data = b"".join([line + b"\n" for line in lines])
        with self._lock:
            descriptor = self._open()
            try:
                _write_all(descriptor, data)
                if self._fsync:
                    os.fsync(descriptor)
            except BaseException:
                self._undo(descriptor)
                raise
            self._size += len(data)

    def rotate_if_due(self) -> None:
        """Finish the current file if it is large or old enough, which ``append`` does too before it writes.

        Raises:
            OSError: when it cannot be renamed.
        """
        with self._lock:
            self._finish_if_due()

    def close(self) -> None:
        """Finish the current file, if any. A later ``append`` begins another.

        Raises:
            OSError: when it cannot be renamed.
        """
        with self._lock:
            self._finish()

    def forget(self) -> None:
        """Leave the current file to another process: to be called in a child process after ``fork``."""
        self._lock = threading.Lock()  # the parent's may be held by a thread that the child does not have
        self._let_go()

    def _open(self) -> int:
        self._finish_if_due()
        if self._descriptor is not None:
            return self._descriptor
        self.folder.mkdir(parents=True, exist_ok=True)
        finish_abandoned(self.folder)
        while True:
            name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}Z-{os.getpid()}-{secrets.token_hex(4)}{OPEN_SUFFIX}"
            path = self.folder / name
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o666)
            # Between its creation and its lock the file looks abandoned, and another process may take it.
            if _lock(descriptor) and _is_at(descriptor, path):
                break
            os.close(descriptor)
        if self._fsync:
            _sync_folder(self.folder)
        self._descriptor, self._path, self._size, self._begun_at = descriptor, path, 0, time.monotonic()
        return descriptor

    def _undo(self, descriptor: int) -> None:
        """Take back what a failed append left behind; where even that fails, never append to the torn line."""
        try:
            os.ftruncate(descriptor, self._size)
        except OSError:
            self._let_go()

    def _finish_if_due(self) -> None:
        if self._size >= self._rotate_bytes or time.monotonic() - self._begun_at >= self._rotate_seconds:
            self._finish()

    def _finish(self) -> None:
        if self._descriptor is None:
            return
        try:
            _finish(self._descriptor, self._path)
            if self._fsync:
                _sync_folder(self.folder)
        finally:
            self._let_go()

    def _let_go(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_at(descriptor: int, path: Path) -> bool:
    """Whether the open file is still the one at the path."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False


def _finish(descriptor: int, path: Path) -> Path | None:
    """Rename the file, which the caller has locked, to its finished name; an empty one is removed instead."""
    if os.fstat(descriptor).st_size == 0:
        path.unlink()
        return None
    target = path.with_name(path.name.removesuffix(OPEN_SUFFIX) + FINISHED_SUFFIX)
    path.rename(target)
    return target


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
