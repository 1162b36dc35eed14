"""Published data sets and the marts of them, each built once however many tests and processes of pytest-xdist read it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from project import Marts, build_marts, data_set
from real_data.importers import openhands_records, read_lines, tau2_records, tau2_turn_records, write_each, write_records


@cache
def tau2_sessions() -> list[dict[str, Any]]:
    """The lines of ``tau2_airline_variants``, or a skipped test."""
    return list(read_lines(data_set("tau2_airline_variants") / "sessions.ndjson.gz"))


def tau2_marts(base: Path) -> Marts:
    """The marts of ``tau2_airline_variants`` with its turns; ``base`` is where pytest puts temporary files."""

    def build(folder: Path) -> Marts:
        write_each(tau2_sessions(), tau2_records, folder / "records.ndjson")
        turns = read_lines(data_set("tau2_airline_variants") / "turns.ndjson.gz")
        write_records(tau2_turn_records(turns), folder / "turns.ndjson")
        return build_marts(folder, [folder / "records.ndjson", folder / "turns.ndjson"])

    return _built_once(base, "tau2_airline_variants", build)


@cache
def openhands_sessions() -> list[dict[str, Any]]:
    """The lines of ``openhands_index``, or a skipped test."""
    return list(read_lines(data_set("openhands_index") / "sessions.ndjson.gz"))


def openhands_marts(base: Path) -> Marts:
    """The marts of ``openhands_index``; ``base`` is where pytest puts temporary files."""

    def build(folder: Path) -> Marts:
        write_each(openhands_sessions(), openhands_records, folder / "records.ndjson")
        return build_marts(folder, [folder / "records.ndjson"])

    return _built_once(base, "openhands_index", build)


def _built_once(base: Path, name: str, build: Callable[[Path], Marts]) -> Marts:
    """What ``build`` makes in a folder that all processes of one run share; whoever comes later waits for it."""
    data_set(name)
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    folder.mkdir(exist_ok=True)
    built = folder / "built"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not built.exists():
            built.write_text(str(build(folder).path), encoding="utf-8")
    return Marts(Path(built.read_text(encoding="utf-8")))
