"""OpenAI's responses and embeddings."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

from tests.sdk.providers.exchanges import EMBEDDINGS, RESPONSES, SSE, messages, prompt, sse

ASKED: dict[str, Any] = {
    "model": "gpt-5-mini",
    "instructions": "Be brief.",
    "input": [
        {"role": "user", "content": "Weather?"},
        {"type": "reasoning", "id": "rs_0", "summary": [], "encrypted_content": "gAAAA"},
        {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": '{"city":"Paris"}'},
        {"type": "function_call", "call_id": "c2", "name": "weather", "arguments": '{"city":"Rome"}'},
        {"type": "function_call_output", "call_id": "c1", "output": "21C"},
        {"type": "function_call_output", "call_id": "c2", "output": [{"type": "input_text", "text": "25C"}]},
    ],
    "tools": [
        {"type": "function", "name": "weather", "parameters": {"type": "object"}, "strict": True},
        {"type": "mcp", "server_label": "shop", "server_url": "https://mcp.example", "headers": {"X-Key": "secret"}},
    ],
    "max_output_tokens": 900,
    "reasoning": {"effort": "low"},
    "text": {"format": {"type": "json_schema", "name": "w"}},
    "previous_response_id": "resp_0",
    "conversation": {"id": "conv_1"},
}
OUTPUT: list[dict[str, Any]] = [
    {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "Ask the tool."}]},
    {"type": "message", "id": "m1", "role": "assistant", "content": [{"type": "output_text", "text": "Let me see."}]},
    {"type": "function_call", "id": "fc1", "call_id": "c3", "name": "weather", "arguments": '{"city":"Oslo"}'},
]
ANSWER: dict[str, Any] = {
    "id": "resp_1",
    "object": "response",
    "model": "gpt-5-mini-2025-08-07",
    "status": "completed",
    "error": None,
    "output": OUTPUT,
    "usage": {
        "input_tokens": 100,
        "input_tokens_details": {"cached_tokens": 64},
        "output_tokens": 30,
        "output_tokens_details": {"reasoning_tokens": 20},
    },
}


def streamed() -> list[dict[str, Any]]:
    begun = {**ANSWER, "status": "in_progress", "output": [], "usage": None}
    return [
        {"type": "response.created", "response": begun},
        {"type": "response.output_item.added", "output_index": 0, "item": {"type": "reasoning", "summary": []}},
        {"type": "response.reasoning_summary_text.delta", "output_index": 0, "summary_index": 0, "delta": "Ask the "},
        {"type": "response.reasoning_summary_text.delta", "output_index": 0, "summary_index": 0, "delta": "tool."},
        {"type": "response.output_item.added", "output_index": 1, "item": {"type": "message", "content": []}},
        {"type": "response.output_text.delta", "output_index": 1, "content_index": 0, "delta": "Let me "},
        {"type": "response.output_text.delta", "output_index": 1, "content_index": 0, "delta": "see."},
        {
            "type": "response.output_item.added",
            "output_index": 2,
            "item": {"type": "function_call", "call_id": "c3", "name": "weather", "arguments": ""},
        },
        {"type": "response.function_call_arguments.delta", "output_index": 2, "delta": '{"city":'},
        {"type": "response.function_call_arguments.delta", "output_index": 2, "delta": '"Oslo"}'},
        {"type": "response.completed", "response": ANSWER},
    ]


def test_items_become_messages_and_calls_of_one_turn_one_message() -> None:
    told = prompt(RESPONSES, ASKED, ANSWER)
    assert messages(told, "gen_ai.input.messages") == [
        {"role": "user", "parts": [{"type": "text", "content": "Weather?"}]},
        {
            "role": "assistant",
            "parts": [
                {"type": "reasoning", "content": "", "encrypted": True},
                {"type": "tool_call", "id": "c1", "name": "weather", "arguments": {"city": "Paris"}},
                {"type": "tool_call", "id": "c2", "name": "weather", "arguments": {"city": "Rome"}},
            ],
        },
        {
            "role": "tool",
            "parts": [
                {"type": "tool_call_response", "id": "c1", "response": "21C"},
                {"type": "tool_call_response", "id": "c2", "response": [{"type": "text", "content": "25C"}]},
            ],
        },
    ]
    assert messages(told) == [
        {
            "role": "assistant",
            "parts": [
                {"type": "reasoning", "content": "Ask the tool."},
                {"type": "text", "content": "Let me see."},
                {"type": "tool_call", "id": "c3", "name": "weather", "arguments": {"city": "Oslo"}},
            ],
            "finish_reason": "tool_call",
        }
    ]


def test_parameters_usage_and_the_thread_of_responses_are_told() -> None:
    attributes = prompt(RESPONSES, ASKED, ANSWER).attributes()
    told = {key: value for key, value in attributes.items() if "messages" not in key}
    assert json.loads(str(told.pop("gen_ai.system_instructions"))) == [{"type": "text", "content": "Be brief."}]
    tools = str(told.pop("gen_ai.tool.definitions"))
    assert "shop" in tools
    assert "secret" not in tools
    assert told == {
        "gen_ai.provider.name": "openai",
        "server.address": "api.openai.com",
        "server.port": 443,
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "gpt-5-mini",
        "gen_ai.request.max_tokens": 900,
        "gen_ai.request.reasoning.level": "low",
        "gen_ai.request.previous_response.id": "resp_0",
        "gen_ai.conversation.id": "conv_1",
        "gen_ai.output.type": "json",
        "gen_ai.response.model": "gpt-5-mini-2025-08-07",
        "gen_ai.response.id": "resp_1",
        "gen_ai.response.finish_reasons": ("tool_call",),
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 30,
        "gen_ai.usage.cache_read.input_tokens": 64,
        "gen_ai.usage.reasoning.output_tokens": 20,
        "http.response.status_code": 200,
    }


def test_a_stream_says_what_the_whole_answer_would() -> None:
    told = prompt(RESPONSES, {**ASKED, "stream": True}, sse(*streamed(), named=True), headers=SSE)
    assert messages(told) == messages(prompt(RESPONSES, ASKED, ANSWER))
    assert told.answered.usage.output == 30
    assert not told.cut


def test_a_stream_cut_before_its_end_gives_the_items_that_had_come() -> None:
    told = prompt(RESPONSES, {**ASKED, "stream": True}, sse(*streamed()[:-2], named=True), headers=SSE)
    assert told.cut
    assert [part["type"] for part in messages(told)[0]["parts"]] == ["reasoning", "text", "tool_call"]
    assert messages(told)[0]["parts"][2]["arguments"] == '{"city":'
    assert "finish_reason" not in messages(told)[0]
    assert told.attributes()["gen_ai.response.id"] == "resp_1"
    assert "gen_ai.usage.output_tokens" not in told.attributes()


def test_a_final_event_that_repeats_no_items_does_not_erase_them() -> None:
    events = streamed()
    events[-1] = {"type": "response.completed", "response": {**ANSWER, "output": []}}
    told = prompt(RESPONSES, {**ASKED, "stream": True}, sse(*events), headers=SSE)
    assert len(messages(told)[0]["parts"]) == 3


def test_an_incomplete_response_says_why() -> None:
    answer = {**ANSWER, "status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
    assert prompt(RESPONSES, ASKED, answer).attributes()["gen_ai.response.finish_reasons"] == ("max_output_tokens",)


def test_a_response_that_failed_in_its_stream_is_an_error() -> None:
    failed = {**ANSWER, "status": "failed", "output": [], "error": {"code": "server_error", "message": "sorry"}}
    body = sse({"type": "response.failed", "response": failed})
    told = prompt(RESPONSES, {**ASKED, "stream": True}, body, headers=SSE)
    assert told.attributes()["error.type"] == "server_error"
    assert not told.cut
    body = sse(*streamed()[:3], {"type": "error", "code": "rate_limit_exceeded", "message": "slow down"})
    told = prompt(RESPONSES, {**ASKED, "stream": True}, body, headers=SSE)
    assert told.attributes()["error.type"] == "rate_limit_exceeded"


def test_a_picture_that_the_provider_made_is_not_repeated_in_the_step() -> None:
    item = {"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": "QUJD" * 100_000}
    told = prompt(RESPONSES, ASKED, {**ANSWER, "output": [item]})
    assert messages(told)[0]["parts"] == [
        {
            "type": "server_tool_call",
            "id": "ig_1",
            "name": "image_generation_call",
            "server_tool_call": {"type": "image_generation_call"},
        }
    ]


def test_refusals_files_and_images_are_parts() -> None:
    content = [
        {"type": "input_image", "image_url": "https://example.org/a.png"},
        {"type": "input_file", "file_id": "file-1"},
        {"type": "input_text", "text": "?"},
    ]
    answer = {**ANSWER, "output": [{"type": "message", "content": [{"type": "refusal", "refusal": "No."}]}]}
    told = prompt(RESPONSES, {"model": "m", "input": [{"role": "user", "content": content}]}, answer)
    assert [part["type"] for part in messages(told, "gen_ai.input.messages")[0]["parts"]] == ["uri", "file", "text"]
    assert messages(told)[0]["parts"] == [{"type": "refusal", "content": "No."}]


def test_embeddings_tell_their_texts_and_size_and_leave_the_vectors_in_the_exchange() -> None:
    asked = {"model": "text-embedding-3-small", "input": ["a", "b"], "encoding_format": "float", "dimensions": 4}
    answer = {
        "model": "text-embedding-3-small",
        "data": [{"embedding": [0.1, 0.2, 0.3, 0.4]}] * 2,
        "usage": {"prompt_tokens": 2, "total_tokens": 2},
    }
    attributes = prompt(EMBEDDINGS, asked, answer).attributes()
    assert json.loads(str(attributes["gen_ai.input.messages"]))[0]["parts"][1] == {"type": "text", "content": "b"}
    assert attributes["gen_ai.operation.name"] == "embeddings"
    assert attributes["gen_ai.embeddings.dimension.count"] == 4
    assert attributes["gen_ai.request.encoding_formats"] == ("float",)
    assert attributes["gen_ai.usage.input_tokens"] == 2
    assert "gen_ai.usage.output_tokens" not in attributes
    assert "gen_ai.output.messages" not in attributes


def test_thousands_of_vectors_are_read_by_the_edges_of_their_answer() -> None:
    vector = base64.b64encode(struct.pack("<256f", *[0.5] * 256)).decode()
    data = [{"object": "embedding", "index": index, "embedding": vector} for index in range(500)]
    answer = {"object": "list", "data": data, "model": "m-1", "usage": {"prompt_tokens": 900, "total_tokens": 900}}
    told = prompt(EMBEDDINGS, {"model": "m", "input": [[1, 2, 3]] * 500}, answer)
    assert told.answered.model == "m-1"
    assert told.answered.usage.input == 900
    assert messages(told, "gen_ai.input.messages")[0]["parts"][0] == {"type": "tokens", "count": 3}
