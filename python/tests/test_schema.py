from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import jsonschema
import pytest
import yaml

from agent_goals.contract import LOAD_FIELDS, RECORD_TYPES
from agent_goals.ddl import LABEL_SAMPLES, LOAD_BATCHES, REJECTED_RECORDS, TOMBSTONES, create_all
from agent_goals.schema import dbt_sources, json_schema
from agent_goals.validate import validate
from loading_helpers import goal

SOURCES = Path(__file__).parents[2] / "models" / "staging" / "_agent_goals__sources.yml"


@pytest.mark.parametrize("record", RECORD_TYPES.values(), ids=list(RECORD_TYPES))
def test_each_schema_is_a_valid_draft_2020_12(record: Any) -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema(record))


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"type": "goal", "metadata": {"a": 1}, "sub_goals_achieved": ["a"]},
        {"achieved": None, "value": "", "reason": None},
        {"achieved": "FALSE", "value": "1e3", "score": "-.5", "threshold": 1},
        {"achieved": "yes"},
        {"achieved": 2},
        {"session_id": 17},
        {"session_id": ""},
        {"session_id": None},
        {"session_id": "a\0"},
        {"goal": None},
        {"value": 1e12},
        {"value": "1_000"},
        {"metadata": [1]},
        {"metadata": "{}"},
        {"sub_goals_achieved": [1]},
        {"verdict_source": "derived"},
        {"threshold_operator": ">"},
        {"occurred_at": "tomorrow"},
        {"occurred_at": 5},
        {"occured_at": "2026-01-01T00:00:00Z"},
        {"type": "cost"},
    ],
)
def test_the_schema_accepts_what_a_load_accepts(fields: dict[str, Any]) -> None:
    record = goal(**fields)
    said_type = record.get("type", "goal")
    accepted = validate(record, "goal").accepted and said_type == "goal"
    assert jsonschema.Draft202012Validator(json_schema(RECORD_TYPES["goal"])).is_valid(record) is accepted


def test_the_dbt_sources_name_every_column_of_every_raw_table() -> None:
    source = yaml.safe_load(dbt_sources())["sources"][0]
    assert source["name"] == "agent_goals_raw"
    columns = {table["name"]: [column["name"] for column in table["columns"]] for table in source["tables"]}
    records = {r.table: [field.name for field in r.columns + LOAD_FIELDS] for r in RECORD_TYPES.values()}
    others = {table.name: [field.name for field in table.columns] for table in (REJECTED_RECORDS, TOMBSTONES, LABEL_SAMPLES)}
    assert columns == records | others
    assert all(column["description"] for table in source["tables"] for column in table["columns"])


def test_the_committed_sources_are_the_contracts() -> None:
    assert SOURCES.read_text() == dbt_sources(), "run `agent-goals schema --format dbt-sources` and write it to that file"


def test_the_ddl_makes_the_contracts_columns() -> None:
    with duckdb.connect() as connection:
        for statement in create_all("landed", names={"cost_events": "bills"}) * 2:
            connection.execute(statement)
        found = dict(
            connection.execute(
                "select table_name, list(column_name order by ordinal_position) from information_schema.columns group by all"
            ).fetchall()
        )
    expected = {record.table: [field.name for field in record.columns + LOAD_FIELDS] for record in RECORD_TYPES.values()}
    expected["bills"] = expected.pop("cost_events")
    for table in (REJECTED_RECORDS, LOAD_BATCHES, TOMBSTONES, LABEL_SAMPLES):
        expected[table.name] = [column.name for column in table.columns]
    assert found == expected


def test_each_dialect_has_its_own_types_and_quotes() -> None:
    assert '"value" numeric(38, 18)' in "".join(create_all("raw", "postgres"))
    assert "`occurred_at` timestamp_ntz" in "".join(create_all("raw", "spark"))
