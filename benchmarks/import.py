"""How fast `agent-goals import` reads traces, beside merely decoding the same lines as JSON, and in how much memory.

    python benchmarks/import.py [--megabytes 1000] [--runs 3] [--layout lines|document]

The file is OTLP as the collector's file exporter writes it: batches of spans from many agents at once, so that a trace is
spread over several lines and its root comes last. Each run has a process of its own; the runs alternate, medians are compared.
"""

# ruff: noqa: PLC0415 (each way imports only what it measures)

from __future__ import annotations

import argparse
import importlib.util
import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

START = 1_767_225_600_000_000_000
BATCH = 64
OPEN_TRACES = 200
WORDS = ["order", "refund", "parcel", "please", "address", "the", "of", "is", "not", "late", "card", "cancel", "flight", "thanks"]


def value(found: Any) -> dict[str, Any]:
    """A value as OTLP has it."""
    if isinstance(found, int):
        return {"intValue": str(found)}
    return {"doubleValue": found} if isinstance(found, float) else {"stringValue": found}


def sentence(random_: random.Random, words: int) -> str:
    """Some words."""
    return " ".join(random_.choice(WORDS) for _ in range(words))


def span(trace: str, id_: str, parent: str, name: str, start: int, seconds: float, attributes: dict[str, Any]) -> dict[str, Any]:
    """An OTLP span."""
    return {
        "traceId": trace,
        "spanId": id_,
        "parentSpanId": parent,
        "name": name,
        "kind": 3,
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(start + int(seconds * 1e9)),
        "attributes": [{"key": key, "value": value(found)} for key, found in attributes.items()],
        "status": {},
    }


def trace_of(number: int, random_: random.Random) -> Iterator[dict[str, Any]]:
    """The spans of one request to an agent, as they end: calls and tools first, the agent last."""
    trace, root = f"{random_.getrandbits(128):032x}", f"{random_.getrandbits(64):016x}"
    start = START + number * 2_000_000_000
    common = {"gen_ai.conversation.id": f"conversation-{number // 3}", "gen_ai.agent.name": random_.choice(["support", "sales"])}
    history = [{"role": "user", "parts": [{"type": "text", "content": sentence(random_, 30)}]}]
    system = json.dumps([{"type": "text", "content": sentence(random_, 60)}])
    total = [0, 0]
    for call in range(random_.randrange(1, 5)):
        answer = {"role": "assistant", "parts": [{"type": "text", "content": sentence(random_, 40)}], "finish_reason": "stop"}
        tokens = (random_.randrange(200, 4_000), random_.randrange(10, 400))
        total = [total[0] + tokens[0], total[1] + tokens[1]]
        attributes = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": "gpt-4o",
            "gen_ai.response.model": "gpt-4o-2024-08-06",
            "gen_ai.response.id": f"chatcmpl-{random_.getrandbits(96):024x}",
            "gen_ai.system_instructions": system,
            "gen_ai.input.messages": json.dumps(history),
            "gen_ai.output.messages": json.dumps([answer]),
            "gen_ai.usage.input_tokens": tokens[0],
            "gen_ai.usage.output_tokens": tokens[1],
            "gen_ai.usage.cache_read.input_tokens": tokens[0] // 2,
            **common,
        }
        yield span(trace, f"{random_.getrandbits(64):016x}", root, "chat gpt-4o", start + call * 2_000_000_000, 1.5, attributes)
        result = sentence(random_, 25)
        attributes = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "look_up", "gen_ai.tool.call.result": result}
        yield span(trace, f"{random_.getrandbits(64):016x}", root, "execute_tool look_up", start, 0.2, attributes | common)
        history = [*history, answer, {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "result": result}]}]
    attributes = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.usage.input_tokens": total[0],
        "gen_ai.usage.output_tokens": total[1],
        **common,
    }
    yield span(trace, root, "", "invoke_agent", start, 9.0, attributes)


def spans() -> Iterator[dict[str, Any]]:
    """Spans of many traces at once, without end."""
    random_ = random.Random(7)
    number = OPEN_TRACES
    open_ = [trace_of(index, random_) for index in range(number)]
    while True:
        index = random_.randrange(len(open_))
        found = next(open_[index], None)
        if found is None:
            open_[index] = trace_of(number, random_)
            number += 1
        else:
            yield found


