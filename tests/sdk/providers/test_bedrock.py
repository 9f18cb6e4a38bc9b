"""Bedrock's converse, whole and in AWS's binary frames."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sdk.providers.exchanges import BEDROCK, FRAMES, frames, messages, prompt

from playhead.providers.eventstream import Frame, frame, frames_of

ASKED: dict[str, Any] = {
    "system": [{"text": "Be brief."}, {"cachePoint": {"type": "default"}}],
    "messages": [
        {"role": "user", "content": [{"text": "Weather?"}, {"image": {"format": "png", "source": {"bytes": "AAAA"}}}]},
        {"role": "assistant", "content": [{"toolUse": {"toolUseId": "t1", "name": "weather", "input": {"c": 1}}}]},
        {
            "role": "user",
            "content": [
                {"toolResult": {"toolUseId": "t1", "content": [{"json": {"t": 21}}], "status": "success"}},
                {"toolResult": {"toolUseId": "t2", "content": [{"text": "no"}], "status": "error"}},
            ],
        },
    ],
    "inferenceConfig": {"maxTokens": 300, "temperature": 0.1, "topP": 0.8, "stopSequences": ["END"]},
    "toolConfig": {
        "tools": [
            {"toolSpec": {"name": "weather", "description": "Now", "inputSchema": {"json": {"type": "object"}}}},
            {"cachePoint": {"type": "default"}},
        ]
    },
    "guardrailConfig": {"guardrailIdentifier": "gr-1", "guardrailVersion": "1"},
}
ANSWER: dict[str, Any] = {
    "output": {
        "message": {
            "role": "assistant",
            "content": [
                {"reasoningContent": {"reasoningText": {"text": "Again.", "signature": "x"}}},
                {"text": "Let me check."},
                {"toolUse": {"toolUseId": "t3", "name": "weather", "input": {"city": "Oslo"}}},
            ],
        }
    },
    "stopReason": "tool_use",
    "usage": {
        "inputTokens": 30,
        "outputTokens": 17,
        "totalTokens": 63,
        "cacheReadInputTokens": 12,
        "cacheWriteInputTokens": 4,
    },
    "metrics": {"latencyMs": 551},
}
EVENTS: list[tuple[str, Any]] = [
    ("messageStart", {"role": "assistant", "p": "abcd"}),
    ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"reasoningContent": {"text": "Aga"}}}),
    ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"reasoningContent": {"text": "in."}}}),
    ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"reasoningContent": {"signature": "x"}}}),
    ("contentBlockStop", {"contentBlockIndex": 0}),
    ("contentBlockDelta", {"contentBlockIndex": 1, "delta": {"text": "Let me "}}),
    ("contentBlockDelta", {"contentBlockIndex": 1, "delta": {"text": "check."}}),
    ("contentBlockStop", {"contentBlockIndex": 1}),
    ("contentBlockStart", {"contentBlockIndex": 2, "start": {"toolUse": {"toolUseId": "t3", "name": "weather"}}}),
    ("contentBlockDelta", {"contentBlockIndex": 2, "delta": {"toolUse": {"input": '{"city":'}}}),
    ("contentBlockDelta", {"contentBlockIndex": 2, "delta": {"toolUse": {"input": '"Oslo"}'}}}),
    ("contentBlockStop", {"contentBlockIndex": 2}),
    ("messageStop", {"stopReason": "tool_use"}),
    ("metadata", {"usage": ANSWER["usage"], "metrics": {"latencyMs": 551}}),
]


def test_a_conversation_becomes_messages_and_the_path_names_the_model() -> None:
    attributes = prompt(f"{BEDROCK}/converse", ASKED, ANSWER).attributes()
    first, call, results = json.loads(str(attributes.pop("gen_ai.input.messages")))
    assert first["parts"][0] == {"type": "text", "content": "Weather?"}
    assert (first["parts"][1]["type"], first["parts"][1]["mime_type"]) == ("blob", "image/png")
    assert call["parts"] == [{"type": "tool_call", "id": "t1", "name": "weather", "arguments": {"c": 1}}]
    assert results["parts"] == [
        {"type": "tool_call_response", "id": "t1", "response": {"t": 21}},
        {"type": "tool_call_response", "id": "t2", "response": "no", "is_error": True},
    ]
    assert json.loads(str(attributes.pop("gen_ai.output.messages"))) == [
        {
            "role": "assistant",
            "parts": [
                {"type": "reasoning", "content": "Again."},
                {"type": "text", "content": "Let me check."},
                {"type": "tool_call", "id": "t3", "name": "weather", "arguments": {"city": "Oslo"}},
            ],
            "finish_reason": "tool_use",
        }
    ]
    assert json.loads(str(attributes.pop("gen_ai.system_instructions"))) == [{"type": "text", "content": "Be brief."}]
    assert json.loads(str(attributes.pop("gen_ai.tool.definitions"))) == [
        {"type": "function", "name": "weather", "description": "Now", "parameters": {"type": "object"}}
    ]
    assert attributes == {
        "gen_ai.provider.name": "aws.bedrock",
        "server.address": "bedrock-runtime.eu-west-1.amazonaws.com",
        "server.port": 443,
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "gen_ai.request.max_tokens": 300,
        "gen_ai.request.temperature": 0.1,
        "gen_ai.request.top_p": 0.8,
        "gen_ai.request.stop_sequences": ("END",),
        "aws.bedrock.guardrail.id": "gr-1",
        "gen_ai.response.finish_reasons": ("tool_use",),
        "gen_ai.usage.input_tokens": 46,
        "gen_ai.usage.output_tokens": 17,
        "gen_ai.usage.cache_read.input_tokens": 12,
        "gen_ai.usage.cache_write.input_tokens": 4,
        "http.response.status_code": 200,
    }


def test_a_stream_of_frames_says_what_the_whole_answer_would() -> None:
    streamed = prompt(f"{BEDROCK}/converse-stream", ASKED, frames(*EVENTS), headers=FRAMES)
    assert streamed.attributes() == {
        **prompt(f"{BEDROCK}/converse", ASKED, ANSWER).attributes(),
        "gen_ai.request.stream": True,
        "gen_ai.response.time_to_first_chunk": 0.5,
    }


def test_a_stream_cut_within_a_frame_gives_the_frames_before_it() -> None:
    told = prompt(f"{BEDROCK}/converse-stream", ASKED, frames(*EVENTS[:7])[:-5], headers=FRAMES)
    assert told.cut
    assert messages(told)[0]["parts"] == [
        {"type": "reasoning", "content": "Again."},
        {"type": "text", "content": "Let me "},
    ]


def test_an_exception_among_the_frames_is_the_calls_error() -> None:
    thrown = frame(
        {":exception-type": "throttlingException", ":message-type": "exception"}, b'{"message": "Too many requests"}'
    )
    told = prompt(f"{BEDROCK}/converse-stream", ASKED, frames(*EVENTS[:6]) + thrown, headers=FRAMES)
    assert told.attributes()["error.type"] == "throttlingException"


def test_an_error_is_named_by_its_header_or_its_body() -> None:
    headers = (("x-amzn-ErrorType", "ThrottlingException:http://internal"), ("content-type", "application/json"))
    told = prompt(f"{BEDROCK}/converse", ASKED, {"message": "slow"}, status=429, headers=headers)
    assert told.attributes()["error.type"] == "ThrottlingException"
    told = prompt(f"{BEDROCK}/converse", ASKED, {"__type": "com.amazon#ValidationException"}, status=400)
    assert told.attributes()["error.type"] == "ValidationException"


@given(st.lists(st.tuples(st.dictionaries(st.text(min_size=1, max_size=20), st.text(max_size=50)), st.binary())))
def test_frames_come_back_as_they_were_written(written: list[tuple[dict[str, str], bytes]]) -> None:
    body = b"".join(frame(headers, payload) for headers, payload in written)
    assert list(frames_of(body)) == [Frame(headers, payload) for headers, payload in written]


@pytest.mark.parametrize("at", [0, 5, 9, 14, -3])
def test_a_damaged_frame_ends_the_stream(at: int) -> None:
    good = frame({":event-type": "a"}, b"{}")
    bad = bytearray(good)
    bad[at] ^= 1
    assert list(frames_of(good + bytes(bad) + good)) == list(frames_of(good))
