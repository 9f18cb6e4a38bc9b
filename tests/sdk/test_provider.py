"""The fake provider, read by the readers that real providers are read by: each holds the other to its word."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from playhead.providers import Prompt, read_exchange
from playhead.wire.exchange import Exchange
from playhead_collector.demo.provider import FakeProvider

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}}
CHAT_TOOLS = [{"type": "function", "function": {"name": name, "parameters": SCHEMA}} for name in ("weather", "news")]
HI = [{"role": "user", "content": "hi"}]
ANTHROPIC: dict[str, Any] = {
    "model": "claude",
    "max_tokens": 9,
    "messages": HI,
    "tools": [{"name": name, "input_schema": SCHEMA} for name in ("weather", "news")],
}
GEMINI: dict[str, Any] = {
    "contents": [{"role": "user", "parts": [{"text": "hi"}]}],
    "tools": [{"functionDeclarations": [{"name": name, "parameters": SCHEMA} for name in ("weather", "news")]}],
}
BEDROCK: dict[str, Any] = {
    "messages": [{"role": "user", "content": [{"text": "hi"}]}],
    "toolConfig": {
        "tools": [{"toolSpec": {"name": name, "inputSchema": {"json": SCHEMA}}} for name in ("weather", "news")]
    },
}
CHAT: dict[str, Any] = {"model": "gpt", "messages": HI, "tools": CHAT_TOOLS}
RESPONSES: dict[str, Any] = {
    "model": "gpt",
    "input": "hi",
    "tools": [{"type": "function", "name": name, "parameters": SCHEMA} for name in ("weather", "news")],
}
WITH_USAGE = {"stream": True, "stream_options": {"include_usage": True}}
CASES: list[tuple[str, dict[str, Any]]] = [
    ("/v1/chat/completions", CHAT),
    ("/v1/chat/completions", CHAT | WITH_USAGE),
    ("/v1/responses", RESPONSES),
    ("/v1/responses", RESPONSES | {"stream": True}),
    ("/v1/messages", ANTHROPIC),
    ("/v1/messages", ANTHROPIC | {"stream": True}),
    ("/v1beta/models/gemini:generateContent", GEMINI),
    ("/v1beta/models/gemini:streamGenerateContent?alt=sse", GEMINI),
    ("/v1beta/models/gemini:streamGenerateContent", GEMINI),
    ("/model/claude/converse", BEDROCK),
    ("/model/claude/converse-stream", BEDROCK),
]
STREAMS = [case for case in CASES if "stream" in case[0] or "stream" in case[1]]


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    with FakeProvider() as running:
        yield running


def call(provider: FakeProvider, path: str, body: Any) -> Exchange:
    """An exchange as a transport would tell it."""
    data = json.dumps(body).encode()
    connection = http.client.HTTPConnection(urlsplit(provider.url).netloc, timeout=60)
    began, error = time.monotonic_ns(), None
    connection.request("POST", path, data, {"content-type": "application/json"})
    response = connection.getresponse()
    try:
        came = response.read()
    except http.client.IncompleteRead as cut:
        came, error = cut.partial, "http.client.IncompleteRead"
    connection.close()
    return Exchange(
        method="POST",
        url=provider.url + path,
        request_headers=(("content-type", "application/json"),),
        request_body=data,
        status=response.status,
        response_headers=tuple(response.getheaders()),
        response_body=came,
        error=error,
        began_ns=began,
        first_byte_ns=time.monotonic_ns(),
        ended_ns=time.monotonic_ns(),
        streamed=response.headers.get("transfer-encoding") == "chunked",
    )


def prompt(provider: FakeProvider, path: str, body: Any) -> Prompt:
    found = read_exchange(call(provider, path, body))
    assert found is not None
    return found


@pytest.mark.parametrize(("path", "body"), CASES)
def test_tools_are_called_together_with_arguments_of_their_schema(
    provider: FakeProvider, path: str, body: dict[str, Any]
) -> None:
    told = prompt(provider, path, body)
    parts = told.answered.messages[0]["parts"]
    assert [part["name"] for part in parts if part["type"] == "tool_call"] == ["weather", "news"]
    assert set(parts[-1]["arguments"]) == {"city", "days"}
    assert told.answered.usage.input
    assert told.answered.usage.output
    assert told.failure is None
    assert not told.cut


@pytest.mark.parametrize(("path", "body"), CASES)
def test_it_speaks_where_there_are_no_tools_and_never_twice_the_same(
    provider: FakeProvider, path: str, body: dict[str, Any]
) -> None:
    plain = {key: value for key, value in body.items() if key not in ("tools", "toolConfig")}
    said = [prompt(provider, path, plain).answered.messages[0]["parts"][0]["content"] for _ in range(2)]
    assert said[0].startswith("Answer 1 (")
    assert said[1].startswith("Answer 2 (")


def test_it_speaks_once_the_results_are_in(provider: FakeProvider) -> None:
    result = [*HI, {"role": "assistant", "tool_calls": []}, {"role": "tool", "tool_call_id": "c", "content": "x"}]
    told = prompt(provider, "/v1/chat/completions", CHAT | {"messages": result})
    assert "after 1 results" in told.answered.messages[0]["parts"][0]["content"]


@pytest.mark.parametrize(("path", "body"), CASES)
@pytest.mark.parametrize("status", [429, 500])
def test_failures_come_as_scripted_and_then_stop(
    provider: FakeProvider, path: str, body: dict[str, Any], status: int
) -> None:
    provider.fail(status)
    failed = prompt(provider, path, body)
    assert failed.status == status
    assert failed.failure is not None
    assert failed.failure.type != str(status)
    assert failed.failure.message
    assert prompt(provider, path, body).failure is None


@pytest.mark.parametrize(("path", "body"), STREAMS)
def test_a_connection_lost_in_mid_stream_is_seen_as_one(
    provider: FakeProvider, path: str, body: dict[str, Any]
) -> None:
    provider.hang_up(after=3)
    told = prompt(provider, path, body)
    assert told.cut
    assert told.failure is not None
    assert told.failure.type == "http.client.IncompleteRead"


def test_embeddings_and_the_world_beside_models_are_served(provider: FakeProvider) -> None:
    told = prompt(provider, "/v1/embeddings", {"model": "e", "input": ["a", "b"], "dimensions": 4})
    assert told.attributes()["gen_ai.embeddings.dimension.count"] == 4
    one, two = (json.loads(call(provider, "/orders/7", {}).response_body) for _ in range(2))
    assert one["path"] == "/orders/7"
    assert one["number"] != two["number"]


def test_the_script_can_be_written_from_another_process(provider: FakeProvider) -> None:
    call(provider, "/script", {"fail": 429, "times": 2})
    statuses = [call(provider, "/v1/messages", ANTHROPIC).status for _ in range(3)]
    assert statuses == [429, 429, 200]
    assert [request.path for request in provider.requests] == ["/v1/messages"] * 3
