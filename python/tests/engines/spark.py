"""Spark, through a session in this process."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import files
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql.functions import col
from pyspark.sql.types import TimestampType

from project import ROOT

from .engine import Build, Engine, Rows, as_mappings


def open_session() -> SparkSession:
    """The process's one session, which dbt opened with the profile's settings."""
    return SparkSession.builder.getOrCreate()


def iceberg_jar() -> Path:
    """Iceberg's runtime for Spark 3.5 and the Scala that PyPI's pyspark is made with."""
    installed = files("snowpark-connect-deps-iceberg") or []
    (jar,) = [path for path in installed if path.match("iceberg-spark-runtime-3.5_2.12-*.jar")]
    return Path(str(jar.locate()))


def close_session() -> None:
    """Stop the session and the connection to its Java process, whose threads would outlive the tests."""
    context = open_session().sparkContext
    context.stop()
    context._gateway.shutdown()


@dataclass(frozen=True)
class SparkEngine(Engine):
    """Spark, which reads files itself."""

    def rows(self, query: str) -> Rows:
        """Run a query. A moment comes as the clock of the session's zone shows it, which a build leaves at UTC."""
        found = open_session().sql(query)
        for field in found.schema:
            if isinstance(field.dataType, TimestampType):
                # Python's own zone would shift it otherwise.
                found = found.withColumn(field.name, col(field.name).cast("timestamp_ntz"))
        return as_mappings(found.columns, found.collect())

    def execute(self, statement: str) -> None:
        """Run a statement."""
        open_session().sql(statement)

    def fill(self, relation: str, parquet: Path) -> None:
        """Insert a file's rows."""
        self.execute(f"insert into {relation} select * from parquet.`{parquet}`")

    def seed(self, build: Build) -> None:
        """Load the seeds, each column as text.

        dbt-spark's session writes them as SQL literals: it breaks on an apostrophe, turns an empty cell into the
        text ``None``, and takes minutes.
        """
        session = open_session()
        for node in self.nodes(build):
            if node.resource_type == "seed":
                session.sql(f"create schema if not exists {node.schema}")
                rows = session.read.csv(str(ROOT / node.original_file_path), header=True, escape='"', multiLine=True)
                # The catalogue can make a table of any format, but replace none other than Iceberg's.
                session.sql(f"drop table if exists {node.relation_name}")
                rows.write.saveAsTable(node.relation_name)
