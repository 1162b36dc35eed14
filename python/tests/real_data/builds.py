"""Published data sets and the marts of them, each built once in a process however many files of tests ask for it.

Their tests are of one xdist group each, named as the data set is, so that one process has them all.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from project import Marts, build_marts, data_set
from real_data.importers import openhands_records, read_lines, tau2_records, tau2_turn_records, write_each, write_records


@cache
def tau2_sessions() -> list[dict[str, Any]]:
    """The lines of ``tau2_airline_variants``, or a skipped test."""
    return list(read_lines(data_set("tau2_airline_variants") / "sessions.ndjson.gz"))


@cache
def tau2_marts(base: Path) -> Marts:
    """The marts of ``tau2_airline_variants`` with its turns, in a folder below ``base``."""
    folder = base / "tau2_airline_variants"
    folder.mkdir(exist_ok=True)
    write_each(tau2_sessions(), tau2_records, folder / "records.ndjson")
    turns = read_lines(data_set("tau2_airline_variants") / "turns.ndjson.gz")
    write_records(tau2_turn_records(turns), folder / "turns.ndjson")
    return build_marts(folder, [folder / "records.ndjson", folder / "turns.ndjson"])


@cache
def openhands_sessions() -> list[dict[str, Any]]:
    """The lines of ``openhands_index``, or a skipped test."""
    return list(read_lines(data_set("openhands_index") / "sessions.ndjson.gz"))


@cache
def openhands_marts(base: Path) -> Marts:
    """The marts of ``openhands_index``, in a folder below ``base``."""
    folder = base / "openhands_index"
    folder.mkdir(exist_ok=True)
    write_each(openhands_sessions(), openhands_records, folder / "records.ndjson")
    return build_marts(folder, [folder / "records.ndjson"])
