"""The record contract for others to read: JSON Schema for producers, dbt sources for the package."""

from __future__ import annotations

from typing import Any

import yaml

from agent_goals.contract import (
    GOAL,
    INTEGER_LIMIT,
    LOAD_FIELDS,
    NUMBER_LIMIT,
    NUMBER_PATTERN,
    RECORD_TYPES,
    TIMESTAMP_PATTERN,
    Field,
    RecordType,
)
from agent_goals.ddl import LABEL_SAMPLES, REJECTED_RECORDS, TOMBSTONES
from agent_goals.profile import RAW_SCHEMA_DEFAULT, RAW_SCHEMA_VAR
from agent_goals.validate import TYPE_FIELD

DIALECT = "https://json-schema.org/draft/2020-12/schema"

#: The dbt source's name, whatever the schema is called.
SOURCE_NAME = "agent_goals_raw"

#: When the goal events, which every project has, count as stale. An empty table is stale, so no other has a limit of its own.
FRESHNESS = {"warn_after": {"count": 36, "period": "hour"}, "error_after": {"count": 7, "period": "day"}}

_TEXT = {"type": "string", "pattern": r"^[^\u0000]*$"}
_ABSENT = [{"type": "null"}, {"const": ""}]


def json_schema(record: RecordType) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of one record type.

    It accepts what a load accepts, but for what JSON Schema cannot say: real dates, exact limits of numbers sent as text,
    and the rules over several fields.
    """
    return {
        "$schema": DIALECT,
        "title": record.name,
        "description": record.description,
        "type": "object",
        "properties": {
            TYPE_FIELD: {
                "description": "The type of record; may be left out where the file's name says it.",
                "const": record.name,
            },
            **{field.name: _property(field) for field in record.columns},
        },
        "required": [field.name for field in record.columns if field.required],
        "additionalProperties": False,
    }


def _property(field: Field) -> dict[str, Any]:
    accepted = _accepted(field)
    described: dict[str, Any] = {"description": field.description}
    if field.default is not None:
        described["default"] = field.default
    if field.required:
        return {**described, **(accepted[0] if len(accepted) == 1 else {"anyOf": accepted})}
    return {**described, "anyOf": [*accepted, *_ABSENT]}


def _accepted(field: Field) -> list[dict[str, Any]]:  # noqa: PLR0911 (one return a type)
    """What a present value may be, one schema for each form."""
    if field.choices:
        return [{"enum": list(field.choices)}]
    match field.type:
        case "string":
            return [{**_TEXT, "minLength": 1}]
        case "boolean":
            return [{"type": "boolean"}, {"type": "string", "pattern": "^([tT][rR][uU][eE]|[fF][aA][lL][sS][eE])$"}]
        case "number" | "money" | "integer":
            limit = INTEGER_LIMIT if field.type == "integer" else NUMBER_LIMIT
            lowest = {"exclusiveMinimum": -limit} if field.minimum is None else {"minimum": field.minimum}
            kind = "integer" if field.type == "integer" else "number"
            return [{"type": kind, **lowest, "exclusiveMaximum": limit}, {"type": "string", "pattern": f"^({NUMBER_PATTERN})$"}]
        case "timestamp":
            return [{"type": "string", "pattern": f"^({TIMESTAMP_PATTERN})$"}]
        case "object":
            return [{"type": "object"}]
        case "strings":
            return [{"type": "array", "items": _TEXT}]


def dbt_sources() -> str:
    """The YAML of the dbt source over the raw tables."""
    tables = [
        {
            "name": record.table,
            "identifier": f"{{{{ var('agent_goals__{record.table}_table', '{record.table}') }}}}",
            "description": record.description,
            "config": {"loaded_at_field": "loaded_at", **({"freshness": FRESHNESS} if record is GOAL else {})},
            "columns": [{"name": column.name, "description": column.description} for column in record.columns + LOAD_FIELDS],
        }
        for record in RECORD_TYPES.values()
    ]
    tables += [
        {
            "name": table.name,
            "description": table.description,
            "columns": [{"name": column.name, "description": column.description} for column in table.columns],
        }
        for table in (REJECTED_RECORDS, TOMBSTONES, LABEL_SAMPLES)
    ]
    source = {
        "name": SOURCE_NAME,
        "description": "The records as they were loaded: written by `agent-goals load`, whose contract these columns are.",
        "database": "{{ var('agent_goals__raw_database', none) or (target.database | default(none)) }}",
        "schema": f"{{{{ var('{RAW_SCHEMA_VAR}', '{RAW_SCHEMA_DEFAULT}') }}}}",
        "tables": tables,
    }
    return "# Written by `agent-goals schema --format dbt-sources`.\n" + yaml.safe_dump(
        {"version": 2, "sources": [source]}, sort_keys=False, width=130
    )
