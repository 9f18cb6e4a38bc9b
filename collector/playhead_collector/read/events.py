"""Messages that came as events: of the span, or as log records joined to it.

`gen_ai.{system,user,assistant,tool}.message` and `gen_ai.choice` hold one message each, in attributes, in the body,
or in both; `gen_ai.client.inference.operation.details` holds them all under the names that attributes have.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from playhead_collector.read.conversation import Message
from playhead_collector.read.parts import first
from playhead_collector.read.shapes import message_of, messages_of
from playhead_collector.read.value import Data, decoded, of_any_value, of_attributes

_ROLES = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
    "gen_ai.choice": "assistant",
}
_DETAILS = "gen_ai.client.inference.operation.details"


@dataclass(slots=True)
class Told:
    """What the events of a step hold."""

    input: list[Message] = field(default_factory=list)
    output: list[Message] = field(default_factory=list)
    details: dict[str, Data] = field(default_factory=dict)
    """Attributes that stand for the span's own."""


def told_by_events(span: Span, logs: Iterable[LogRecord]) -> Told:
    told = Told()
    for event in span.events:
        _take(told, event.name, of_attributes(event.attributes))
    for log in sorted(logs, key=lambda log: log.time_unix_nano or log.observed_time_unix_nano):
        attributes = of_attributes(log.attributes)
        body = decoded(of_any_value(log.body))
        if isinstance(body, dict):
            attributes = {**attributes, **body}
        elif body is not None and body != "":
            attributes.setdefault("content", body)
        name = log.event_name or first(attributes, "event.name", "event_name")
        _take(told, name if isinstance(name, str) else "", attributes)
    return told


def message_events(items: Iterable[Data]) -> Told:
    """The same events where an emitter wrote them into an attribute, as a list of objects."""
    told = Told()
    for item in items:
        if isinstance(item, dict):
            name = item.get("event.name")
            _take(told, name if isinstance(name, str) else "gen_ai.user.message", item)
    return told


def _take(told: Told, name: str, fields: dict[str, Data]) -> None:
    if name == _DETAILS:
        for key, value in fields.items():
            told.details.setdefault(key, value)
    elif name in _ROLES:
        into = told.output if name == "gen_ai.choice" else told.input
        into.append(_message(fields, _ROLES[name]))
    elif name == "gen_ai.content.prompt":
        told.input += _content(fields, "gen_ai.prompt", "user")
    elif name == "gen_ai.content.completion":
        told.output += _content(fields, "gen_ai.completion", "assistant")


def _content(fields: dict[str, Data], key: str, role: str) -> tuple[Message, ...]:
    """What an event holds under its key; where its body is a message itself, that one says more."""
    if "role" in fields or "message" in fields:
        return (_message({name: value for name, value in fields.items() if name != key}, role),)
    return messages_of(fields.get(key), role)


def _message(fields: dict[str, Data], role: str) -> Message:
    held = decoded(first(fields, "message", "content"))
    if isinstance(held, dict) and ("content" in held or "tool_calls" in held or "parts" in held or "role" in held):
        rest = {key: value for key, value in fields.items() if key in ("finish_reason", "id", "name", "tool_calls")}
        return message_of({**rest, **held}, role)
    plain = {key: value for key, value in fields.items() if key not in ("message", "content")}
    plain.setdefault("role", role)
    if isinstance(held, list) and not all(isinstance(part, dict) for part in held):
        held = first(fields, "message", "content")
    return message_of({**plain, "content": held if held is not None else fields.get("gen_ai.event.content")}, role)
