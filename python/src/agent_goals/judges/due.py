"""Which sessions are to be judged, and what was said in them, from the raw tables."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import duckdb

from agent_goals.contract import GOAL, SESSION, TURN
from agent_goals.ddl import quote
from agent_goals.errors import AgentGoalsError, LoadError
from agent_goals.judges.conversation import Conversation
from agent_goals.judges.evaluators import Criteria
from agent_goals.profile import Target
from agent_goals.raw import RawTables
from agent_goals.warehouse import Warehouse

#: The mart that a selection reads.
SESSIONS = "agent_goals__sessions"

#: The keys of a session's metadata that say what it is judged against.
OBJECTIVE_KEY = "objective"
CRITERIA_KEYS = {"goal": OBJECTIVE_KEY, "expected_output": "expected_output", "expected_assertion": "expected_assertion"}
TOOLS_KEY = "available_tools"


class Key(NamedTuple):
    """A session.

    Attributes:
        environment: where it took place.
        session_id: its id.
    """

    environment: str
    session_id: str


@dataclass(frozen=True, slots=True)
class Session:
    """A session to be judged.

    Attributes:
        key: which one it is.
        conversation: what was said in it.
        criteria: what its record says that it is to be judged against.
    """

    key: Key
    conversation: Conversation
    criteria: Criteria


@dataclass(frozen=True, slots=True)
class Selection:
    """Which sessions are wanted.

    Attributes:
        environments: their environments.
        condition: an SQL condition on the sessions mart; ``None`` for all.
        sample: the share of them, from 0 to 1: always the same ones, and more of them with a larger share.
        again: also those that another version of the judge, or another model, has judged.
    """

    environments: tuple[str, ...] = ("production",)
    condition: str | None = None
    sample: float = 1.0
    again: bool = False


def due_sessions(
    warehouse: Warehouse, target: Target, selection: Selection, *, goal: str, evaluator: str, version: str
) -> list[Key]:
    """The sessions that have turns and no verdict of this evaluator on this goal, or turns that came in after it.

    Args:
        warehouse: the warehouse.
        target: where its tables are.
        selection: which sessions are wanted.
        goal: the goal that is judged.
        evaluator: the judge's name.
        version: the judge's version and model.

    Raises:
        AgentGoalsError: when nothing was loaded yet, or the condition cannot be asked.
    """
    raw = RawTables(target.raw_schema, target.raw_tables)
    for record in (TURN, GOAL):
        if not warehouse.has_table(raw.schema, raw.name(record)):
            raise AgentGoalsError(
                f"there is no table {raw.schema}.{raw.name(record)}: load conversations (records of type turn) first."
            )
    wanted, selected = "", ""
    if selection.condition is not None:
        if not warehouse.has_table(target.schema, SESSIONS):
            raise AgentGoalsError(f"--select looks at {target.schema}.{SESSIONS}, which is not there: run `dbt build` first.")
        mart = f"{quote(target.schema)}.{quote(SESSIONS)}"
        try:
            warehouse.rows(f"select 1 from {mart} where ({selection.condition}) limit 1")
        except (duckdb.Error, LoadError) as error:
            raise AgentGoalsError(
                f"--select {selection.condition!r} is no condition on the columns of {target.schema}.{SESSIONS}: {error}"
            ) from None
        selected = f", selected as (select environment, session_id from {mart} where ({selection.condition}))"
        wanted = "join selected on selected.environment = spoken.environment and selected.session_id = spoken.session_id"
    same_judge = "and evaluator_version = $version" if selection.again else ""
    rows = warehouse.rows(
        f"""with spoken as (
            select environment, session_id, max(loaded_at) as loaded_at from {raw.of(TURN)}
            where environment in (select unnest($environments::text[])) group by environment, session_id
        ),
        judged as (
            select environment, session_id, max(occurred_at) as judged_at from {raw.of(GOAL)}
            where verdict_source = 'judge' and evaluator = $evaluator and goal = $goal {same_judge}
            group by environment, session_id
        ){selected}
        select spoken.environment, spoken.session_id
        from spoken
        {wanted}
        left join judged on judged.environment = spoken.environment and judged.session_id = spoken.session_id
        where judged.judged_at is null or spoken.loaded_at > judged.judged_at
        order by 1, 2""",
        environments=list(selection.environments),
        evaluator=evaluator,
        goal=goal,
        **({"version": version} if selection.again else {}),
    )
    return [key for key in (Key(*row) for row in rows) if _is_sampled(key, selection.sample)]


def _is_sampled(key: Key, share: float) -> bool:
    return share >= 1 or int(hashlib.sha256(json.dumps(key).encode()).hexdigest()[:13], 16) / 16**13 < share


def read_sessions(warehouse: Warehouse, target: Target, keys: Sequence[Key]) -> list[Session]:
    """What was said in sessions, in their order; one whose turns have all gone is left out.

    Args:
        warehouse: the warehouse.
        target: where its tables are.
        keys: the sessions.
    """
    raw = RawTables(target.raw_schema, target.raw_tables)
    ids = sorted({key.session_id for key in keys})
    # Of several rows with one id the last loaded stands, wherever it says that it belongs.
    turns: dict[Key, list[Mapping[str, Any]]] = {}
    for row in warehouse.mappings(
        f"""select environment, session_id, turn_index, role, content, tool_name, tool_call
        from (
            select *, row_number() over (partition by event_id order by loaded_at desc, batch_id desc, occurred_at desc) as nth
            from {raw.of(TURN)}
            where event_id in (
                select event_id from {raw.of(TURN)} where session_id in (select unnest($ids::text[]))
            )
        ) as latest
        where nth = 1
        order by environment, session_id, turn_index, occurred_at, event_id""",
        ids=ids,
    ):
        turns.setdefault(Key(row["environment"], row["session_id"]), []).append(row)
    metadata = _metadata(warehouse, raw, ids)
    return [
        Session(
            key,
            Conversation.of(turns[key], available_tools=_tools(metadata.get(key, {}))),
            Criteria(**{name: _as_text(metadata.get(key, {}).get(said)) for name, said in CRITERIA_KEYS.items()}),
        )
        for key in keys
        if key in turns
    ]


def known_ids(warehouse: Warehouse, target: Target, event_ids: Iterable[str]) -> set[str]:
    """Those of the event ids that goal events have already.

    Args:
        warehouse: the warehouse.
        target: where its tables are.
        event_ids: the ids.
    """
    raw = RawTables(target.raw_schema, target.raw_tables)
    rows = warehouse.rows(
        f"select distinct event_id from {raw.of(GOAL)} where event_id in (select unnest($ids::text[]))", ids=list(event_ids)
    )
    return {event_id for (event_id,) in rows}


def _metadata(warehouse: Warehouse, raw: RawTables, ids: Sequence[str]) -> dict[Key, Mapping[str, Any]]:
    """The metadata of the sessions' records; a later record's keys come before an earlier one's."""
    if not warehouse.has_table(raw.schema, raw.name(SESSION)):
        return {}
    found: dict[Key, dict[str, Any]] = {}
    for environment, session_id, text in warehouse.rows(
        f"""select environment, session_id, metadata from {raw.of(SESSION)}
        where metadata is not null and session_id in (select unnest($ids::text[]))
        order by occurred_at, loaded_at, event_id""",
        ids=ids,
    ):
        found.setdefault(Key(environment, session_id), {}).update(json.loads(text))
    return dict(found)


def _tools(metadata: Mapping[str, Any]) -> tuple[Any, ...]:
    tools = metadata.get(TOOLS_KEY) or ()
    return tuple(tools) if isinstance(tools, list) else (tools,) if tools else ()


def _as_text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)
