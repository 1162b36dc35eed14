"""The rights that a deployment gives to whom, as SQL for PostgreSQL: who loads cannot build, and who reads sees marts only."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from agent_goals.contract import RECORD_TYPES
from agent_goals.ddl import quote
from agent_goals.profile import SEEDS_SCHEMA, Target
from agent_goals.raw import RawTables

LOADER = "agent_goals_loader"
FORGETTER = "agent_goals_forgetter"
BUILDER = "agent_goals_builder"
READER = "agent_goals_reader"

#: What `dbt run` grants on the tables that it makes, by the environment variable that dbt_project.yml reads.
DBT_GRANTS: Mapping[str, Mapping[str, list[str]]] = {
    "AGENT_GOALS_MART_GRANTS": {"select": [READER, FORGETTER], "delete": [FORGETTER]},
    "AGENT_GOALS_STAGING_GRANTS": {"select": [FORGETTER], "delete": [FORGETTER]},
}

_PURPOSES = {
    LOADER: "agent-goals load and sample",
    FORGETTER: "agent-goals forget",
    BUILDER: f"dbt; its profile says `role: {BUILDER}`",
    READER: "BI tools, analysts and agent-goals summary",
}


def role_statements(target: Target) -> Iterable[str]:
    """The statements that make the roles and grant them their rights; running them again changes nothing.

    Args:
        target: the target whose raw tables are there.
    """
    raw = RawTables(target.raw_schema, target.raw_tables)
    marts, staging = quote(target.schema), quote(target.staging_schema)
    seeds = quote(f"{target.schema}_{SEEDS_SCHEMA}")
    records = [raw.of(record) for record in RECORD_TYPES.values()]
    for role, purpose in _PURPOSES.items():
        yield (
            f"-- for {purpose}\n"
            f"do $$ begin if not exists (select from pg_roles where rolname = '{role}') then create role {role}; end if; end $$"
        )
    for schema in (marts, staging, seeds):
        yield f"create schema if not exists {schema} authorization {BUILDER}"
        # It may have been there.
        yield f"grant usage, create on schema {schema} to {BUILDER}"
    yield f"grant usage on schema {quote(raw.schema)} to {LOADER}, {FORGETTER}, {BUILDER}"
    yield f"grant usage on schema {marts} to {FORGETTER}, {READER}"
    yield f"grant usage on schema {staging} to {FORGETTER}"
    yield f"grant select, insert on {', '.join([*records, raw.rejected, raw.ledger, raw.label_samples])} to {LOADER}"
    yield f"grant select on {raw.tombstones} to {LOADER}"
    yield f"grant select, delete on {', '.join([*records, raw.rejected, raw.label_samples])} to {FORGETTER}"
    yield f"grant select, insert on {raw.tombstones} to {FORGETTER}"
    yield f"grant select on {raw.ledger} to {FORGETTER}"
    yield f"grant select on {', '.join([*records, raw.rejected, raw.ledger, raw.tombstones, raw.label_samples])} to {BUILDER}"


def instructions() -> str:
    """What is left to a person, as SQL comments."""
    exports = "\n".join(f"--   export {name}='{json.dumps(grants)}'" for name, grants in DBT_GRANTS.items())
    return (
        "-- Give each login its role: grant agent_goals_loader to my_login.\n"
        "-- Where dbt runs, so that it grants what it makes:\n" + exports
    )
