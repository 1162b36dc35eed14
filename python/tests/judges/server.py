"""A model's HTTP interface on the loopback address, answering by a script: OpenAI's chat completions and Anthropic's messages.

A judge under test talks to it as it would to the provider: the same packages, the same bytes on a wire.
"""

from __future__ import annotations

import json
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

Wire = Literal["openai", "anthropic"]


@dataclass(frozen=True)
class Request:
    """What a judge sent.

    Attributes:
        number: which request it is, from 1.
        wire: whose interface was spoken.
        headers: its headers, in lower case.
        body: its body.
    """

    number: int
    wire: Wire
    headers: Mapping[str, str]
    body: Mapping[str, Any]

    @property
    def instructions(self) -> str:
        """The system prompt."""
        if self.wire == "anthropic":
            return _text(self.body["system"])
        return "\n".join(_text(m["content"]) for m in self.body["messages"] if m["role"] in ("system", "developer"))

    @property
    def prompt(self) -> str:
        """The first thing that the user says."""
        return _text(next(m["content"] for m in self.body["messages"] if m["role"] == "user"))

    @property
    def data(self) -> dict[str, Any]:
        """The JSON that it is to be judged by."""
        return dict(json.loads(self.prompt))

    @property
    def is_repeat(self) -> bool:
        """Whether an answer before this one was refused."""
        return any(message["role"] == "assistant" for message in self.body["messages"])

    @property
    def tool(self) -> tuple[str, dict[str, Any]]:
        """The tool that the verdict has to be given through, and the schema of its arguments."""
        (tool,) = self.body["tools"]
        tool = tool.get("function", tool)
        return tool["name"], tool.get("parameters") or tool["input_schema"]


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


@dataclass(frozen=True)
class Verdict:
    """An answer in the right form."""

    label: str
    reasoning: str = "Turn 0 asks, the last turn answers."
    input_tokens: int = 1000
    output_tokens: int = 50
    cached_tokens: int = 0
    model: str | None = None


@dataclass(frozen=True)
class Arguments:
    """An answer with these arguments, whatever they are."""

    arguments: str
    input_tokens: int = 1000
    output_tokens: int = 50


