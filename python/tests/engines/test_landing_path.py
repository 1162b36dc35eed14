"""What a load writes to a landing path, read by Spark where it is: value by value what landed in a DuckDB file."""

from __future__ import annotations

from pathlib import Path

from agent_goals.ddl import create_schema, raw_tables
from agent_goals.warehouse.landing import views
from loading_helpers import LandingPath, Warehouse, write_lines

from . import hostile
from .engine import Engine
from .test_conformance import differences

SCHEMA = "landed"


def test_spark_reads_the_hostile_set_where_it_landed(spark_engine: Engine, tmp_path: Path) -> None:
    landed, database = LandingPath(tmp_path / "a landing's path"), Warehouse()
    for number, records in enumerate(hostile.loads()):
        file = write_lines(tmp_path / f"load_{number}.ndjson", records)
        assert landed.load(file).count_loaded == database.load(file).count_loaded > 0
    for statement in (create_schema(SCHEMA, "spark"), *views(landed.folder, SCHEMA, "spark")):
        spark_engine.execute(statement)
    for table in raw_tables():
        names = [column.name for column in table.columns if column.name not in ("loaded_at", "batch_id")]
        expected = [
            dict(zip(names, row, strict=True)) for row in database.rows(f"select {', '.join(names)} from raw.{table.name}")
        ]
        found = spark_engine.rows(f"select {', '.join(names)} from {SCHEMA}.{table.name}")
        assert len(found) == len(expected)
        assert not [*differences(found, expected)], table.name
