"""What a step said, in every dialect, is read into one form; and nothing that arrives makes reading fail."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from tests.collector.dialects.spans import log, span
from tests.properties import examples

from playhead_collector.read.messages import Conversation, Message, Part, conversation

CALL = Part("tool_call", '{"city": "Paris"}', "get_weather", "c1", {"city": "Paris"})
SUNNY = Part("text", "sunny")
ASKED = Message("user", (Part("text", "Weather in Paris?"),))
TOLD = Message("tool", (Part("tool_result", "21C", "", "c1", "21C"),))


def read(attributes: Mapping[str, Any], events: Sequence[tuple[str, Mapping[str, Any]]] = ()) -> Conversation:
    return conversation(span("step", attributes, events=events))


GENAI_IN = [
    {"role": "user", "parts": [{"type": "text", "content": "Weather in Paris?"}]},
    {
        "role": "assistant",
        "parts": [{"type": "tool_call", "id": "c1", "name": "get_weather", "arguments": {"city": "Paris"}}],
    },
    {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": "21C"}]},
]
GENAI_OUT = [{"role": "assistant", "parts": [{"type": "text", "content": "sunny"}], "finish_reason": "stop"}]
GENAI_READ = (ASKED, Message("assistant", (CALL,)), TOLD)


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


def test_openinference_flattened_messages() -> None:
    prefix = "llm.input_messages"
    said = read(
        {
            "openinference.span.kind": "LLM",
            f"{prefix}.10.message.role": "tool",
            f"{prefix}.10.message.content": "21C",
            f"{prefix}.10.message.tool_call_id": "c1",
            f"{prefix}.0.message.role": "user",
            f"{prefix}.0.message.contents.0.message_content.type": "text",
            f"{prefix}.0.message.contents.0.message_content.text": "Weather in Paris?",
            f"{prefix}.2.message.role": "assistant",
            f"{prefix}.2.message.tool_calls.0.tool_call.id": "c1",
            f"{prefix}.2.message.tool_calls.0.tool_call.function.name": "get_weather",
            f"{prefix}.2.message.tool_calls.0.tool_call.function.arguments": '{"city": "Paris"}',
            # The same call again, as a part of the content.
            f"{prefix}.2.message.contents.1.message_content.type": "tool_use",
            f"{prefix}.2.message.contents.1.tool_call.id": "c1",
            f"{prefix}.2.message.contents.1.tool_call.function.name": "get_weather",
            f"{prefix}.2.message.contents.1.tool_call.function.arguments": '{"city": "Paris"}',
            "llm.output_messages.0.message.role": "assistant",
            "llm.output_messages.0.message.content": "sunny",
            "llm.tools.0.tool.json_schema": '{"type": "function", "function": {"name": "get_weather"}}',
        }
    )
    assert said.input == GENAI_READ
    assert said.output == (Message("assistant", (SUNNY,)),)
    assert said.tools == ("get_weather",)


def test_openllmetry_flattened_messages() -> None:
    said = read(
        {
            "llm.request.type": "chat",
            "gen_ai.prompt.0.role": "user",
            "gen_ai.prompt.0.content": '[{"type": "text", "text": "Weather in Paris?"}]',
            "gen_ai.prompt.1.role": "assistant",
            "gen_ai.prompt.1.tool_calls.0.id": "c1",
            "gen_ai.prompt.1.tool_calls.0.name": "get_weather",
            "gen_ai.prompt.1.tool_calls.0.arguments": "{'city': 'Paris'}",
            "gen_ai.prompt.2.role": "tool",
            "gen_ai.prompt.2.content": "21C",
            "gen_ai.prompt.2.tool_call_id": "c1",
            "gen_ai.completion.0.role": "assistant",
            "gen_ai.completion.0.content": "sunny",
            "gen_ai.completion.0.finish_reason": "stop",
            "llm.request.functions.0.name": "get_weather",
            # No message: MCP names a prompt so.
            "gen_ai.prompt.name": "greeting",
        }
    )
    assert said.input == GENAI_READ
    assert said.output == (Message("assistant", (SUNNY,), finish_reason="stop"),)
    assert said.tools == ("get_weather",)


OPENAI_CALL = {"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Paris"}'}}
REQUESTS = {
    "openai chat": {
        "model": "m",
        "messages": [
            {"role": "user", "content": "Weather in Paris?"},
            {"role": "assistant", "content": None, "tool_calls": [OPENAI_CALL]},
            {"role": "tool", "tool_call_id": "c1", "content": "21C"},
        ],
    },
    "openai responses": {
        "model": "m",
        "input": [
            {"role": "user", "content": [{"type": "input_text", "text": "Weather in Paris?"}]},
            {"type": "function_call", "call_id": "c1", "name": "get_weather", "arguments": '{"city": "Paris"}'},
            {"type": "function_call_output", "call_id": "c1", "output": "21C"},
        ],
    },
    "langchain": {
        "messages": [
            [
                {
                    "lc": 1,
                    "type": "constructor",
                    "id": ["langchain", "HumanMessage"],
                    "kwargs": {"content": "Weather in Paris?"},
                },
                {
                    "lc": 1,
                    "type": "constructor",
                    "id": ["langchain", "AIMessage"],
                    "kwargs": {
                        "content": "",
                        "type": "ai",
                        "tool_calls": [
                            {"name": "get_weather", "args": {"city": "Paris"}, "id": "c1", "type": "tool_call"}
                        ],
                    },
                },
                {"type": "tool", "data": {"content": "21C", "tool_call_id": "c1"}},
            ]
        ]
    },
}


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
def test_raw_requests(request_: Mapping[str, Any]) -> None:
    said = read({"openinference.span.kind": "LLM", "input.value": json.dumps(request_)})
    assert said.input == GENAI_READ


def test_a_raw_anthropic_request_has_its_instructions_first() -> None:
    request = {
        "system": "Be kind.",
        "messages": [
            {"role": "user", "content": "Weather in Paris?"},
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": "c1", "name": "get_weather", "input": {"city": "Paris"}}],
            },
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c1", "content": "21C"}]},
        ],
        "tools": [{"name": "get_weather"}],
    }
    said = read({"openinference.span.kind": "LLM", "input.value": json.dumps(request)})
    assert said.input == (
        Message("system", (Part("text", "Be kind."),)),
        *GENAI_READ[:2],
        Message("user", TOLD.parts),
    )
    assert said.tools == ("get_weather",)


def test_a_raw_gemini_request_and_answer() -> None:
    request = {"contents": [{"role": "user", "parts": [{"text": "Weather in Paris?"}]}]}
    answer = {
        "candidates": [
            {
                "content": {
                    "role": "model",
                    "parts": [{"text": "sunny"}, {"functionCall": {"name": "get_weather", "args": {"city": "Paris"}}}],
                }
            }
        ]
    }
    said = read(
        {"openinference.span.kind": "LLM", "input.value": json.dumps(request), "output.value": json.dumps(answer)}
    )
    assert said.input == (ASKED,)
    [message] = said.output
    assert message.role == "assistant"
    assert message.parts == (SUNNY, Part("tool_call", CALL.text, CALL.name, "", CALL.value))


ANSWERS: dict[str, Any] = {
    "openai chat": {
        "id": "x",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "sunny"}}],
    },
    "openai responses": {
        "id": "x",
        "output": [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "sunny"}]}],
    },
    "anthropic": {"id": "x", "type": "message", "role": "assistant", "content": [{"type": "text", "text": "sunny"}]},
    "langchain": {
        "generations": [
            [{"text": "sunny", "message": {"lc": 1, "id": ["AIMessage"], "kwargs": {"type": "ai", "content": "sunny"}}}]
        ]
    },
    "langgraph": [{"graph": None, "update": {"messages": [{"type": "ai", "data": {"content": "sunny"}}]}}],
    "haystack": {"replies": [{"role": "assistant", "content": [{"text": "sunny"}], "meta": {}}]},
    "bedrock": {"output": {"message": {"role": "assistant", "content": [{"text": "sunny"}]}}},
    "text": "sunny",
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("key", ["output.value", "gen_ai.completion", "langfuse.observation.output"])
def test_raw_answers(key: str, answer: Any) -> None:
    text = answer if isinstance(answer, str) else json.dumps(answer)
    said = read({"gen_ai.operation.name": "chat", key: text})
    assert [(message.role, message.text) for message in said.output] == [("assistant", "sunny")]


def test_vercel_messages_and_an_answer_in_pieces() -> None:
    messages = [
        {"role": "user", "content": [{"type": "text", "text": "Weather in Paris?"}]},
        {
            "role": "assistant",
            "content": [
                {"type": "tool-call", "toolCallId": "c1", "toolName": "get_weather", "input": {"city": "Paris"}}
            ],
        },
        {
            "role": "tool",
            "content": [
                {
                    "type": "tool-result",
                    "toolCallId": "c1",
                    "toolName": "get_weather",
                    "output": {"type": "text", "value": "21C"},
                }
            ],
        },
    ]
    said = read(
        {
            "ai.operationId": "ai.generateText.doGenerate",
            "ai.prompt.messages": json.dumps(messages),
            "ai.prompt.tools": ['{"type": "function", "name": "get_weather"}'],
            "ai.response.text": "sunny",
            "ai.response.reasoning": "hm",
            "ai.response.toolCalls": json.dumps(
                [{"toolCallId": "c1", "toolName": "get_weather", "input": '{"city": "Paris"}'}]
            ),
            "ai.response.finishReason": "tool-calls",
        }
    )
    assert said.input[:2] == GENAI_READ[:2]
    assert said.input[2].parts == (Part("tool_result", "21C", "get_weather", "c1", "21C"),)
    assert said.output == (Message("assistant", (Part("reasoning", "hm"), SUNNY, CALL), finish_reason="tool-calls"),)
    assert said.tools == ("get_weather",)


def test_the_prompt_of_a_vercel_call_is_its_instructions_and_its_question() -> None:
    said = read(
        {"ai.operationId": "ai.generateText", "ai.prompt": '{"system": "Be kind.", "prompt": "Weather in Paris?"}'}
    )
    assert said.input == (Message("system", (Part("text", "Be kind."),)), ASKED)


def test_pydantic_ai_message_events_in_an_attribute() -> None:
    events = [
        {"event.name": "gen_ai.user.message", "role": "user", "content": "Weather in Paris?"},
        {"event.name": "gen_ai.choice", "index": 0, "message": {"role": "assistant", "content": "sunny"}},
    ]
    said = read({"gen_ai.operation.name": "chat", "events": json.dumps(events)})
    assert said.input == (ASKED,)
    assert said.output == (Message("assistant", (SUNNY,)),)


TOOLS: dict[str, tuple[dict[str, Any], Any, Any]] = {
    "JSON": (
        {"gen_ai.tool.call.arguments": '{"city": "Paris"}', "gen_ai.tool.call.result": '{"temp": 21}'},
        {"city": "Paris"},
        {"temp": 21},
    ),
    "structured": (
        {"gen_ai.tool.call.arguments": {"city": "Paris"}, "gen_ai.tool.call.result": [1, 2]},
        {"city": "Paris"},
        [1, 2],
    ),
    "printed by Python": (
        {"gen_ai.tool.call.arguments": "{'city': 'Paris', 'days': (1, None)}", "gen_ai.tool.call.result": "21C"},
        {"city": "Paris", "days": [1, None]},
        "21C",
    ),
    "code is no literal": (
        {"gen_ai.tool.call.arguments": "{'city': __import__('os').getcwd()}", "gen_ai.tool.call.result": "(exit())"},
        "{'city': __import__('os').getcwd()}",
        "(exit())",
    ),
    "pydantic_ai": ({"tool_arguments": '{"city": "Paris"}', "tool_response": "21C"}, {"city": "Paris"}, "21C"),
    "vercel": (
        {"ai.toolCall.args": '{"city": "Paris"}', "ai.toolCall.result": '{"temp": 21}'},
        {"city": "Paris"},
        {"temp": 21},
    ),
    "openinference": (
        {
            "input.value": '{"city": "Paris"}',
            "output.value": '{"type": "tool", "data": {"content": "21C"}}',
            "tool.parameters": '{"type": "object"}',
        },
        {"city": "Paris"},
        "21C",
    ),
    "langsmith": (
        {
            "gen_ai.prompt": "{\"input\": \"{'city': 'Paris'}\"}",
            "gen_ai.completion": json.dumps(
                {"output": {"lc": 1, "id": ["ToolMessage"], "kwargs": {"content": "21C", "type": "tool"}}}
            ),
        },
        {"city": "Paris"},
        "21C",
    ),
    "langfuse": (
        {"langfuse.observation.input": '{"city": "Paris"}', "langfuse.observation.output": "21C"},
        {"city": "Paris"},
        "21C",
    ),
    "traceloop": (
        {
            "traceloop.entity.input": '{"args": [], "kwargs": {"city": "Paris"}}',
            "traceloop.entity.output": '"21C"',
        },
        {"city": "Paris"},
        "21C",
    ),
    "traceloop on langchain": (
        {
            "traceloop.entity.input": '{"input_str": "{\'city\': \'Paris\'}", "tags": [], "inputs": {"city": "Paris"}}',
            "traceloop.entity.output": '{"output": {"type": "tool", "content": "21C"}, "kwargs": {}}',
        },
        {"city": "Paris"},
        "21C",
    ),
    "traceloop on MCP": (
        {
            "traceloop.entity.input": '{"tool_name": "get_weather", "arguments": {"city": "Paris"}}',
            "traceloop.entity.output": '[{"type": "text", "content": "21C"}]',
        },
        {"city": "Paris"},
        "21C",
    ),
    "google-genai": (
        {"code.function.parameters.city.value": "Paris", "code.function.return.value": "21C"},
        {"city": "Paris"},
        "21C",
    ),
}


@pytest.mark.parametrize(("attributes", "arguments", "result"), TOOLS.values(), ids=TOOLS)
def test_what_a_tool_was_called_with_and_gave(attributes: Mapping[str, Any], arguments: Any, result: Any) -> None:
    said = read({"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "get_weather", **attributes})
    assert said.arguments is not None
    assert said.result is not None
    assert (said.arguments.data, said.result.data) == (arguments, result)
    assert said.captured


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
