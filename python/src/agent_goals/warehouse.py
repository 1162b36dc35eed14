"""The connection to the target's warehouse. A warehouse that the loader is to write to gets a branch here."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from agent_goals.errors import LoadError
from agent_goals.profile import Target

_WAIT_SECONDS = 0.2


def connect(
    target: Target,
    *,
    lock_timeout: float = 30.0,
    read_only: bool = False,
    on_wait: Callable[[str], None] = lambda holder: None,
) -> duckdb.DuckDBPyConnection:
    """Open the target's database.

    Args:
        target: the dbt target.
        lock_timeout: seconds to wait while another process holds the database.
        read_only: whether nothing will be written.
        on_wait: told once who holds the database, when it has to be waited for.

    Raises:
        LoadError: when the target is of a kind this version cannot load into, or its database cannot be opened.
    """
    if target.type != "duckdb":
        raise LoadError(
            f"target {target.name!r} of profile {target.profile!r} is of type {target.type!r}: this version of agent-goals "
            "loads into DuckDB only. Choose a target of type duckdb with --target."
        )
    path = database_path(target)
    if read_only and not path.exists():
        raise LoadError(f"there is no database at {path} yet: load records, then run `dbt build`.")
    deadline = time.monotonic() + lock_timeout
    told = False
    while True:
        try:
            return duckdb.connect(str(path), read_only=read_only)
        except duckdb.Error as error:
            message = str(error)
            if "lock" not in message.lower():
                raise LoadError(f"{path} cannot be opened: {message}") from None
            holder = _holder(message)
            if time.monotonic() >= deadline:
                raise LoadError(
                    f"{path} is locked by {holder}, still after {lock_timeout:g} s: nothing was written. "
                    "Close it there, or wait longer with --lock-timeout."
                ) from None
            if not told:
                on_wait(holder)
                told = True
            time.sleep(_WAIT_SECONDS)


def database_path(target: Target) -> Path:
    """The DuckDB file of a target; a relative path starts at the project's folder, where dbt runs.

    Raises:
        LoadError: when the target keeps its database in memory only.
    """
    path = str(target.config.get("path") or ":memory:")
    if path.startswith(":memory:"):
        raise LoadError(
            f"target {target.name!r} of profile {target.profile!r} is in memory only: give it a `path` in profiles.yml."
        )
    return target.project_dir / Path(path).expanduser()


def _holder(message: str) -> str:
    """The process that DuckDB's message names."""
    found = re.search(r"Conflicting lock is held in (.+?\(PID \d+\)(?: by user [^.]+)?)", message)
    return found.group(1) if found else "another process"
