"""Attributes of spans as OpenInference's instrumentations name them, for tests."""

from __future__ import annotations

from typing import Any

WEATHER = '{"city": "Paris"}'


def kind(word: str, **more: Any) -> dict[str, Any]:
    return {"openinference.span.kind": word, **more}


def asked(*texts: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for at, text in enumerate(texts):
        found[f"llm.input_messages.{at}.message.role"] = "user"
        found[f"llm.input_messages.{at}.message.content"] = text
    return found


def answered(text: str) -> dict[str, str]:
    return {"llm.output_messages.0.message.role": "assistant", "llm.output_messages.0.message.content": text}


def called(name: str, arguments: str, call_id: str = "call_1") -> dict[str, str]:
    prefix = "llm.output_messages.0.message"
    return {
        f"{prefix}.role": "assistant",
        f"{prefix}.tool_calls.0.tool_call.id": call_id,
        f"{prefix}.tool_calls.0.tool_call.function.name": name,
        f"{prefix}.tool_calls.0.tool_call.function.arguments": arguments,
    }


def counted(model: str = "gpt-4o-mini", /, **more: int) -> dict[str, Any]:
    return {
        "llm.model_name": model,
        "llm.token_count.prompt": 42,
        "llm.token_count.completion": 17,
        "llm.token_count.total": 59,
        **{f"llm.token_count.{key}": value for key, value in more.items()},
    }
