"""Iceberg tables on Spark take what incremental models need: rows deleted by a query, appended, and merged."""

from __future__ import annotations

import pytest

from .engine import Build, Engine

SESSIONS = "values ('production', 'a', 1), ('production', 'b', 2), ('staging', 'a', 3), (null, 'a', 4)"
TOUCHED = "values ('production', 'a', 10), (null, 'a', 40), ('production', 'new', 50)"

#: Ways to say which rows go; every one but the first reads a null as equal to a null.
CONDITIONS = {
    "in": "(environment, session_id) in (select environment, session_id from {{ ref('touched') }})",
    "exists": """exists (
        select 1 from {{ ref('touched') }} as touched
        where touched.environment <=> {{ this }}.environment and touched.session_id = {{ this }}.session_id
    )""",
    "exists_not_distinct": """exists (
        select 1 from {{ ref('touched') }} as touched
        where touched.environment is not distinct from {{ this }}.environment and touched.session_id = {{ this }}.session_id
    )""",
}

PROJECT = """
name: iceberg
version: 1.0.0
config-version: 2
profile: agent_goals
flags: {send_anonymous_usage_stats: false}
models: {+file_format: iceberg}
"""


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """A project with a table that a pre-hook deletes from for each condition, and one that is merged into."""
    folder = tmp_path_factory.mktemp("iceberg_project") / "iceberg"
    models = folder / "models"
    models.mkdir(parents=True)
    (folder / "dbt_project.yml").write_text(PROJECT, encoding="utf-8")
    columns = "as rows_sent (environment, session_id, count_events)"
    (models / "touched.sql").write_text(
        f"{{{{ config(materialized='table') }}}}\nselect * from {TOUCHED} {columns}", encoding="utf-8"
    )
    rows = f"select * from {{% if is_incremental() %}} {TOUCHED} {{% else %}} {SESSIONS} {{% endif %}} {columns}"
    for name, condition in CONDITIONS.items():
        delete = f"{{% if is_incremental() %}} delete from {{{{ this }}}} where {condition} {{% endif %}}"
        (models / f"deleted_{name}.sql").write_text(
            "-- depends_on: {{ ref('touched') }}\n"
            "{% set delete_touched %} {% raw %} " + delete + " {% endraw %} {% endset %}\n"
            "{{ config(materialized='incremental', incremental_strategy='append', pre_hook=delete_touched) }}\n" + rows,
            encoding="utf-8",
        )
    (models / "merged.sql").write_text(
        "{{ config(materialized='incremental', incremental_strategy='merge', unique_key=['environment', 'session_id']) }}\n"
        + rows,
        encoding="utf-8",
    )
    (models / "seen.sql").write_text(
        "{{ config(materialized='view') }}\nselect '{{ var(\"said\", \"first\") }}' as said", encoding="utf-8"
    )
    return Build(folder)


def test_a_view_that_is_replaced_says_what_it_says_now(spark_engine: Engine, build: Build) -> None:
    for said in ("first", "second"):
        nodes = spark_engine.dbt("run", "--select", "seen", build=Build(build.project, {"said": said}))
        assert spark_engine.rows(f"select * from {nodes['seen'].relation_name}") == [{"said": said}]


def test_touched_rows_are_replaced_on_iceberg_tables(spark_engine: Engine, build: Build) -> None:
    spark_engine.dbt("run", "--full-refresh", build=build)
    nodes = spark_engine.dbt("run", build=build)

    untouched, sent = (
        {("production", "b", 2), ("staging", "a", 3)},
        {("production", "a", 10), (None, "a", 40), ("production", "new", 50)},
    )
    kept_null = {(None, "a", 4)}
    expected = {f"deleted_{name}": untouched | sent | (kept_null if name == "in" else set()) for name in CONDITIONS}
    expected["merged"] = untouched | sent | kept_null
    for name, rows in expected.items():
        relation = nodes[name].relation_name
        assert provider(spark_engine, relation) == "iceberg"
        found = spark_engine.rows(f"select environment, session_id, count_events from {relation}")
        assert sorted(map(repr, (tuple(row.values()) for row in found))) == sorted(map(repr, rows)), name


def provider(engine: Engine, relation: str) -> str:
    """The format that a table is stored in."""
    (row,) = [row for row in engine.rows(f"describe extended {relation}") if row["col_name"] == "Provider"]
    return str(row["data_type"])
