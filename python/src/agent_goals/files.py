"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from agent_goals.errors import AgentGoalsError


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


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
