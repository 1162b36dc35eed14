"""Things that belong together, gathered from wherever they stand: on disk, so that memory does not grow with the file."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

#: How much is held in memory before it goes to disk.
_HELD_BYTES = 16_000_000
_HELD_COUNT = 20_000

#: What DuckDB may take to put them in order; what does not fit spills to the folder.
_MEMORY = "256MB"

_SCHEMA = pa.schema([("key", pa.string()), ("number", pa.int64()), ("thing", pa.binary())])


class Gathering:
    """Things under keys, given back key by key in the order in which they came.

    Args:
        folder: a folder of its own for what does not fit into memory; the caller removes it.
    """

    def __init__(self, folder: Path) -> None:  # noqa: D107 (the class says it)
        self._connection = duckdb.connect(
            str(folder / "gathered.duckdb"),
            config={"memory_limit": _MEMORY, "temp_directory": str(folder / "spilled"), "threads": 2},
        )
        self._connection.execute("create table gathered (key varchar, number bigint, thing blob)")
        self._keys: list[str] = []
        self._things: list[bytes] = []
        self._held = 0
        self._count = 0

    def add(self, key: str, thing: Any) -> None:
        """Keep a thing under a key."""
        # What is read back is only what this very object has written to its own folder.
        pickled = pickle.dumps(thing, protocol=5)
        self._keys.append(key)
        self._things.append(pickled)
        self._held += len(pickled)
        if self._held >= _HELD_BYTES or len(self._keys) >= _HELD_COUNT:
            self._spill()

    def groups(self) -> Iterator[tuple[str, list[Any]]]:
        """Every key with its things. Nothing may be added afterwards."""
        self._spill()
        relation = self._connection.execute("select key, thing from gathered order by key, number")
        current: str | None = None
        things: list[Any] = []
        while rows := relation.fetchmany(500):
            for key, thing in rows:
                if key != current:
                    if current is not None:
                        yield current, things
                    current, things = key, []
                things.append(pickle.loads(thing))
        if current is not None:
            yield current, things

    @property
    def count(self) -> int:
        """How many things were added."""
        return self._count + len(self._keys)

    def close(self) -> None:
        """Give the folder up."""
        self._connection.close()

    def _spill(self) -> None:
        if not self._keys:
            return
        numbers = range(self._count, self._count + len(self._keys))
        batch = pa.table([pa.array(self._keys, pa.string()), pa.array(numbers, pa.int64()), pa.array(self._things, pa.binary())],
                         schema=_SCHEMA)  # fmt: skip
        self._connection.register("batch", batch)
        self._connection.execute("insert into gathered select * from batch")
        self._connection.unregister("batch")
        self._count += len(self._keys)
        self._keys, self._things, self._held = [], [], 0