@dataclass(frozen=True)
class Status:
    """An error."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    message: str = "not now"


@dataclass(frozen=True)
class Bytes:
    """A body that is no answer at all."""

    body: bytes


@dataclass(frozen=True)
class Late:
    """An answer that begins, or goes on, late: so many seconds before it, and between its bytes."""

    reply: Verdict
    before: float = 0.0
    between: float = 0.0


@dataclass(frozen=True)
class Nothing:
    """The connection is closed without a word."""


Reply = Verdict | Arguments | Status | Bytes | Late | Nothing
Script = Callable[[Request], Reply]


class ModelServer:
    """The server, while it runs.

    Attributes:
        url: its address.
        requests: what it was sent.
        delivered: the requests whose answers went out whole while somebody was there to read them.
    """

    def __init__(self, script: Script) -> None:
        self.script = script
        self.requests: list[Request] = []
        self.delivered: list[Request] = []
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    @property
    def anthropic_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def take(self, wire: Wire, headers: Mapping[str, str], body: Mapping[str, Any]) -> Request:
        with self._lock:
            request = Request(len(self.requests) + 1, wire, headers, body)
            self.requests.append(request)
        return request

    @contextmanager
    def running(self) -> Iterator[ModelServer]:
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()


@contextmanager
def model_server(script: Script) -> Iterator[ModelServer]:
    """Run a server for as long as a test needs it."""
    with ModelServer(script).running() as server:
        yield server


def _handler(server: ModelServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            wire: Wire = "anthropic" if self.path.split("?")[0].endswith("/messages") else "openai"
            assert wire == "anthropic" or self.path.endswith("/chat/completions"), self.path
            request = server.take(wire, {k.lower(): v for k, v in self.headers.items()}, body)
            reply = server.script(request)
            try:
                self._send(request, reply)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True
                return
            if isinstance(reply, Verdict | Arguments):
                server.delivered.append(request)

        def _send(self, request: Request, reply: Reply) -> None:
            between = 0.0
            if isinstance(reply, Late):
                time.sleep(reply.before)
                reply, between = reply.reply, reply.between
            if _has_gone(self.connection):
                raise BrokenPipeError
            if isinstance(reply, Nothing):
                self.close_connection = True
                return
            if isinstance(reply, Status):
                error = {"error": {"type": "error", "message": reply.message}, "type": "error"}
                self._write(reply.status, json.dumps(error).encode(), reply.headers)
            elif isinstance(reply, Bytes):
                self._write(200, reply.body)
            elif request.body.get("stream"):
                self._write(200, _events(request, reply), {"Content-Type": "text/event-stream"})
            else:
                answer = _anthropic(request, reply) if request.wire == "anthropic" else _openai(request, reply)
                self._write(200, json.dumps(answer).encode(), between=between)

        def _write(self, status: int, body: bytes, headers: Mapping[str, str] = {}, between: float = 0.0) -> None:
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if not between:
                self.wfile.write(body)
                return
            for byte in body:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(between)

    return Handler


def _has_gone(connection: socket.socket) -> bool:
    """Whether the other end has hung up."""
    readable, _, _ = select.select([connection], [], [], 0)
    return bool(readable) and not connection.recv(1, socket.MSG_PEEK)


def _arguments(request: Request, reply: Verdict | Arguments) -> str:
    if isinstance(reply, Arguments):
        return reply.arguments
    _, schema = request.tool
    definitions = schema.get("$defs", {})
    resolved = {n: definitions.get(str(p.get("$ref", "")).rpartition("/")[2], p) for n, p in schema["properties"].items()}
    (verdict,) = (name for name, of in resolved.items() if "enum" in of)
    return json.dumps({"reasoning": reply.reasoning, verdict: reply.label})


def _openai(request: Request, reply: Verdict | Arguments) -> dict[str, Any]:
    cached = reply.cached_tokens if isinstance(reply, Verdict) else 0
    call = {"name": request.tool[0], "arguments": _arguments(request, reply)}
    message = {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": f"call_{request.number}", "type": "function", "function": call}],
    }
    return {
        "id": f"chatcmpl-{request.number}",
        "object": "chat.completion",
        "created": 1_770_000_000,
        "model": (reply.model if isinstance(reply, Verdict) else None) or request.body["model"],
        "choices": [{"index": 0, "finish_reason": "tool_calls", "message": message}],
        "usage": {
            "prompt_tokens": reply.input_tokens,
            "completion_tokens": reply.output_tokens,
            "total_tokens": reply.input_tokens + reply.output_tokens,
            "prompt_tokens_details": {"cached_tokens": cached},
        },
    }


def _events(request: Request, reply: Verdict | Arguments) -> bytes:
    """The same as a stream of events."""
    whole = _openai(request, reply)
    (choice,) = whole["choices"]
    (call,) = choice["message"]["tool_calls"]
    base = {**{name: whole[name] for name in ("id", "created", "model")}, "object": "chat.completion.chunk"}
    deltas = [
        ({"role": "assistant", "content": ""}, None),
        ({"tool_calls": [{"index": 0, **call}]}, None),
        ({}, "tool_calls"),
    ]
    chunks = [base | {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]} for delta, reason in deltas]
    chunks.append(base | {"choices": [], "usage": whole["usage"]})
    return b"".join(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks) + b"data: [DONE]\n\n"


def _anthropic(request: Request, reply: Verdict | Arguments) -> dict[str, Any]:
    cached = reply.cached_tokens if isinstance(reply, Verdict) else 0
    arguments = _arguments(request, reply)
    try:
        given = json.loads(arguments)
    except ValueError:
        given = {"oops": arguments}
    return {
        "id": f"msg_{request.number}",
        "type": "message",
        "role": "assistant",
        "model": (reply.model if isinstance(reply, Verdict) else None) or request.body["model"],
        "content": [{"type": "tool_use", "id": f"toolu_{request.number}", "name": request.tool[0], "input": given}],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        # Here the tokens read from the cache stand beside the others.
        "usage": {
            "input_tokens": reply.input_tokens - cached,
            "cache_read_input_tokens": cached,
            "cache_creation_input_tokens": 0,
            "output_tokens": reply.output_tokens,
        },
    }
