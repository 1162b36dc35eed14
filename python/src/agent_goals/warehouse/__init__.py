"""The target's warehouse: one that the helper can read and write, whatever its engine.

An engine is one module here. Queries that several engines share are written in what all of them understand, with
parameters as ``$name`` and lists as ``$name::text[]``.
"""

from __future__ import annotations

from collections.abc import Callable

from agent_goals.errors import LoadError
from agent_goals.profile import Target
from agent_goals.warehouse.base import Column, Warehouse
from agent_goals.warehouse.embedded import DuckDB, database_path
from agent_goals.warehouse.landing import Landing
from agent_goals.warehouse.postgres import Postgres

__all__ = ["Column", "DuckDB", "Landing", "Postgres", "Warehouse", "connect", "database_path"]

#: The types of dbt target that there is an engine for.
TYPES = ("duckdb", "postgres")


def connect(
    target: Target,
    *,
    lock_timeout: float = 30.0,
    read_only: bool = False,
    on_wait: Callable[[str], None] = lambda holder: None,
) -> Warehouse:
    """Open the target's database.

    Args:
        target: the dbt target.
        lock_timeout: seconds to wait while another process holds the database.
        read_only: whether nothing will be written.
        on_wait: told once who holds the database, when it has to be waited for.

    Raises:
        LoadError: when the target is of a kind that this version does not know, or its database cannot be opened.
    """
    if target.type == "duckdb":
        return DuckDB.open(target, lock_timeout=lock_timeout, read_only=read_only, on_wait=on_wait)
    if target.type == "postgres":
        return Postgres.open(target, lock_timeout=lock_timeout, read_only=read_only, on_wait=on_wait)
    raise LoadError(
        f"target {target.name!r} of profile {target.profile!r} is of type {target.type!r}: this version of agent-goals "
        f"loads into {' and '.join(TYPES)} only. Choose such a target with --target."
    )
