"""A model provider on the loopback, for tests and the demo: five dialects, streams, tools, failures.

It answers differently every time, as models do: the number of the answer and a few random letters are in each. Where
tools are offered it calls them, with arguments made from their schemas, until their results are in the conversation;
then it speaks. What goes wrong is scripted: `provider.fail(429)`, `provider.hang_up(after=3)`, each for the next
request that asks a model, or over HTTP, `POST /script {"fail": 429}`, where it runs in another process (`python -m
playhead_collector.demo.provider`). Every other path answers with JSON that differs each time, too: the world outside of
models.
"""

from __future__ import annotations

import json
import secrets
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from playhead_collector.demo import speech
from playhead_collector.demo.speech import Call, Json, Said


@dataclass(frozen=True, slots=True)
class Mishap:
    """What goes wrong with one request: a status, or an end after so many pieces of the answer."""

    status: int | None = None
    retry_after: float | None = None
    pieces: int | None = None


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class FakeProvider:
    """Runs from `with` to its end, in threads of its own. `url` has no path: clients add `/v1` and so on."""

    def __init__(self, *, parallel: int = 2, pace: float = 0.0, port: int = 0) -> None:
        self.requests: list[Request] = []
        self.parallel = parallel
        """How many of the tools offered it calls at once."""
        self.pace = pace
        """Seconds between the pieces of a stream."""
        self._mishaps: deque[Mishap] = deque()
        self._answers = 0
        self._lock = threading.Lock()
        provider = self

        class Bound(_Handler):
            of = provider

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Bound)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def fail(self, status: int, *, times: int = 1, retry_after: float | None = 0.0) -> None:
        """The next requests are answered with an error, as each dialect words it."""
        self._mishaps.extend([Mishap(status=status, retry_after=retry_after)] * times)

    def hang_up(self, *, after: int = 3, times: int = 1) -> None:
        """The next requests lose their connection after so many pieces of the answer (of a whole one: half of it)."""
        self._mishaps.extend([Mishap(pieces=after)] * times)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    def serve_forever(self) -> None:
        self._server.serve_forever()

    def mishap(self, body: bytes) -> Mishap | None:
        """What goes wrong with this request."""
        try:
            return self._mishaps.popleft()
        except IndexError:
            return None

    def number(self) -> int:
        with self._lock:
            self._answers += 1
            return self._answers

    def world(self, path: str) -> Json:
        """What is no model answers this."""
        return {"path": path, "number": self.number(), "nonce": secrets.token_hex(3)}

    def say(self, model: str, asked: Asked, size: int) -> Said:
        """The next answer."""
        number = self.number()
        nonce = secrets.token_hex(3)
        ident = f"{number:06d}{nonce}"
        calls: tuple[Call, ...] = ()
        wanted = asked.tools if not asked.results else [tool for tool in asked.tools if tool[0] == "final_result"]
        if wanted:
            made = [(name, _example(schema, nonce)) for name, schema in wanted[: self.parallel]]
            calls = tuple(Call(f"call_{ident}_{at}", name, _object(value)) for at, (name, value) in enumerate(made))
        if asked.schema is not None and not calls:
            text = json.dumps(_example(asked.schema, nonce))
        else:
            text = "" if calls else f"Answer {number} ({nonce}) after {asked.results} results."
        return Said(ident, model, text, calls, tokens_in=size // 4, tokens_out=5 + len(text) // 4 + 8 * len(calls))


@dataclass(frozen=True, slots=True)
class Asked:
    """What matters of a request, in whatever dialect."""

    tools: list[tuple[str, Json]]
    results: int
    """Results of tools since somebody last spoke."""
    schema: Json | None = None
    body: Json | None = None
    """The whole of it, for one who reads more."""


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _example(schema: Json, nonce: str, whole: Json | None = None) -> Any:
    """A value that a JSON schema allows, another one each time where there is a choice."""
    whole = schema if whole is None else whole
    if "$ref" in schema:
        found: Any = whole
        for step in schema["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        return _example(found, nonce, whole)
    for key in ("anyOf", "oneOf", "allOf"):
        if schema.get(key):
            return _example(schema[key][0], nonce, whole)
    if "const" in schema or "enum" in schema:
        return schema.get("const", next(iter(schema.get("enum", ())), None))
    kind = str(schema.get("type", "object")).lower()
    if kind == "object":
        return {name: _example(inner, nonce, whole) for name, inner in schema.get("properties", {}).items()}
    if kind == "array":
        return [_example(schema.get("items", {"type": "string"}), nonce, whole)]
    return {"integer": int(nonce, 16) % 100, "number": 1.5, "boolean": True, "null": None}.get(kind, f"text-{nonce}")


def _chat_asked(body: Json) -> Asked:
    tools = [(t["function"]["name"], t["function"].get("parameters", {})) for t in body.get("tools", ())]
    roles = [message.get("role") for message in body.get("messages", ())]
    form = body.get("response_format") or {}
    return Asked(
        tools if body.get("tool_choice") != "none" else [],
        _trailing(roles, "tool"),
        form.get("json_schema", {}).get("schema"),
        body,
    )


def _trailing(roles: list[Any], role: str) -> int:
    count = 0
    for one in reversed(roles):
        if one != role:
            break
        count += 1
    return count


def _responses_asked(body: Json) -> Asked:
    tools = [(t["name"], t.get("parameters") or {}) for t in body.get("tools", ()) if t.get("type") == "function"]
    given = body.get("input")
    kinds = [item.get("type") for item in given] if isinstance(given, list) else []
    form = (body.get("text") or {}).get("format") or {}
    return Asked(tools, _trailing(kinds, "function_call_output"), form.get("schema"))


def _messages_asked(body: Json) -> Asked:
    tools = [(tool["name"], tool.get("input_schema", {})) for tool in body.get("tools", ())]
    return Asked(tools, _results(body, "tool_result", lambda block: block.get("type")), body=body)


def _results(body: Json, wanted: str, kind: Callable[[Json], Any]) -> int:
    last = (body.get("messages") or [{}])[-1].get("content")
    return sum(kind(block) == wanted for block in last) if isinstance(last, list) else 0


def _gemini_asked(body: Json) -> Asked:
    tools = [
        (one["name"], one.get("parameters") or one.get("parametersJsonSchema") or {})
        for tool in body.get("tools", ())
        for one in tool.get("functionDeclarations", ())
    ]
    contents = body.get("contents") or [{}]
    config = body.get("generationConfig") or {}
    schema = config.get("responseSchema") or config.get("responseJsonSchema")
    return Asked(tools, sum("functionResponse" in part for part in contents[-1].get("parts", ())), schema)


def _bedrock_asked(body: Json) -> Asked:
    specs = [tool["toolSpec"] for tool in (body.get("toolConfig") or {}).get("tools", ()) if "toolSpec" in tool]
    tools = [(spec["name"], spec.get("inputSchema", {}).get("json", {})) for spec in specs]
    return Asked(tools, _results(body, "toolResult", lambda block: next(iter(block), None)))


def _error(path: str, status: int) -> Json:
    words = {
        400: "This model's maximum context length was exceeded. Please reduce the length of the messages.",
        429: "Too many requests",
        500: "The server had an error",
    }.get(status, "Scripted failure")
    if path.endswith("/messages"):
        kind = {429: "rate_limit_error", 529: "overloaded_error"}.get(status, "api_error")
        return {"type": "error", "error": {"type": kind, "message": words}}
    if ":" in path:
        name = {429: "RESOURCE_EXHAUSTED", 503: "UNAVAILABLE"}.get(status, "INTERNAL")
        return {"error": {"code": status, "message": words, "status": name}}
    if path.startswith("/model/"):
        return {"message": words, "__type": "ThrottlingException" if status == 429 else "InternalServerException"}
    code = {400: "context_length_exceeded", 429: "rate_limit_exceeded"}.get(status)
    kind = {400: "invalid_request_error", 429: "requests"}.get(status, "server_error")
    return {"error": {"message": words, "type": kind, "param": None, "code": code}}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # One packet a piece: a client sees the chunks that the server made.
    wbufsize = -1
    of: FakeProvider

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def handle(self) -> None:
        with suppress(ConnectionError, ValueError):  # whoever asked left in the middle of a request or an answer
            super().handle()

    def finish(self) -> None:
        with suppress(ConnectionError):
            super().finish()

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self._read())

    def _read(self) -> bytes:
        if "chunked" not in self.headers.get("transfer-encoding", ""):
            return self.rfile.read(int(self.headers.get("content-length", 0)))
        body = b""
        while size := int(self.rfile.readline().strip() or b"0", 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _answer(self, body: bytes) -> None:
        provider = self.of
        path = urlsplit(self.path).path.rstrip("/")
        if path == "/script":
            told = json.loads(body)
            if "fail" in told:
                provider.fail(told["fail"], times=told.get("times", 1))
            if "hang_up" in told:
                provider.hang_up(after=told["hang_up"], times=told.get("times", 1))
            return self._json({}, None)
        provider.requests.append(Request(self.command, self.path, dict(self.headers.items()), body))
        speak = next((found for ending, found in _SPEAKERS if path.endswith(ending)), None)
        if speak is None or self.command != "POST":
            return self._json(provider.world(path), None)
        mishap = provider.mishap(body)
        if mishap is not None and mishap.status is not None:
            after = () if mishap.retry_after is None else (("retry-after", f"{mishap.retry_after:g}"),)
            return self._json(_error(path, mishap.status), None, status=mishap.status, headers=after)
        return speak(self, path, json.loads(body), len(body), mishap)

    def _json(
        self, value: Any, mishap: Mishap | None, *, status: int = 200, headers: tuple[tuple[str, str], ...] = ()
    ) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        for name, text in headers:
            self.send_header(name, text)
        self.end_headers()
        cut = mishap is not None and mishap.pieces is not None
        self.wfile.write(body[: len(body) // 2] if cut else body)
        self.wfile.flush()
        self.close_connection = self.close_connection or cut

    def _stream(self, pieces: list[bytes], kind: str, mishap: Mishap | None) -> None:
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        # However short the answer is, its end is lost.
        left = len(pieces) if mishap is None or mishap.pieces is None else min(mishap.pieces, len(pieces) - 1)
        for piece in pieces[:left]:
            self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            self.wfile.flush()
            if self.of.pace:
                time.sleep(self.of.pace)
        if left < len(pieces):
            # No last chunk: the client sees a connection that was lost, not an answer that ended.
            self.close_connection = True
        else:
            self.wfile.write(b"0\r\n\r\n")
            self.wfile.flush()

    def say_chat(self, path: str, body: Json, size: int, mishap: Mishap | None) -> None:
        said = self.of.say(body.get("model", "fake"), _chat_asked(body), size)
        if not body.get("stream"):
            return self._json(speech.chat(said), mishap)
        usage = bool((body.get("stream_options") or {}).get("include_usage"))
        return self._stream(speech.chat_stream(said, usage=usage), "text/event-stream", mishap)

    def say_responses(self, path: str, body: Json, size: int, mishap: Mishap | None) -> None:
        said = self.of.say(body.get("model", "fake"), _responses_asked(body), size)
        if not body.get("stream"):
            return self._json(speech.response(said), mishap)
        return self._stream(speech.response_stream(said), "text/event-stream", mishap)

    def say_embeddings(self, path: str, body: Json, size: int, mishap: Mishap | None) -> None:
        said = self.of.say(body.get("model", "fake"), Asked([], 0), size)
        texts = len(body["input"]) if isinstance(body.get("input"), list) else 1
        packed = body.get("encoding_format") == "base64"
        return self._json(speech.embeddings(said, texts, packed=packed, dimensions=body.get("dimensions", 8)), mishap)

    def say_messages(self, path: str, body: Json, size: int, mishap: Mishap | None) -> None:
        said = self.of.say(body.get("model", "fake"), _messages_asked(body), size)
        if not body.get("stream"):
            return self._json(speech.message(said), mishap)
        return self._stream(speech.message_stream(said), "text/event-stream; charset=utf-8", mishap)

    def say_gemini(self, path: str, body: Json, size: int, mishap: Mishap | None) -> None:
        model = path.rpartition("/")[2].partition(":")[0]
        said = self.of.say(model, _gemini_asked(body), size)
        if path.endswith(":generateContent"):
            return self._json(speech.generated(said), mishap)
        told = speech.generated_stream(said)
        if "alt=sse" in self.path:
            return self._stream(speech.sse(told), "text/event-stream", mishap)
        pieces = [(b"[" if at == 0 else b",\r\n") + json.dumps(one).encode() for at, one in enumerate(told)]
        return self._stream([*pieces[:-1], pieces[-1] + b"]"], "application/json; charset=UTF-8", mishap)

    def say_converse(self, path: str, body: Json, size: int, mishap: Mishap | None) -> None:
        said = self.of.say(unquote(path.split("/")[-2]), _bedrock_asked(body), size)
        if path.endswith("/converse"):
            return self._json(speech.converse(said), mishap)
        return self._stream(speech.converse_stream(said), "application/vnd.amazon.eventstream", mishap)


_SPEAKERS: tuple[tuple[str, Callable[[_Handler, str, Json, int, Mishap | None], None]], ...] = (
    ("/chat/completions", _Handler.say_chat),
    ("/responses", _Handler.say_responses),
    ("/embeddings", _Handler.say_embeddings),
    ("/messages", _Handler.say_messages),
    (":generateContent", _Handler.say_gemini),
    (":streamGenerateContent", _Handler.say_gemini),
    ("/converse", _Handler.say_converse),
    ("/converse-stream", _Handler.say_converse),
)


if __name__ == "__main__":
    server = FakeProvider(port=int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    print(server.url, flush=True)
    server.serve_forever()
