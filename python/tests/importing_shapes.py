"""What the tests of importing share: spans in the shape of a flat list, and imports of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent_goals.importing.report import ImportReport, LeftOut
from agent_goals.importing.run import import_files
from agent_goals.validate import validate_line

SHAPES = Path(__file__).parent / "importing"

SECOND = 1_000_000_000
START = 1_767_225_600 * SECOND


def span(
    id_: str, parent: str | None = None, *, start: float = 0, seconds: float = 1, trace: str = "t1", **others: Any
) -> dict[str, Any]:
    """A span; ``attributes`` names its attributes, ``start`` is in seconds after the first moment of the tests."""
    begin = START + int(start * SECOND)
    return {
        "trace_id": trace,
        "span_id": id_,
        "parent_span_id": parent,
        "name": others.pop("name", id_),
        "start_time": begin,
        "end_time": begin + int(seconds * SECOND),
        "attributes": others.pop("attributes", {}),
        "status": {"code": "OK"},
        "span_events": [],
    } | others


def call(id_: str, parent: str | None, tokens: tuple[int, int] | None = (10, 1), **others: Any) -> dict[str, Any]:
    """A call to a model that reports input and output tokens, or none."""
    attributes = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "small", **others.pop("attributes", {})}
    if tokens is not None:
        attributes |= {"gen_ai.usage.input_tokens": tokens[0], "gen_ai.usage.output_tokens": tokens[1]}
    return span(id_, parent, attributes=attributes, **others)


def agent(id_: str, parent: str | None = None, tokens: tuple[int, int] | None = None, **others: Any) -> dict[str, Any]:
    """An agent that reports the tokens of all that it did, or none."""
    return call(
        id_, parent, tokens, **others | {"attributes": {"gen_ai.operation.name": "invoke_agent", **others.get("attributes", {})}}
    )


def tool(id_: str, parent: str | None, **others: Any) -> dict[str, Any]:
    """A tool's execution."""
    attributes = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "look_up", **others.pop("attributes", {})}
    return span(id_, parent, attributes=attributes, **others)


def text(role: str, content: str) -> dict[str, Any]:
    """A message of OpenTelemetry's form."""
    return {"role": role, "parts": [{"type": "text", "content": content}]}


def said(inputs: Iterable[dict[str, Any]], outputs: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The attributes of a call with messages."""
    return {"gen_ai.input.messages": json.dumps(list(inputs)), "gen_ai.output.messages": json.dumps(list(outputs))}


@dataclass
class Outcome:
    """What an import gave."""

    report: ImportReport
    records: list[dict[str, Any]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    def of(self, record_type: str) -> list[dict[str, Any]]:
        """The records of one type."""
        return [record for record in self.records if record["type"] == record_type]

    def one(self, record_type: str) -> dict[str, Any]:
        """The only record of one type."""
        (record,) = self.of(record_type)
        return record

    @property
    def tokens(self) -> tuple[int, int]:
        """Input and output tokens of all costs."""
        costs = self.of("cost")
        return sum(cost.get("input_tokens", 0) for cost in costs), sum(cost.get("output_tokens", 0) for cost in costs)

    @property
    def codes(self) -> list[str]:
        """Why things became no record."""
        return sorted(thing.code for thing in self.left_out)


def run(*paths: Path, **options: Any) -> Outcome:
    """Import files; every record must be one that the loader takes."""
    lines: list[str] = []
    left_out: list[LeftOut] = []
    report = import_files(paths, lines.append, on_left_out=left_out.append, **options)
    for line in lines:
        assert validate_line(line).accepted, line
    return Outcome(report, [json.loads(line) for line in lines], lines, left_out)


Importer = Callable[..., Outcome]


def importer(folder: Path) -> Importer:
    """Imports values, written as one JSON array."""

    def import_values(*values: Any, name: str = "spans.json", **options: Any) -> Outcome:
        path = folder / name
        path.write_text(json.dumps(values), encoding="utf-8")
        return run(path, **options)

    return import_values
