"""What a tool was called with and gave is read in every dialect."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from tests.collector.read.said import read

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