def generate(path: Path, size: int, layout: str) -> None:
    """Write a file of about ``size`` bytes."""
    resource_ = {"attributes": [{"key": "service.name", "value": {"stringValue": "agents"}}]}
    head, tail = json.dumps({"resource": resource_}).removesuffix("}") + ', "scopeSpans": [{"spans": [', "]}]}"
    found = spans()
    with path.open("w", encoding="utf-8") as file:
        is_document = layout == "document"
        if is_document:
            file.write('{"resourceSpans": [\n' + head)
        while file.tell() < size:
            batch = ", ".join(json.dumps(next(found)) for _ in range(BATCH))
            file.write(f"{batch},\n" if is_document else f'{{"resourceSpans": [{head}{batch}{tail}]}}\n')
        if is_document:
            file.write(f"{json.dumps(next(found))}{tail}\n]}}\n")


def import_it(path: Path, folder: Path) -> int:
    """The product, as its command runs it, records written to a file."""
    from agent_goals.importing.command import run_import
    from agent_goals.importing.traces import Overrides

    report = run_import([path], "auto", folder / "records.ndjson", None, Overrides(), with_turns=True).report
    return report.files[0].things


def decode_it(path: Path, folder: Path) -> int:
    """The standard library's decoder, line by line."""
    with path.open("rb") as file:
        return sum(len(json.loads(line)["resourceSpans"][0]["scopeSpans"][0]["spans"]) for line in file)


def decode_it_with_orjson(path: Path, folder: Path) -> int:
    """The quickest decoder there is for Python, line by line."""
    import orjson

    with path.open("rb") as file:
        return sum(len(orjson.loads(line)["resourceSpans"][0]["scopeSpans"][0]["spans"]) for line in file)


def stream_it(path: Path, folder: Path) -> int:
    """ijson's events of a document, with nothing made of them."""
    import ijson

    with path.open("rb") as file:
        return sum(1 for kind, found in ijson.basic_parse(file) if kind == "map_key" and found == "spanId")


WAYS = {"json": decode_it, "orjson": decode_it_with_orjson, "ijson": stream_it, "agent-goals": import_it}


def run_once(way: str, path: Path) -> None:
    """Run one way in this process and print seconds, CPU seconds, peak megabytes and spans as JSON."""
    with tempfile.TemporaryDirectory() as folder:
        for module in ("agent_goals.importing.command", *(["orjson"] if way == "orjson" else [])):
            importlib.import_module(module)
        started, cpu = time.perf_counter(), time.process_time()
        count = WAYS[way](path, Path(folder))
        seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "cpu": cpu, "peak_mb": peak, "spans": count}))


def main() -> None:
    """Generate, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=1_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--layout", choices=["lines", "document"], default="lines")
    parser.add_argument("--once", nargs=2, metavar=("WAY", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.once:
        run_once(options.once[0], Path(options.once[1]))
        return
    ways = ["ijson"] if options.layout == "document" else ["json"]
    if options.layout == "lines" and importlib.util.find_spec("orjson"):
        ways.append("orjson")
    ways.append("agent-goals")
    results: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "traces.jsonl"
        if options.layout == "document":
            path = path.with_suffix(".json")
        generate(path, options.megabytes * 1_000_000, options.layout)
        megabytes = path.stat().st_size / 1e6
        for _ in range(options.runs):
            for way in ways:
                command = [sys.executable, __file__, "--once", way, str(path)]
                output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
                results[way].append(json.loads(output.splitlines()[-1]))
    print("| file | way | seconds | MB/s | CPU s | peak MB | spans | time against the first |\n" + "| --- " * 8 + "|")
    base = statistics.median(result["seconds"] for result in results[ways[0]])
    for way, measured in results.items():
        median = {key: statistics.median(result[key] for result in measured) for key in measured[0]}
        print(
            f"| {megabytes:,.0f} MB, {options.layout} | {way} | {median['seconds']:.1f} | {megabytes / median['seconds']:.1f} "
            f"| {median['cpu']:.1f} | {median['peak_mb']:.0f} | {median['spans']:,.0f} | {median['seconds'] / base:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
