"""Spark, through a session in this process."""

from __future__ import annotations

from pyspark.sql import SparkSession

from .engine import FROM_SEEDS, PROJECT, Engine


def open_session() -> SparkSession:
    """The process's one session, which dbt opened with the profile's settings."""
    return SparkSession.builder.getOrCreate()


def close_session() -> None:
    """Stop the session and the connection to its Java process, whose threads would outlive the tests."""
    context = open_session().sparkContext
    context.stop()
    context._gateway.shutdown()


class SparkEngine(Engine):
    """Spark reads the seeds' files itself.

    dbt-spark's session writes them as SQL literals: it breaks on an apostrophe, turns an empty cell into the
    text ``None``, and takes minutes.
    """

    def seed(self) -> None:
        """Load the seeds, each column as text."""
        self.dbt("show", "--inline", "select 1 as one")
        session = open_session()
        for node in self.invoke("parse", *FROM_SEEDS).nodes.values():
            if node.resource_type == "seed":
                session.sql(f"create schema if not exists {node.schema}")
                rows = session.read.csv(str(PROJECT / node.original_file_path), header=True, escape='"', multiLine=True)
                rows.write.mode("overwrite").saveAsTable(node.relation_name)
