"""What every engine is to make the same marts of: the demo, published runs of airline agents, and a hostile set."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dbt.cli.main import dbtRunner

from loading_helpers import write_lines
from project import ROOT, data_set
from real_data.importers import read_lines, tau2_records, tau2_turn_records, write_each, write_records
from reference.definitions import CELLS

from . import hostile
from .engine import FROM_SEEDS, Build, Engine
from .landing import Landing, Row, prepare

DEFINITIONS = ROOT / "seeds" / "definitions"

#: What a build reads besides the raw tables, by the name of its seed.
COLUMNS: Mapping[str, Sequence[str]] = {
    "conformance_goals": CELLS,
    "conformance_rates": ("from_currency", "to_currency", "valid_from", "rate"),
    "conformance_prices": tuple((DEFINITIONS / "model_prices.csv").read_text(encoding="utf-8").splitlines()[0].split(",")),
}
SEEDS = {"goal_definitions": "conformance_goals", "exchange_rates": "conformance_rates", "model_prices": "conformance_prices"}

PROJECT = """
name: conformance
version: 1.0.0
config-version: 2
profile: agent_goals
flags: {send_anonymous_usage_stats: false}
models:
  agent_goals:
    +file_format: "{{ 'iceberg' if target.type == 'spark' else none }}"
"""


@dataclass(frozen=True)
class DataSet:
    """Records with a project that builds the marts of them.

    Attributes:
        build: the project and its vars.
        land: brings the records and definitions to an engine.
        landing: what it brings, where that is raw tables.
    """

    build: Build
    land: Callable[[Engine], None]
    landing: Landing | None = None


def demo(folder: Path) -> DataSet:
    """The demo, from its seeds."""
    return DataSet(FROM_SEEDS, lambda engine: engine.seed(FROM_SEEDS))


def tau2(folder: Path) -> DataSet:
    """344 published runs of seven airline agents, from raw tables; a skipped test when they are not beside the project."""
    source = data_set("tau2_airline_variants")
    sessions, turns = folder / "tau2.ndjson", folder / "turns.ndjson"
    write_each(read_lines(source / "sessions.ndjson.gz"), tau2_records, sessions)
    write_records(tau2_turn_records(read_lines(source / "turns.ndjson.gz")), turns)
    texts = {
        "conformance_goals": read_rows(DEFINITIONS / "goal_definitions.csv"),
        "conformance_rates": [],
        "conformance_prices": read_rows(DEFINITIONS / "model_prices.csv"),
    }
    return from_raw_tables(folder, [sessions, turns], texts, {})


def nasty(folder: Path) -> DataSet:
    """The hostile set, from raw tables, with days of New York."""
    loads = [write_lines(folder / f"load_{number}.ndjson", records) for number, records in enumerate(hostile.loads())]
    texts = {
        "conformance_goals": hostile.definitions(),
        "conformance_rates": hostile.rates(),
        "conformance_prices": hostile.prices(),
    }
    return from_raw_tables(folder, loads, texts, hostile.SETTINGS)


def from_raw_tables(
    folder: Path, loads: Sequence[Path], texts: Mapping[str, Sequence[Row]], settings: Mapping[str, Any]
) -> DataSet:
    """A data set that the helper has loaded, in a project that installs this one."""
    landing = prepare(folder, loads, texts, COLUMNS)
    variables = {f"agent_goals__{name}": value for name, value in {**SEEDS, **settings}.items()}
    build = Build(installing_project(folder / "conformance"), variables)
    return DataSet(build, lambda engine: engine.land(landing, build), landing)


def installing_project(folder: Path) -> Path:
    """A project that installs this one, on Spark with Iceberg tables.

    Its seeds are only headings: their tables are landed like the raw ones.
    """
    seeds = folder / "seeds"
    seeds.mkdir(parents=True)
    for name, columns in COLUMNS.items():
        (seeds / f"{name}.csv").write_text(",".join(columns) + "\n", encoding="utf-8")
    (folder / "packages.yml").write_text(f"packages:\n  - local: {ROOT}\n", encoding="utf-8")
    (folder / "dbt_project.yml").write_text(PROJECT, encoding="utf-8")
    installed = dbtRunner().invoke(["deps", "--project-dir", str(folder), "--profiles-dir", str(ROOT)])
    assert installed.success, installed.exception
    return folder


def read_rows(path: Path) -> list[dict[str, str | None]]:
    """The rows of a CSV file, an empty cell null."""
    with path.open(encoding="utf-8", newline="") as file:
        return [{name: cell or None for name, cell in row.items()} for row in csv.DictReader(file)]


DATA_SETS: Mapping[str, Callable[[Path], DataSet]] = {"demo": demo, "tau2": tau2, "hostile": nasty}
