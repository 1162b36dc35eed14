"""What tells that a file has been loaded before: its SHA-256."""

from __future__ import annotations

from concurrent.futures import Executor

from agent_goals.loading.sources import Source


class Digest:
    """A file's SHA-256, taken in another thread: a first load needs it at its end only.

    Args:
        source: the file, before it is read.
        executor: what takes it.
    """

    def __init__(self, source: Source, executor: Executor) -> None:  # noqa: D107 (the class says it)
        self._source = source
        self._version = _version(source)
        self._taken = executor.submit(source.sha256)

    def result(self) -> str | None:
        """The digest in hexadecimal; ``None`` where the file has changed since, so nobody knows what of it was read.

        Raises:
            OSError: when the file cannot be read.
        """
        sha256 = self._taken.result()
        return sha256 if _version(self._source) == self._version else None


def _version(source: Source) -> tuple[int, int]:
    status = source.path.stat()
    return status.st_size, status.st_mtime_ns
