"""Which exchanges are model calls, at which provider; and that no body, however strange, raises."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.properties import examples
from tests.sdk.providers.exchanges import (
    BEDROCK,
    CHAT,
    EMBEDDINGS,
    FRAMES,
    GEMINI,
    JSON,
    MESSAGES,
    RESPONSES,
    SSE,
    exchange,
    prompt,
    sse,
)

from playhead.providers import read_exchange, read_request

ASKED = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


@pytest.mark.parametrize(
    ("url", "provider"),
    [
        ("https://api.openai.com/v1/chat/completions", "openai"),
        ("https://eu.api.openai.com/v1/chat/completions", "openai"),
        ("https://openrouter.ai/api/v1/chat/completions", "openrouter"),
        ("https://api.together.xyz/v1/chat/completions", "together_ai"),
        ("https://api.groq.com/openai/v1/chat/completions", "groq"),
        ("https://api.mistral.ai/v1/chat/completions", "mistral_ai"),
        ("https://team.openai.azure.com/openai/deployments/d/chat/completions?api-version=1", "azure.ai.openai"),
        ("https://generativelanguage.googleapis.com/v1beta/openai/chat/completions", "gcp.gemini"),
        ("http://127.0.0.1:11434/v1/chat/completions", "openai"),
        ("http://vllm.internal:8000/v1/chat/completions/", "openai"),
    ],
)
def test_whoever_speaks_openais_dialect_is_read_and_named_by_its_host(url: str, provider: str) -> None:
    call = read_request("POST", url, JSON, json.dumps(ASKED).encode())
    assert call is not None
    assert call.provider == provider
    assert call.name == "chat m"


def test_azure_names_the_deployment_in_the_path_where_the_body_names_no_model() -> None:
    url = "https://team.openai.azure.com/openai/deployments/my%20gpt/chat/completions?api-version=1"
    call = read_request("POST", url, JSON, json.dumps({"messages": []}).encode())
    assert call is not None
    assert call.asked.model == "my gpt"


@pytest.mark.parametrize(
    ("method", "url", "body"),
    [
        ("GET", "https://api.openai.com/v1/responses", b""),
        ("POST", "https://api.openai.com/v1/responses/resp_1/cancel", b"{}"),
        ("POST", "https://api.anthropic.com/v1/messages/count_tokens", b'{"messages": [], "max_tokens": 1}'),
        ("POST", "https://api.openai.com/v1/threads/t/messages", b'{"role": "user", "content": "x"}'),
        ("POST", "https://chat.example/api/messages", b'{"text": "x"}'),
        ("POST", "https://chat.example/api/messages", b'{"messages": ["x"]}'),
        ("POST", "https://survey.example/responses", b'{"answer": 1}'),
        ("POST", "https://survey.example/responses", b"not json"),
        ("POST", "https://shop.example/orders", b"{}"),
        ("POST", "https://[bad/chat/completions", b"{}"),
        ("POST", "https://host:99999/v1/chat/completions", b"{}"),
    ],
)
def test_other_exchanges_are_left_alone(method: str, url: str, body: bytes) -> None:
    assert read_exchange(exchange(url, body, {}, method=method)) is None


def test_a_request_nobody_can_read_is_still_a_call_where_the_host_is_a_provider() -> None:
    told = prompt(CHAT, b"{broken", {"error": {"message": "bad JSON", "type": "invalid_request_error"}}, status=400)
    assert told.attributes() == {
        "gen_ai.provider.name": "openai",
        "server.address": "api.openai.com",
        "server.port": 443,
        "gen_ai.operation.name": "chat",
        "http.response.status_code": 400,
        "error.type": "invalid_request_error",
    }


def test_compressed_bodies_are_read() -> None:
    answer = json.dumps({"choices": [{"message": {"content": "hello"}, "finish_reason": "stop"}]}).encode()
    raw = zlib.compressobj(wbits=-15)
    for encoding, body in (
        ("gzip", gzip.compress(answer)),
        ("deflate", zlib.compress(answer)),
        ("deflate", raw.compress(answer) + raw.flush()),
        # A client that decoded the body and left the header.
        ("gzip", answer),
        ("br", answer),
        ("deflate", answer),
    ):
        told = prompt(CHAT, ASKED, body, headers=(*JSON, ("Content-Encoding", encoding)))
        assert told.answered.messages[0]["parts"][0]["content"] == "hello", encoding


def test_a_compressed_request_is_read() -> None:
    headers = (*JSON, ("content-encoding", "gzip"))
    call = read_request("POST", CHAT, headers, gzip.compress(json.dumps(ASKED).encode()))
    assert call is not None
    assert call.asked.model == "m"


def test_a_compressed_stream_that_was_cut_gives_what_can_be_unpacked() -> None:
    chunks = [{"choices": [{"delta": {"content": f"{n} {'x' * (n * 37 % 91)} "}}]} for n in range(2_000)]
    body = gzip.compress(sse(*chunks))
    told = prompt(CHAT, {**ASKED, "stream": True}, body[: len(body) // 2], headers=(*SSE, ("Content-Encoding", "gzip")))
    assert told.cut
    assert "500 " in told.answered.messages[0]["parts"][0]["content"]


def test_a_body_that_nothing_here_can_decode_leaves_the_answer_unknown() -> None:
    told = prompt(CHAT, ASKED, b"\x1b\x00\xf8", headers=(*JSON, ("Content-Encoding", "br")))
    assert told.answered.messages == ()
    assert told.attributes()["http.response.status_code"] == 200


WORDS = st.sampled_from(
    [
        "role",
        "content",
        "text",
        "type",
        "id",
        "name",
        "arguments",
        "function",
        "index",
        "delta",
        "message",
        "messages",
        "choices",
        "tool_calls",
        "usage",
        "input",
        "output",
        "parts",
        "candidates",
        "contents",
        "contentBlockIndex",
        "toolUse",
        "start",
        "input_tokens",
        "finish_reason",
        "system",
        "tools",
        "error",
        "reasoning",
        "summary",
        "item",
        "output_index",
        "response",
        "image_url",
        "source",
        "data",
        "functionCall",
        "args",
        "prompt_tokens_details",
        "audio",
        "content_block",
        "message_delta",
        "content_block_delta",
        "content_block_start",
        "response.output_text.delta",
        "function_call",
        "function_call_output",
        "tool_use",
        "tool_result",
        "thinking",
        "image",
        "document",
        "user",
        "assistant",
        "embedding",
        "model",
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=6),
    max_leaves=25,
)
ADDRESSES = (
    CHAT,
    CHAT.replace("/chat", ""),
    RESPONSES,
    EMBEDDINGS,
    MESSAGES,
    f"{GEMINI}:generateContent",
    f"{GEMINI}:streamGenerateContent",
    f"{BEDROCK}/converse",
    f"{BEDROCK}/converse-stream",
)


@examples(60, 3000)
@given(
    st.sampled_from(ADDRESSES),
    st.dictionaries(WORDS, VALUES, max_size=6),
    st.lists(st.dictionaries(WORDS, VALUES, max_size=5), max_size=5),
    st.sampled_from([JSON, SSE, FRAMES]),
)
def test_no_body_raises_and_every_attribute_is_one_that_a_span_can_carry(
    url: str, request: dict[str, Any], answers: list[dict[str, Any]], headers: Any
) -> None:
    from playhead.providers.recognise import _ENDINGS

    asked = {"messages": [], "contents": [], "input": "", "prompt": "", "max_tokens": 1, "stream": True, **request}
    call = read_request("POST", url, JSON, json.dumps(asked).encode())
    if call is None:
        return
    # Past the net that read_exchange holds out: the readers themselves must not need it.
    dialect = next(found for pattern, found in _ENDINGS if found is call.dialect)
    dialect.asked(asked)
    dialect.answered(answers[0] if answers else {})
    dialect.answered(dialect.assembled(answers)[0])
    told = prompt(url, asked, sse(*answers), headers=headers)
    for key, value in told.attributes().items():
        assert isinstance(value, (str, bool, int, float, tuple)), key
