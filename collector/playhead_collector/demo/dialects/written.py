"""What a dialect makes of a step, and what the dialects share: JSON as JavaScript and Python write it.

A dialect must write what real emitters of it were seen to write, oddities included; it never invents a key.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from playhead_collector.demo.steps import Casting, Fact, Json, Message, Step, ToolSpec


@dataclass(frozen=True, slots=True)
class Scope:
    """The instrumentation that would have sent the span."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Written:
    """A span but for its ids and times. `client` marks a call that leaves the process."""

    scope: Scope
    name: str
    facts: list[Fact]
    client: bool = False


Dialect: TypeAlias = Callable[[Step, Casting], Written]


def spaced(value: Json) -> str:
    """JSON as Python's `json.dumps` writes it by default, with its escapes."""
    return json.dumps(value)


def compact(value: Json) -> str:
    """JSON as JavaScript and pydantic write it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def as_value(text: str) -> Json:
    """A tool's result as a value where it is one, else as its text."""
    try:
        value: Json = json.loads(text)
    except ValueError:
        return text
    return value


def parameters_schema(tool: ToolSpec) -> Json:
    return {
        "type": "object",
        "properties": {name: {"type": "string"} for name in tool.parameters},
        "required": list(tool.parameters),
    }


def chat_message(message: Message) -> dict[str, Json]:
    """A message in the form of OpenAI's chat completions, which half the field uses as its own."""
    said: dict[str, Json] = {"role": message.role, "content": message.text or None}
    if message.calls:
        said["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": spaced(call.arguments)},
            }
            for call in message.calls
        ]
    if message.call_id:
        said["tool_call_id"] = message.call_id
    return said


def finish_reason(message: Message, of_calls: str, of_text: str) -> str:
    return of_calls if message.calls else of_text
