"""OpenAI's chat completions, whole and streamed."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from tests.sdk.providers.exchanges import CHAT, SSE, messages, prompt, sse

WEATHER = {"type": "function", "function": {"name": "weather", "description": "Now", "parameters": {"type": "object"}}}
ASKED = {
    "model": "gpt-4o-mini",
    "messages": [
        {"role": "system", "content": "You are brief."},
        {"role": "user", "content": "Paris and Rome?"},
    ],
    "tools": [WEATHER],
    "temperature": 0.2,
    "top_p": 0.9,
    "max_completion_tokens": 200,
    "seed": 7,
    "stop": "END",
}
TWO_CALLS = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "model": "gpt-4o-mini-2024-07-18",
    "system_fingerprint": "fp_1",
    "service_tier": "default",
    "choices": [
        {
            "index": 0,
            "finish_reason": "tool_calls",
            "message": {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Paris"}'}},
                    {"id": "c2", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Rome"}'}},
                ],
            },
        }
    ],
    "usage": {
        "prompt_tokens": 42,
        "completion_tokens": 17,
        "total_tokens": 59,
        "prompt_tokens_details": {"cached_tokens": 12},
        "completion_tokens_details": {"reasoning_tokens": 5},
    },
}


def chunk(delta: dict[str, Any], *, index: int = 0, finish: str | None = None, **more: Any) -> dict[str, Any]:
    choice = {"index": index, "delta": delta, "finish_reason": finish}
    return {"id": "chatcmpl-1", "model": "gpt-4o-mini-2024-07-18", "choices": [choice], **more}


def test_a_call_with_two_tools_becomes_every_attribute_of_the_conventions() -> None:
    attributes = prompt(CHAT, ASKED, TWO_CALLS).attributes()
    assert json.loads(str(attributes.pop("gen_ai.input.messages"))) == [
        {"role": "system", "parts": [{"type": "text", "content": "You are brief."}]},
        {"role": "user", "parts": [{"type": "text", "content": "Paris and Rome?"}]},
    ]
    assert json.loads(str(attributes.pop("gen_ai.output.messages"))) == [
        {
            "role": "assistant",
            "parts": [
                {"type": "tool_call", "id": "c1", "name": "weather", "arguments": {"city": "Paris"}},
                {"type": "tool_call", "id": "c2", "name": "weather", "arguments": {"city": "Rome"}},
            ],
            "finish_reason": "tool_calls",
        }
    ]
    assert json.loads(str(attributes.pop("gen_ai.tool.definitions"))) == [
        {"type": "function", "name": "weather", "description": "Now", "parameters": {"type": "object"}}
    ]
    assert attributes == {
        "gen_ai.provider.name": "openai",
        "server.address": "api.openai.com",
        "server.port": 443,
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "gpt-4o-mini",
        "gen_ai.request.temperature": 0.2,
        "gen_ai.request.top_p": 0.9,
        "gen_ai.request.max_tokens": 200,
        "gen_ai.request.seed": 7,
        "gen_ai.request.stop_sequences": ("END",),
        "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
        "gen_ai.response.id": "chatcmpl-1",
        "gen_ai.response.finish_reasons": ("tool_calls",),
        "gen_ai.usage.input_tokens": 42,
        "gen_ai.usage.output_tokens": 17,
        "gen_ai.usage.cache_read.input_tokens": 12,
        "gen_ai.usage.reasoning.output_tokens": 5,
        "openai.response.service_tier": "default",
        "openai.response.system_fingerprint": "fp_1",
        "http.response.status_code": 200,
    }


def test_a_message_begins_with_its_role_where_the_collector_cuts_a_conversation() -> None:
    told = str(prompt(CHAT, ASKED, TWO_CALLS).attributes()["gen_ai.input.messages"])
    assert told.startswith('[{"role":"system","parts":[')
    assert ',{"role":"user",' in told


def test_a_stream_says_what_the_whole_answer_would() -> None:
    body = sse(
        chunk({"role": "assistant", "content": None}, system_fingerprint="fp_1", service_tier="default"),
        chunk({"tool_calls": [{"index": 0, "id": "c1", "type": "function", "function": {"name": "weather"}}]}),
        chunk({"tool_calls": [{"index": 0, "function": {"arguments": '{"city":'}}]}),
        chunk({"tool_calls": [{"index": 1, "id": "c2", "function": {"name": "weather", "arguments": ""}}]}),
        # The pieces of two calls come mixed.
        chunk({"tool_calls": [{"index": 1, "function": {"arguments": '{"city": "Rome"}'}}]}),
        chunk({"tool_calls": [{"index": 0, "function": {"arguments": ' "Paris"}'}}]}),
        chunk({}, finish="tool_calls"),
        {"id": "chatcmpl-1", "model": "gpt-4o-mini-2024-07-18", "choices": [], "usage": TWO_CALLS["usage"]},
        "[DONE]",
    )
    asked = {**ASKED, "stream": True, "stream_options": {"include_usage": True}}
    streamed, whole = prompt(CHAT, asked, body, headers=SSE), prompt(CHAT, ASKED, TWO_CALLS)
    assert not streamed.cut
    assert streamed.attributes() == {
        **whole.attributes(),
        "gen_ai.request.stream": True,
        "gen_ai.response.time_to_first_chunk": 0.5,
    }


def test_a_stream_cut_in_the_middle_of_a_chunk_gives_what_had_come_and_is_marked() -> None:
    body = sse(chunk({"role": "assistant", "content": "It is "}), chunk({"content": "sunny"}), chunk({"content": "."}))
    told = prompt(CHAT, {**ASKED, "stream": True}, body[:-40], headers=SSE, error="httpx.ReadError")
    assert messages(told) == [{"role": "assistant", "parts": [{"type": "text", "content": "It is sunny"}]}]
    assert told.cut
    assert told.attributes()["playhead.cut"] is True
    assert told.attributes()["error.type"] == "httpx.ReadError"
    assert not any(key.startswith("gen_ai.usage") for key in told.attributes())


def test_the_arguments_of_a_call_that_was_cut_stay_the_text_that_came() -> None:
    body = sse(
        chunk({"tool_calls": [{"index": 0, "id": "c1", "function": {"name": "weather", "arguments": '{"ci'}}]}),
    )
    told = prompt(CHAT, {**ASKED, "stream": True}, body, headers=SSE)
    assert messages(told)[0]["parts"][0]["arguments"] == '{"ci'
    assert told.cut


def test_calls_without_numbers_are_told_apart_by_their_ids() -> None:
    body = sse(
        chunk({"tool_calls": [{"id": "a", "function": {"name": "one", "arguments": "{}"}}]}),
        chunk({"tool_calls": [{"id": "b", "function": {"name": "two", "arguments": '{"x"'}}]}),
        chunk({"tool_calls": [{"function": {"arguments": ":1}"}}]}, finish="tool_calls"),
    )
    parts = messages(prompt(CHAT, {**ASKED, "stream": True}, body, headers=SSE))[0]["parts"]
    assert [(part["name"], part["arguments"]) for part in parts] == [("one", {}), ("two", {"x": 1})]


def test_every_choice_is_a_message() -> None:
    choices = [
        {"index": i, "finish_reason": r, "message": {"content": t}}
        for i, r, t in ((0, "stop", "a"), (1, "length", "b"))
    ]
    told = prompt(CHAT, {**ASKED, "n": 2}, {"choices": choices})
    assert [message["parts"][0]["content"] for message in messages(told)] == ["a", "b"]
    assert told.attributes()["gen_ai.response.finish_reasons"] == ("stop", "length")
    assert told.attributes()["gen_ai.request.choice.count"] == 2
    pieces = sse(
        chunk({"content": "a"}),
        chunk({"content": "b"}, index=1),
        chunk({}, finish="stop"),
        chunk({}, index=1, finish="length"),
    )
    streamed = prompt(CHAT, {**ASKED, "n": 2, "stream": True}, pieces, headers=SSE)
    assert [message["parts"][0]["content"] for message in messages(streamed)] == ["a", "b"]
    assert not streamed.cut


def test_a_refusal_is_a_part_of_its_own() -> None:
    answer = {"choices": [{"finish_reason": "stop", "message": {"content": None, "refusal": "I will not."}}]}
    assert messages(prompt(CHAT, ASKED, answer))[0]["parts"] == [{"type": "refusal", "content": "I will not."}]


def test_reasoning_comes_before_the_answer_under_either_of_its_names() -> None:
    for key in ("reasoning_content", "reasoning"):
        answer = {"choices": [{"finish_reason": "stop", "message": {"content": "4", key: "2 and 2"}}]}
        expected = [{"type": "reasoning", "content": "2 and 2"}, {"type": "text", "content": "4"}]
        assert messages(prompt(CHAT, ASKED, answer))[0]["parts"] == expected
        pieces = sse(chunk({key: "2 and"}), chunk({key: " 2"}), chunk({"content": "4"}, finish="stop"))
        assert messages(prompt(CHAT, {**ASKED, "stream": True}, pieces, headers=SSE))[0]["parts"] == expected


def test_a_tools_result_names_the_call_it_answers() -> None:
    asked = {
        "model": "m",
        "messages": [
            {"role": "assistant", "tool_calls": [{"id": "c1", "function": {"name": "weather", "arguments": "{}"}}]},
            {"role": "tool", "tool_call_id": "c1", "content": "21C"},
        ],
    }
    assert messages(prompt(CHAT, asked, {"choices": []}), "gen_ai.input.messages") == [
        {"role": "assistant", "parts": [{"type": "tool_call", "id": "c1", "name": "weather", "arguments": {}}]},
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": "21C"}]},
    ]


def test_images_and_files_are_noted_and_their_bytes_not_repeated() -> None:
    picture = bytes(range(256)) * 4096
    encoded = base64.b64encode(picture).decode()
    asked = {
        "model": "m",
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is this?"},
                    {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{encoded}"}},
                    {"type": "image_url", "image_url": {"url": "https://example.org/cat.jpg", "detail": "low"}},
                    {"type": "file", "file": {"file_id": "file-1"}},
                    {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
                ],
            }
        ],
    }
    told = prompt(CHAT, asked, {"choices": []})
    assert messages(told, "gen_ai.input.messages")[0]["parts"] == [
        {"type": "text", "content": "What is this?"},
        {
            "type": "blob",
            "modality": "image",
            "mime_type": "image/png",
            "size": len(picture),
            "sha256": hashlib.sha256(picture).hexdigest(),
        },
        {"type": "uri", "modality": "image", "uri": "https://example.org/cat.jpg"},
        {"type": "file", "modality": "document", "file_id": "file-1"},
        {
            "type": "blob",
            "modality": "audio",
            "mime_type": "audio/wav",
            "size": 3,
            "sha256": hashlib.sha256(b"\0\0\0").hexdigest(),
        },
    ]
    assert len(str(told.attributes()["gen_ai.input.messages"])) < 1_000


def test_a_rate_limit_is_named_by_the_providers_code() -> None:
    body = {"error": {"message": "Too many requests", "type": "requests", "code": "rate_limit_exceeded", "param": None}}
    told = prompt(CHAT, ASKED, body, status=429)
    assert told.attributes()["error.type"] == "rate_limit_exceeded"
    assert told.attributes()["http.response.status_code"] == 429
    assert told.failure is not None
    assert told.failure.message == "Too many requests"
    assert not told.cut


def test_an_error_without_a_body_is_named_by_its_status() -> None:
    assert prompt(CHAT, ASKED, b"upstream died", status=500).attributes()["error.type"] == "500"
    assert prompt(CHAT, {**ASKED, "stream": True}, None, status=503).attributes()["error.type"] == "503"


def test_a_call_that_no_answer_came_for_is_named_by_the_exception() -> None:
    told = prompt(CHAT, ASKED, status=None, error="httpx.ConnectError")
    assert told.attributes()["error.type"] == "httpx.ConnectError"
    assert not told.cut


def test_an_error_in_the_middle_of_a_stream_is_the_calls() -> None:
    body = sse(chunk({"content": "It"}), {"error": {"message": "overloaded", "code": 502}})
    told = prompt(CHAT, {**ASKED, "stream": True}, body, headers=SSE)
    assert told.attributes()["error.type"] == "502"
    assert messages(told)[0]["parts"] == [{"type": "text", "content": "It"}]


def test_what_the_provider_charged_is_kept_as_it_said() -> None:
    told = prompt(
        "https://openrouter.ai/api/v1/chat/completions",
        ASKED,
        {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 0, "cost": 0.00025}},
    )
    assert told.attributes()["gen_ai.usage.cost"] == 0.00025
    assert told.attributes()["gen_ai.usage.output_tokens"] == 0
    assert "gen_ai.usage.cache_read.input_tokens" not in told.attributes()


def test_text_completions_are_read_too() -> None:
    url = "http://127.0.0.1:8000/v1/completions"
    told = prompt(url, {"model": "m", "prompt": "Once"}, {"choices": [{"text": " upon", "finish_reason": "length"}]})
    assert told.attributes()["gen_ai.operation.name"] == "text_completion"
    assert messages(told)[0]["parts"] == [{"type": "text", "content": " upon"}]
    streamed = prompt(
        url,
        {"model": "m", "prompt": "Once", "stream": True},
        sse(
            {"choices": [{"index": 0, "text": " up"}]},
            {"choices": [{"index": 0, "text": "on", "finish_reason": "stop"}]},
        ),
        headers=SSE,
    )
    assert messages(streamed)[0]["parts"] == [{"type": "text", "content": " upon"}]
