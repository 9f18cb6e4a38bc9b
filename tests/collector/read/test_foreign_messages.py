"""What a step said in other dialects, and as providers write it, is read into the same form."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from tests.collector.read.said import ASKED, CALL, GENAI_READ, SUNNY, TOLD, read

from playhead_collector.read.messages import Message, Part


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
