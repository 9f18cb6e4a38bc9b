"""What a step said by OpenTelemetry's conventions, old and new, is read into one form."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from tests.collector.dialects.spans import log, span
from tests.collector.read.said import ASKED, GENAI_READ, SUNNY, TOLD, read

from playhead_collector.read.messages import Message, Part, conversation

GENAI_IN = [
    {"role": "user", "parts": [{"type": "text", "content": "Weather in Paris?"}]},
    {
        "role": "assistant",
        "parts": [{"type": "tool_call", "id": "c1", "name": "get_weather", "arguments": {"city": "Paris"}}],
    },
    {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": "21C"}]},
]
GENAI_OUT = [{"role": "assistant", "parts": [{"type": "text", "content": "sunny"}], "finish_reason": "stop"}]


@pytest.mark.parametrize("form", [json.dumps, lambda value: value], ids=["as JSON", "as a structured value"])
def test_genai_messages_as_attributes(form: Any) -> None:
    said = read(
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.system_instructions": form([{"type": "text", "content": "Be kind."}]),
            "gen_ai.input.messages": form(GENAI_IN),
            "gen_ai.output.messages": form(GENAI_OUT),
            "gen_ai.tool.definitions": form([{"type": "function", "name": "get_weather"}]),
        }
    )
    assert said.system == "Be kind."
    assert said.input == GENAI_READ
    assert said.output == (Message("assistant", (SUNNY,), finish_reason="stop"),)
    assert said.tools == ("get_weather",)
    assert said.captured


def test_genai_messages_as_a_log_event_of_the_step() -> None:
    step = span("chat", {"gen_ai.operation.name": "chat"})
    details = log(
        step,
        "gen_ai.client.inference.operation.details",
        {"gen_ai.input.messages": GENAI_IN, "gen_ai.output.messages": GENAI_OUT},
    )
    said = conversation(step, [details])
    assert said.input == GENAI_READ
    assert said.output[0].text == "sunny"


def test_an_older_tool_response_is_called_result() -> None:
    messages = [{"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "result": "21C"}]}]
    assert read({"gen_ai.input.messages": json.dumps(messages)}).input == (TOLD,)


def test_parts_of_every_kind() -> None:
    parts = [
        {"type": "reasoning", "content": "hm"},
        {"type": "thinking", "thinking": "hm"},
        {"type": "uri", "uri": "https://example.org/a.png", "mime_type": "image/png"},
        {"type": "blob", "mime_type": "image/png", "content": "QUJD"},
        {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "QUJD"}},
        {"type": "input_file", "file_id": "file-1", "filename": "a.pdf"},
        {"type": "new_thing", "x": 1},
    ]
    [message] = read({"gen_ai.input.messages": json.dumps([{"role": "user", "parts": parts}])}).input
    kinds = [part.kind for part in message.parts]
    assert kinds == ["reasoning", "reasoning", "media", "media", "media", "media", "media", "other"]
    assert [part.text for part in message.parts[:2]] == ["hm", "hm"]
    assert [part.uri for part in message.parts[2:7]] == [
        "https://example.org/a.png",
        "data:image/png;base64,QUJD",
        "https://example.org/a.png",
        "data:image/png;base64,QUJD",
        "file-1",
    ]
    assert message.parts[7].value == {"type": "new_thing", "x": 1}


def test_legacy_events_of_the_span() -> None:
    calls = [{"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Paris"}'}}]
    said = read(
        {"gen_ai.operation.name": "chat"},
        [
            ("gen_ai.system.message", {"content": "Be kind."}),
            ("gen_ai.user.message", {"content": "Weather in Paris?"}),
            ("gen_ai.assistant.message", {"tool_calls": json.dumps(calls)}),
            ("gen_ai.tool.message", {"content": "21C", "id": "c1"}),
            ("gen_ai.choice", {"index": 0, "finish_reason": "stop", "message": json.dumps({"content": "sunny"})}),
        ],
    )
    assert said.input == (Message("system", (Part("text", "Be kind."),)), *GENAI_READ)
    assert said.output == (Message("assistant", (SUNNY,), finish_reason="stop"),)


def test_legacy_events_as_log_records_with_their_content_in_the_body() -> None:
    step = span("chat", {"gen_ai.operation.name": "chat"})
    calls = [{"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Paris"}'}}]
    records = [
        log(step, "gen_ai.tool.message", body={"content": "21C", "id": "c1"}, at=3),
        log(step, "", {"event.name": "gen_ai.user.message"}, body={"content": "Weather in Paris?"}, at=1),
        log(step, "gen_ai.assistant.message", body={"tool_calls": calls}, at=2),
        log(
            step,
            "gen_ai.choice",
            body={"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "sunny"}},
            at=4,
        ),
    ]
    said = conversation(step, records)
    assert said.input == GENAI_READ
    assert said.output == (Message("assistant", (SUNNY,), finish_reason="stop"),)


def test_a_log_record_whose_body_is_the_message_as_text() -> None:
    step = span("chat", {"gen_ai.operation.name": "chat"})
    said = conversation(step, [log(step, "gen_ai.user.message", body=json.dumps(GENAI_IN[0]))])
    assert said.input == (ASKED,)


def test_strands_events() -> None:
    use = {"toolUse": {"toolUseId": "c1", "name": "get_weather", "input": {"city": "Paris"}}}
    result = {"toolResult": {"toolUseId": "c1", "status": "success", "content": [{"text": "21C"}]}}
    said = read(
        {"gen_ai.operation.name": "chat"},
        [
            ("gen_ai.user.message", {"content": '[{"text": "Weather in Paris?"}]'}),
            ("gen_ai.assistant.message", {"content": json.dumps([use])}),
            ("gen_ai.tool.message", {"content": json.dumps([result])}),
            ("gen_ai.choice", {"finish_reason": "end_turn", "message": '[{"text": "sunny"}]'}),
        ],
    )
    assert said.input == GENAI_READ
    assert said.output == (Message("assistant", (SUNNY,), finish_reason="end_turn"),)


def test_strands_tool_events() -> None:
    said = read(
        {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "get_weather"},
        [
            ("gen_ai.tool.message", {"role": "tool", "content": '{"city": "Paris"}', "id": "c1"}),
            ("gen_ai.choice", {"message": '[{"text": "21C"}]', "id": "c1"}),
        ],
    )
    assert said.arguments is not None
    assert said.result is not None
    assert (said.arguments.data, said.result.data) == ({"city": "Paris"}, "21C")


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"gen_ai.operation.name": "chat", "gen_ai.input.messages": None},
        {"gen_ai.operation.name": "chat", "gen_ai.input.messages_ref": "s3://bucket/messages.json"},
        {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "t"},
        {"openinference.span.kind": "LLM", "input.value": ""},
        {"gen_ai.operation.name": "chat", "request_data": '{"model": "m", "temperature": 0}'},
    ],
)
def test_content_that_was_not_sent_is_not_captured(attributes: Mapping[str, Any]) -> None:
    said = read(attributes)
    assert not said.captured
    assert (said.input, said.output, said.arguments, said.result) == ((), (), None, None)


def test_a_redacted_message_stays_what_was_sent() -> None:
    said = read({"openinference.span.kind": "LLM", "input.value": "__REDACTED__"})
    assert said.input == (Message("user", (Part("text", "__REDACTED__"),)),)
