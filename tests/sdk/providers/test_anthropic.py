"""Anthropic's messages: from Anthropic, Bedrock and Vertex."""

from __future__ import annotations

import base64
import json
from typing import Any

from tests.sdk.providers.exchanges import BEDROCK, FRAMES, MESSAGES, SSE, exchange, frames, messages, prompt, sse

from playhead.providers import read_exchange

ASKED: dict[str, Any] = {
    "model": "claude-sonnet-4-5",
    "max_tokens": 1500,
    "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
    "messages": [
        {"role": "user", "content": "Weather in Paris and Rome?"},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "Two calls.", "signature": "Erc..."},
                {"type": "redacted_thinking", "data": "EmwK"},
                {"type": "tool_use", "id": "t1", "name": "weather", "input": {"city": "Paris"}},
                {"type": "tool_use", "id": "t2", "name": "weather", "input": {"city": "Rome"}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "21C"}]},
                {"type": "tool_result", "tool_use_id": "t2", "content": "no such city", "is_error": True},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
                {"type": "document", "title": "Guide", "source": {"type": "file", "file_id": "file_1"}},
            ],
        },
    ],
    "tools": [
        {"name": "weather", "description": "Now", "input_schema": {"type": "object"}},
        {"type": "web_search_20250305", "name": "web_search", "max_uses": 3},
    ],
    "temperature": 1,
    "top_k": 40,
    "stop_sequences": ["END"],
}
USAGE = {
    "input_tokens": 30,
    "cache_read_input_tokens": 12,
    "cache_creation_input_tokens": 4,
    "output_tokens": 17,
    "service_tier": "standard",
}
ANSWER: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-4-5-20250929",
    "content": [
        {"type": "thinking", "thinking": "Oslo, too.", "signature": "Erc..."},
        {"type": "text", "text": "Let me check."},
        {"type": "tool_use", "id": "t3", "name": "weather", "input": {"city": "Oslo"}},
        {"type": "tool_use", "id": "t4", "name": "now", "input": {}},
    ],
    "stop_reason": "tool_use",
    "stop_sequence": None,
    "usage": USAGE,
}


def events() -> list[dict[str, Any]]:
    def start(index: int, block: dict[str, Any]) -> dict[str, Any]:
        return {"type": "content_block_start", "index": index, "content_block": block}

    def delta(index: int, **what: str) -> dict[str, Any]:
        return {"type": "content_block_delta", "index": index, "delta": what}

    begun = {**ANSWER, "content": [], "stop_reason": None, "usage": {**USAGE, "output_tokens": 1}}
    return [
        {"type": "message_start", "message": begun},
        start(0, {"type": "thinking", "thinking": "", "signature": ""}),
        {"type": "ping"},
        delta(0, type="thinking_delta", thinking="Oslo, "),
        delta(0, type="thinking_delta", thinking="too."),
        delta(0, type="signature_delta", signature="Erc..."),
        {"type": "content_block_stop", "index": 0},
        start(1, {"type": "text", "text": ""}),
        delta(1, type="text_delta", text="Let me "),
        delta(1, type="text_delta", text="check."),
        {"type": "content_block_stop", "index": 1},
        start(2, {"type": "tool_use", "id": "t3", "name": "weather", "input": {}}),
        delta(2, type="input_json_delta", partial_json=""),
        delta(2, type="input_json_delta", partial_json='{"ci'),
        delta(2, type="input_json_delta", partial_json='ty": "Oslo"}'),
        {"type": "content_block_stop", "index": 2},
        start(3, {"type": "tool_use", "id": "t4", "name": "now", "input": {}}),
        {"type": "content_block_stop", "index": 3},
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 17}},
        {"type": "message_stop"},
    ]


def test_a_conversation_with_thinking_tools_and_media_becomes_messages() -> None:
    told = prompt(MESSAGES, ASKED, ANSWER)
    user, assistant, results = messages(told, "gen_ai.input.messages")
    assert user == {"role": "user", "parts": [{"type": "text", "content": "Weather in Paris and Rome?"}]}
    assert assistant["parts"] == [
        {"type": "reasoning", "content": "Two calls."},
        {"type": "reasoning", "content": "", "encrypted": True},
        {"type": "tool_call", "id": "t1", "name": "weather", "arguments": {"city": "Paris"}},
        {"type": "tool_call", "id": "t2", "name": "weather", "arguments": {"city": "Rome"}},
    ]
    assert results["parts"][:2] == [
        {"type": "tool_call_response", "id": "t1", "response": "21C"},
        {"type": "tool_call_response", "id": "t2", "response": "no such city", "is_error": True},
    ]
    picture, guide = results["parts"][2:]
    assert (picture["type"], picture["mime_type"], picture["size"]) == ("blob", "image/png", 3)
    assert guide == {"type": "file", "modality": "document", "name": "Guide", "file_id": "file_1"}


