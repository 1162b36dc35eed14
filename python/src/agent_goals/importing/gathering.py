"""Things that belong together, gathered from wherever they stand: on disk, so that memory does not grow with the file.

It is an external merge sort: what fits into memory is sorted and written as a run, and the runs are merged as they are read.
"""

from __future__ import annotations

import heapq
import pickle
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

#: How many bytes are held in memory before they go to disk.
_HELD_BYTES = 32_000_000

#: How many runs are read at once: each is an open file.
_MOST_RUNS = 200

_key_of = itemgetter(0)


class Gathering:
    """Things under keys, given back key by key, in the order of keys and under a key in the order in which they came.

    Args:
        folder: a folder of its own for what does not fit into memory; the caller removes it.
    """

    def __init__(self, folder: Path) -> None:  # noqa: D107 (the class says it)
        self.count = 0
        self._folder = folder
        self._held: list[tuple[str, bytes]] = []
        self._held_bytes = 0
        self._runs: list[Path] = []
        self._runs_made = 0

    def add(self, key: str, thing: Any) -> None:
        """Keep a thing under a key."""
        pickled = pickle.dumps(thing, protocol=5)
        self._held.append((key, pickled))
        self._held_bytes += len(pickled)
        self.count += 1
        if self._held_bytes >= _HELD_BYTES:
            self._held.sort(key=_key_of)
            self._write_run(self._held)
            self._held, self._held_bytes = [], 0
            if len(self._runs) >= _MOST_RUNS:
                merged = self._runs
                self._runs = []
                self._write_run(heapq.merge(*map(_run, merged), key=_key_of))
                for path in merged:
                    path.unlink()

    def groups(self) -> Iterator[tuple[str, list[Any]]]:
        """Every key with its things. Nothing may be added afterwards."""
        self._held.sort(key=_key_of)
        merged = heapq.merge(*map(_run, self._runs), self._held, key=_key_of)
        for key, things in groupby(merged, _key_of):
            # What is read back is only what this very object has written to its own folder.
            yield key, [pickle.loads(thing) for _, thing in things]

    def _write_run(self, things: Iterable[tuple[str, bytes]]) -> None:
        path = self._folder / f"{self._runs_made}.run"
        self._runs_made += 1
        with path.open("wb") as file:
            for thing in things:
                pickle.dump(thing, file, protocol=5)
        self._runs.append(path)


def _run(path: Path) -> Iterator[tuple[str, bytes]]:
    with path.open("rb") as file:
        while True:
            try:
                yield pickle.load(file)
            except EOFError:
                return
