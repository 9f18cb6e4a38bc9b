"""Nothing that arrives as a message makes reading fail, and nothing of it is lost."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from tests.collector.dialects.spans import log, span
from tests.collector.read.said import read
from tests.properties import examples

from playhead_collector.read.messages import Message, Part, conversation


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "[" * 500 + "]" * 500,
        '{"role":' * 5_000,
        json.dumps([[[[[[[[[[[[{"role": "user", "content": "deep"}]]]]]]]]]]]]),
        "{'a': " * 300 + "1" + "}" * 300,
        "('x' * 10)",
        "9" * 10_000,
        '[{"role": "user", "parts": {"type": []}}]',
        '[{"role": {"x": 1}, "content": [null, 1, [2, [3]]]}]',
        "\x00\x1f\ud7ff",
        '{"messages": {"messages": {"messages": "x"}}}',
        '{"choices": 1, "generations": [1, null, {}]}',
        '[["user", "hi", "there"], ["user"], []]',
    ],
)
def test_strange_text_is_kept_and_never_fails(text: str) -> None:
    for key in ("gen_ai.input.messages", "input.value", "ai.prompt", "gen_ai.prompt.0.content", "events"):
        read({"gen_ai.operation.name": "chat", key: text})
    for key in ("gen_ai.tool.call.arguments", "output.value", "traceloop.entity.output"):
        read({"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "t", key: text})
    said = read({"gen_ai.operation.name": "chat", "gen_ai.input.messages": text})
    assert said.captured or not json_is_something(text)


def json_is_something(text: str) -> bool:
    try:
        return bool(json.loads(text))
    except (ValueError, RecursionError):
        return True


def test_what_is_no_message_is_kept_as_text() -> None:
    said = read({"gen_ai.operation.name": "chat", "gen_ai.input.messages": '{"broken": '})
    assert said.input == (Message("user", (Part("text", '{"broken": '),)),)


def test_a_value_too_deep_is_text() -> None:
    step = Span(name="chat", attributes=[KeyValue(key="gen_ai.input.messages")])
    at = step.attributes[0].value
    for _ in range(5_000):
        at = at.array_value.values.add()
    at.string_value = "bottom"
    assert conversation(step).captured


def test_keys_with_huge_numbers_and_endless_points_cost_nothing() -> None:
    said = read(
        {
            "llm.input_messages.999999999.message.content": "far",
            "llm.input_messages.99999999999999999999.message.content": "too far",
            "llm.input_messages." + "0." * 50_000: "x",
            "llm.input_messages.0": "bare",
            "llm.input_messages.0.message": "half",
            "llm.input_messages..": "none",
        }
    )
    assert "far" in [message.text for message in said.input]


MESSAGE_KEYS = ["role", "content", "parts", "type", "text", "tool_calls", "function", "id", "name", "arguments"]
MESSAGE_KEYS += ["message", "messages", "kwargs", "lc", "data", "output", "input", "choices", "generations", "x"]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(MESSAGE_KEYS),
            inner | st.sampled_from(["user", "tool", "ai", "text", "tool_call", "function_call", "reasoning", "image"]),
            max_size=5,
        )
    ),
    max_leaves=12,
)
payload_keys = st.sampled_from(
    [
        "gen_ai.input.messages",
        "gen_ai.output.messages",
        "gen_ai.system_instructions",
        "gen_ai.tool.definitions",
        "gen_ai.tool.call.arguments",
        "gen_ai.tool.call.result",
        "gen_ai.prompt",
        "gen_ai.completion",
        "gen_ai.prompt.0.content",
        "llm.input_messages.0.message.contents.0",
        "llm.output_messages.0.message.tool_calls",
        "input.value",
        "output.value",
        "ai.prompt",
        "ai.response.toolCalls",
        "ai.prompt.tools",
        "traceloop.entity.input",
        "traceloop.entity.output",
        "pydantic_ai.all_messages",
        "events",
        "gen_ai.tool.name",
        "gen_ai.operation.name",
    ]
)


@examples(100, 4000)
@given(st.dictionaries(payload_keys, json_values, max_size=4), st.booleans(), json_values)
def test_no_payload_of_any_shape_makes_reading_fail(payloads: Mapping[str, Any], structured: bool, body: Any) -> None:
    attributes = {key: value if structured else json.dumps(value) for key, value in payloads.items()}
    step = span("step", attributes, events=[("gen_ai.choice", attributes), ("gen_ai.user.message", {"content": body})])
    records = [log(step, "gen_ai.choice", {"x": 1}, body), log(step, "gen_ai.tool.message", body=json.dumps(body))]
    said = conversation(step, records)
    for message in (*said.input, *said.output):
        assert isinstance(message.role, str)
        for part in message.parts:
            assert all(isinstance(text, str) for text in (part.text, part.name, part.call_id, part.uri))


def test_a_value_of_any_type_reads_back() -> None:
    value = {"a": [1, 2.5, True, None, "x", {"b": b"bytes"}]}
    said = read({"gen_ai.operation.name": "execute_tool", "gen_ai.tool.call.arguments": value})
    assert said.arguments is not None
    assert said.arguments.data == value
    assert said.arguments.text == '{"a": [1, 2.5, true, null, "x", {"b": "bytes"}]}'