def test_tokens_of_the_cache_are_part_of_the_input() -> None:
    attributes = prompt(MESSAGES, ASKED, ANSWER).attributes()
    told = {key: value for key, value in attributes.items() if "messages" not in key}
    assert json.loads(str(told.pop("gen_ai.system_instructions"))) == [{"type": "text", "content": "Be brief."}]
    assert json.loads(str(told.pop("gen_ai.tool.definitions"))) == [
        {"type": "function", "name": "weather", "description": "Now", "parameters": {"type": "object"}},
        {"type": "web_search_20250305", "name": "web_search", "max_uses": 3},
    ]
    assert told == {
        "gen_ai.provider.name": "anthropic",
        "server.address": "api.anthropic.com",
        "server.port": 443,
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "claude-sonnet-4-5",
        "gen_ai.request.max_tokens": 1500,
        "gen_ai.request.temperature": 1,
        "gen_ai.request.top_k": 40,
        "gen_ai.request.stop_sequences": ("END",),
        "gen_ai.response.model": "claude-sonnet-4-5-20250929",
        "gen_ai.response.id": "msg_1",
        "gen_ai.response.finish_reasons": ("tool_use",),
        "gen_ai.usage.input_tokens": 46,
        "gen_ai.usage.output_tokens": 17,
        "gen_ai.usage.cache_read.input_tokens": 12,
        "gen_ai.usage.cache_write.input_tokens": 4,
        "anthropic.response.service_tier": "standard",
        "http.response.status_code": 200,
    }


def test_a_stream_says_what_the_whole_answer_would() -> None:
    streamed = prompt(MESSAGES, {**ASKED, "stream": True}, sse(*events(), named=True), headers=SSE)
    assert streamed.attributes() == {
        **prompt(MESSAGES, ASKED, ANSWER).attributes(),
        "gen_ai.request.stream": True,
        "gen_ai.response.time_to_first_chunk": 0.5,
    }


def test_a_stream_that_was_cut_does_not_tell_the_output_tokens_of_its_first_event() -> None:
    told = prompt(MESSAGES, {**ASKED, "stream": True}, sse(*events()[:15], named=True)[:-3], headers=SSE)
    assert told.cut
    assert [part["type"] for part in messages(told)[0]["parts"]] == ["reasoning", "text", "tool_call"]
    assert messages(told)[0]["parts"][2]["arguments"] == '{"ci'
    assert told.attributes()["gen_ai.usage.input_tokens"] == 46
    assert "gen_ai.usage.output_tokens" not in told.attributes()
    assert "gen_ai.response.finish_reasons" not in told.attributes()
    told = prompt(MESSAGES, {**ASKED, "stream": True}, sse(*events()[:12], named=True), headers=SSE)
    assert messages(told)[0]["parts"][2] == {"type": "tool_call", "id": "t3", "name": "weather"}


def test_an_overload_within_a_stream_is_the_calls_error() -> None:
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    told = prompt(MESSAGES, {**ASKED, "stream": True}, sse(*events()[:9], error, named=True), headers=SSE)
    assert told.attributes()["error.type"] == "overloaded_error"
    assert messages(told)[0]["parts"][1] == {"type": "text", "content": "Let me "}


def test_an_error_is_named_by_the_providers_type() -> None:
    body = {"type": "error", "error": {"type": "rate_limit_error", "message": "Slow down"}, "request_id": "req_1"}
    told = prompt(MESSAGES, ASKED, body, status=429)
    assert told.attributes()["error.type"] == "rate_limit_error"
    assert told.failure is not None
    assert told.failure.message == "Slow down"


def test_the_providers_own_tools_keep_what_they_found() -> None:
    found = [{"type": "web_search_result", "url": "https://example.org", "title": "T", "encrypted_content": "x"}]
    content = [
        {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"query": "weather"}},
        {"type": "web_search_tool_result", "tool_use_id": "s1", "content": found},
    ]
    call, result = messages(prompt(MESSAGES, ASKED, {**ANSWER, "content": content}))[0]["parts"]
    assert call["server_tool_call"] == {"type": "web_search", "input": {"query": "weather"}}
    assert result["id"] == "s1"
    assert result["server_tool_call_response"]["content"] == found


def test_bedrock_passes_anthropics_form_on_in_frames() -> None:
    asked = {key: value for key, value in ASKED.items() if key != "model"} | {"anthropic_version": "bedrock-2023-05-31"}
    passed = [
        ("chunk", {"bytes": base64.b64encode(json.dumps(event).encode()).decode(), "p": "abc"}) for event in events()
    ]
    told = prompt(f"{BEDROCK}/invoke-with-response-stream", asked, frames(*passed), headers=FRAMES)
    assert told.call.provider == "aws.bedrock"
    assert told.asked.model == "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"
    assert messages(told) == messages(prompt(MESSAGES, ASKED, ANSWER))
    assert not told.cut


def test_vertex_names_the_model_in_the_path() -> None:
    host = "https://europe-west1-aiplatform.googleapis.com"
    url = f"{host}/v1/projects/p/locations/l/publishers/anthropic/models/claude-sonnet-4-5@20250929:rawPredict"
    asked = {key: value for key, value in ASKED.items() if key != "model"} | {"anthropic_version": "vertex-2023-10-16"}
    told = prompt(url, asked, ANSWER)
    assert (told.call.provider, told.asked.model) == ("gcp.vertex_ai", "claude-sonnet-4-5@20250929")
    # Other makers' models are served at the same path, in forms of their own.
    assert read_exchange(exchange(url, {"instances": [{"prompt": "x"}]}, {})) is None
