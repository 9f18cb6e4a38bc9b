"""A client of two models' HTTP APIs: OpenAI's chat completions, streamed, and Anthropic's messages.

It knows nothing of Playhead. Conversations are kept as OpenAI writes them and translated for Anthropic.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# It comes with OpenTelemetry's exporter, so it is there wherever the SDK is.
import requests

Message = dict[str, Any]
Tool = Callable[..., Any]

_PAUSES_S = (0.02, 0.04, 0.08)
_session = requests.Session()
# The demo's provider is on this machine, and no proxy leads there.
_session.trust_env = False


class ModelError(Exception):
    """The provider said no."""


class ModelBusy(ModelError):
    """It says so for now."""


@dataclass(frozen=True, slots=True)
class Call:
    id: str
    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    text: str
    calls: tuple[Call, ...]

    @property
    def message(self) -> Message:
        """As it goes back into the conversation."""
        said: Message = {"role": "assistant", "content": self.text or None}
        if self.calls:
            said["tool_calls"] = [
                {
                    "id": call.id,
                    "type": "function",
                    "function": {"name": call.name, "arguments": json.dumps(call.arguments)},
                }
                for call in self.calls
            ]
        return said


@dataclass(frozen=True, slots=True)
class Desk:
    """A model with its orders and its tools."""

    model: str
    orders: str
    tools: Mapping[str, Tool]


async def ask(desk: Desk, messages: Sequence[Message]) -> Answer:
    """One answer; tried again where the provider is busy or hangs up."""
    speak = _anthropic if desk.model.startswith("claude") else _openai
    for pause in _PAUSES_S:
        try:
            return await asyncio.to_thread(speak, desk, messages)
        except (ModelBusy, requests.RequestException):
            await asyncio.sleep(pause)
    return await asyncio.to_thread(speak, desk, messages)


def result(call: Call, value: Any) -> Message:
    """What a tool gave, for the model."""
    text = value if isinstance(value, str) else json.dumps(value)
    return {"role": "tool", "tool_call_id": call.id, "content": text}


def _openai(desk: Desk, messages: Sequence[Message]) -> Answer:
    asked = {
        "model": desk.model,
        "messages": [{"role": "system", "content": desk.orders}, *messages],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if desk.tools:
        asked["tools"] = [
            {"type": "function", "function": {"name": name, "description": inspect.getdoc(tool), "parameters": form}}
            for name, tool, form in _described(desk)
        ]
    text = ""
    calls: dict[int, list[str]] = {}
    with _post("/v1/chat/completions", asked) as answer:
        for line in answer.iter_lines():
            if not line.startswith(b"data: {"):
                continue
            for choice in json.loads(line[6:])["choices"]:
                text += choice["delta"].get("content") or ""
                for piece in choice["delta"].get("tool_calls", ()):
                    call = calls.setdefault(piece["index"], ["", "", ""])
                    call[0] += piece.get("id", "")
                    call[1] += piece["function"].get("name", "")
                    call[2] += piece["function"].get("arguments", "")
    return Answer(text, tuple(Call(ident, name, json.loads(told)) for ident, name, told in calls.values()))


def _anthropic(desk: Desk, messages: Sequence[Message]) -> Answer:
    asked = {
        "model": desk.model,
        "max_tokens": 1024,
        "system": desk.orders,
        "messages": [_for_anthropic(message) for message in messages],
        "tools": [
            {"name": name, "description": inspect.getdoc(tool), "input_schema": form}
            for name, tool, form in _described(desk)
        ],
    }
    with _post("/v1/messages", asked) as answer:
        blocks = answer.json()["content"]
    text = "".join(block["text"] for block in blocks if block["type"] == "text")
    calls = (Call(block["id"], block["name"], block["input"]) for block in blocks if block["type"] == "tool_use")
    return Answer(text, tuple(calls))


def _for_anthropic(message: Message) -> Message:
    if message["role"] == "tool":
        block = {"type": "tool_result", "tool_use_id": message["tool_call_id"], "content": message["content"]}
        return {"role": "user", "content": [block]}
    blocks: list[Message] = [{"type": "text", "text": message["content"]}] if message["content"] else []
    for call in message.get("tool_calls", ()):
        wanted = call["function"]
        arguments = json.loads(wanted["arguments"])
        blocks.append({"type": "tool_use", "id": call["id"], "name": wanted["name"], "input": arguments})
    return {"role": message["role"], "content": blocks}


def _described(desk: Desk) -> list[tuple[str, Tool, Message]]:
    """Each tool with its parameters as a JSON schema."""
    types = {"str": "string", "int": "integer"}
    described = []
    for name, tool in desk.tools.items():
        parameters = inspect.signature(tool).parameters
        properties = {each: {"type": types[str(one.annotation)]} for each, one in parameters.items()}
        described.append((name, tool, {"type": "object", "properties": properties, "required": list(parameters)}))
    return described


def _post(path: str, asked: Message) -> requests.Response:
    answer = _session.post(
        os.environ["MODEL_URL"] + path,
        json=asked,
        headers={"authorization": f"Bearer {os.environ.get('MODEL_KEY', 'none')}"},
        stream=bool(asked.get("stream")),
        timeout=30,
    )
    if answer.ok:
        return answer
    with answer:
        words = f"{asked['model']}: HTTP {answer.status_code}: {answer.json()['error']['message']}"
    raise ModelBusy(words) if answer.status_code in (429, 500, 503) else ModelError(words)
