"""Attributes of spans by OpenTelemetry's own conventions, for tests."""

from __future__ import annotations

from typing import Any

WEATHER = {"city": "Paris"}
ASKED = [{"role": "user", "parts": [{"type": "text", "content": "Weather?"}]}]
CALLED = [
    {
        "role": "assistant",
        "parts": [{"type": "tool_call", "id": "call_1", "name": "get_weather", "arguments": WEATHER}],
        "finish_reason": "tool_call",
    }
]


def chat(model: str = "gpt-4o-mini", /, **more: Any) -> dict[str, Any]:
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": model,
        "gen_ai.usage.input_tokens": 42,
        "gen_ai.usage.output_tokens": 17,
        **more,
    }


def agent(name: str, **more: Any) -> dict[str, Any]:
    return {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": name, **more}


def tool(**more: Any) -> dict[str, Any]:
    return {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "get_weather", **more}
