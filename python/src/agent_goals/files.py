"""Files that are written whole or not at all, and by one process at a time."""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from agent_goals.errors import AgentGoalsError

_WAIT_SECONDS = 0.1


class WriteError(AgentGoalsError):
    """The file could not be written; the message says what to do."""


def write_whole(path: Path, text: str) -> None:
    """Write a file whole or not at all: whoever reads it meanwhile sees the old one.

    Raises:
        WriteError: when it cannot be written.
    """
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with open(descriptor, "w", encoding="utf-8", newline="") as file:
                file.write(text)
            # A temporary file is its owner's only; the new one gets what any new file would.
            os.chmod(name, 0o666 & ~_umask())
            os.replace(name, path)
        except BaseException:
            os.unlink(name)
            raise
    except OSError as error:
        raise WriteError(
            f"cannot write {path}: {error.strerror}. Name a file in a folder that exists and that you may write to."
        ) from error


def settle(path: Path) -> None:
    """Wait until a file or folder is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def alone(lock: Path, timeout: float, doing: str, on_wait: Callable[[str], None] = lambda holder: None) -> Iterator[None]:
    """Keep other processes out that take the same lock. It ends with the process, however that ends.

    Args:
        lock: the file that stands for it, made when it is missing.
        timeout: seconds to wait for another process.
        doing: what the other process is doing, and where, for the error's sentence.
        on_wait: told once that another process has to be waited for.

    Raises:
        WriteError: when the file cannot be made.
        AgentGoalsError: when another process has it all the time.
    """
    deadline = time.monotonic() + timeout
    told = False
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise WriteError(f"cannot write {lock}: {error.strerror}. Name a place in a folder that you may write to.") from error
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise AgentGoalsError(
                        f"another process is {doing}, still after {timeout:g} s: wait longer with --lock-timeout."
                    ) from None
                if not told:
                    on_wait(f"another process that is {doing}")
                    told = True
                time.sleep(_WAIT_SECONDS)
        yield
    finally:
        os.close(descriptor)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
