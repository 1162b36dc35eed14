"""What the tests of `agent-goals judge` share: conversations, a database of them, and the command."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
from click.testing import CliRunner, Result

from agent_goals.cli import main
from loading_helpers import write_lines

from .server import ModelServer, Reply, Request, Verdict

DATABASE = "shop.duckdb"

Row = tuple[Any, ...]


def turns(session_id: str, *said: tuple[str, str], minute: int = 0, **fields: Any) -> Iterator[dict[str, Any]]:
    """Turn records of one session."""
    for index, (role, content) in enumerate(said):
        yield {
            "type": "turn",
            "session_id": session_id,
            "occurred_at": f"2026-02-01T10:{minute:02d}:{index:02d}Z",
            "turn_index": index,
            "role": role,
            "content": content,
        } | fields


def parcel(session_id: str, answer: str = "It was delivered.", **fields: Any) -> list[dict[str, Any]]:
    """A short conversation, whose first turn names its session, so that a script knows which one it judges."""
    return list(turns(session_id, ("user", f"Where is parcel {session_id}?"), ("assistant", answer), **fields))


def load(project: Path, *records: list[dict[str, Any]], name: str = "records.ndjson") -> None:
    path = write_lines(project / name, [record for each in records for record in each])
    result = CliRunner().invoke(main, ["load", str(path)])
    assert result.exit_code == 0, result.output


def judge(server: ModelServer, *arguments: str, model: str = "small-judge") -> Result:
    """Run `agent-goals judge` in this process."""
    command = ["judge", "--model", model, "--base-url", server.url, *arguments]
    return CliRunner().invoke(main, command)


def judged(server: ModelServer, *arguments: str, exit_code: int = 0, model: str = "small-judge") -> dict[str, Any]:
    """Run it, and give what it says with --json."""
    result = judge(server, *arguments, "--json", model=model)
    assert result.exit_code == exit_code, result.output
    return dict(json.loads(result.stdout))


def rows(query: str, database: Path | str = DATABASE) -> list[Row]:
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(query.replace("raw.", "agent_goals_raw.")).fetchall()


def session_of(request: Request) -> str:
    """The session that a request is about, from the first turn of its conversation."""
    return str(request.data["conversation"][0]["content"]).removeprefix("Where is parcel ").removesuffix("?")


def yes(request: Request) -> Reply:
    return Verdict("Yes")


def verdict_by_session(labels: dict[str, str]) -> Callable[[Request], Reply]:
    return lambda request: Verdict(labels[session_of(request)])


PRICED = ("--input-price", "1", "--output-price", "10")
