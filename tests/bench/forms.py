"""The forms in which agents were seen to put a conversation on the wire.

compact    JSON without white space, as JavaScript and pydantic write it
spaced     JSON as Python's `json.dumps` writes it
escaped    the same with text that needs escaping everywhere, and arguments that are JSON in a string
flattened  OpenInference: an attribute for each role, content and call
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Literal, Protocol, TypeAlias

from tests.bench.conversation import Message
from tests.bench.wire import Attributes

Form: TypeAlias = Literal["compact", "spaced", "escaped", "flattened"]
_MODEL = "gpt-5"


class Writing(Protocol):
    """How a form writes. `text` is a message as it stands in an input."""

    span_name: str

    def text(self, message: Message) -> str: ...
    def input(self, messages: Sequence[Message], texts: Sequence[str]) -> dict[str, str]: ...
    def output(self, message: Message) -> dict[str, str]: ...
    def around(self, session: str, tokens_in: int, tokens_out: int) -> Attributes: ...


def writing(form: Form) -> Writing:
    return Flattened() if form == "flattened" else AsJson(form)


class AsJson:
    """OpenTelemetry GenAI: one attribute holds the whole input."""

    span_name = f"chat {_MODEL}"

    def __init__(self, form: Form) -> None:
        self._compact = form == "compact"
        self._nested = form == "escaped"

    def text(self, message: Message) -> str:
        return self._dumps(self._message(message))

    def input(self, messages: Sequence[Message], texts: Sequence[str]) -> dict[str, str]:
        """Put together from texts: `dumps` for each turn would be n² of JSON. It is the same string."""
        return {"gen_ai.input.messages": "[" + ("," if self._compact else ", ").join(texts) + "]"}

    def output(self, message: Message) -> dict[str, str]:
        said = [self._message(message) | {"finish_reason": "tool_call"}]
        return {"gen_ai.output.messages": self._dumps(said)}

    def around(self, session: str, tokens_in: int, tokens_out: int) -> Attributes:
        return {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": _MODEL,
            "gen_ai.response.model": _MODEL,
            "gen_ai.agent.name": "researcher",
            "gen_ai.conversation.id": session,
            "gen_ai.usage.input_tokens": tokens_in,
            "gen_ai.usage.output_tokens": tokens_out,
        }

    def _dumps(self, value: object) -> str:
        if self._compact:
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        return json.dumps(value)

    def _message(self, message: Message) -> dict[str, object]:
        if message.answers:
            part = {"type": "tool_call_response", "id": message.answers, "response": message.text}
            return {"role": message.role, "parts": [part]}
        parts: list[dict[str, object]] = [{"type": "text", "content": message.text}]
        if call := message.call:
            arguments = json.dumps(call.arguments) if self._nested else call.arguments
            parts.append({"type": "tool_call", "id": call.id, "name": call.name, "arguments": arguments})
        return {"role": message.role, "parts": parts}


class Flattened:
    """OpenInference: the input is as many attributes as its messages have fields."""

    span_name = "ChatCompletion"

    def text(self, message: Message) -> str:
        return "\n".join(value for _, value in _fields(message))

    def input(self, messages: Sequence[Message], texts: Sequence[str]) -> dict[str, str]:
        return {
            f"llm.input_messages.{at}.message.{field}": value
            for at, message in enumerate(messages)
            for field, value in _fields(message)
        }

    def output(self, message: Message) -> dict[str, str]:
        return {f"llm.output_messages.0.message.{field}": value for field, value in _fields(message)}

    def around(self, session: str, tokens_in: int, tokens_out: int) -> Attributes:
        return {
            "openinference.span.kind": "LLM",
            "llm.system": "openai",
            "llm.model_name": _MODEL,
            "session.id": session,
            "llm.token_count.prompt": tokens_in,
            "llm.token_count.completion": tokens_out,
            "llm.finish_reason": "tool_calls",
        }


def _fields(message: Message) -> list[tuple[str, str]]:
    fields = [("role", message.role), ("content", message.text)]
    if message.answers:
        fields.append(("tool_call_id", message.answers))
    if call := message.call:
        prefix = "tool_calls.0.tool_call"
        fields += [
            (f"{prefix}.id", call.id),
            (f"{prefix}.function.name", call.name),
            (f"{prefix}.function.arguments", json.dumps(call.arguments)),
        ]
    return fields
