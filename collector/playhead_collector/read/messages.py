"""Reads what a step said and was told, whatever dialect it was told in: messages are decoded when read, and here.

Pure functions from a span and its log records to a `Conversation`. They never raise on strange input, and never guess
content that was not sent. Which key means what is in `store/dialects/*.csv`, as for the store; this module only
decides which of several tellings in one span is the fullest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from playhead_collector.read.conversation import Conversation, Message, Part, Value
from playhead_collector.read.events import Told, message_events, told_by_events
from playhead_collector.read.flattened import decoded_dict, flattened_items, flattened_messages
from playhead_collector.read.parts import call_of, first, parts_of, plain_result
from playhead_collector.read.shapes import holds_messages, messages_of
from playhead_collector.read.value import Data, as_text, decoded, of_attributes
from playhead_collector.store.dialect import SPAN_NAME, dialects

__all__ = ["Conversation", "Message", "Part", "Value", "conversation"]

Attributes = Mapping[str, Data]

# Lists of message events in an attribute, not of messages.
_EVENT_LISTS = {"events", "all_messages_events"}
# Requests and responses as their client had them: often only parameters.
_RAW = {"request_data", "response_data"}
# What Vercel's SDK says of an answer, in pieces.
_VERCEL = ("ai.response.", "ai.result.")
_PARAMETER = "code.function.parameters."
# What is around the arguments of a function where its call was recorded as a whole.
_CALLED_WITH = {"args", "kwargs", "sanitize_inputs_outputs"}


def conversation(span: Span, logs: Iterable[LogRecord] = ()) -> Conversation:
    """The content of a step. `logs` are the records joined to it by trace and span id."""
    attributes = of_attributes(span.attributes)
    told = told_by_events(span, logs)
    for key, value in told.details.items():
        attributes.setdefault(key, value)
    if _is_tool(attributes, span.name):
        return _tool_step(attributes, told)
    system = _system(attributes)
    into = _input(attributes, told)
    output = _output(attributes, told)
    return Conversation(
        system=system,
        input=into,
        output=output,
        tools=_tools(attributes),
        captured=bool(system or into or output),
    )


@cache
def _keys(field: str) -> tuple[str, ...]:
    return tuple(alias.key for alias in dialects().keys_of(field))


def _best(attributes: Attributes, field: str) -> Data:
    return next((value for key in _keys(field) if (value := attributes.get(key)) not in (None, "")), None)


def _is_tool(attributes: Attributes, name: str) -> bool:
    words = [(key, word) for key in _keys("kind") if isinstance(word := attributes.get(key), str)]
    for key, word in [*words, (SPAN_NAME, name)]:
        plain = word.strip('"').lower()
        for row in dialects().kinds:
            if row.value == plain and row.key in ("" if key != SPAN_NAME else key, key):
                return row.kind == "tool"
    return _best(attributes, "tool") is not None


def _tool_step(attributes: Attributes, told: Told) -> Conversation:
    arguments = _best(attributes, "arguments")
    result = _best(attributes, "result")
    if arguments is None:
        parameters = {
            key[len(_PARAMETER) :].removesuffix(".value"): value
            for key, value in attributes.items()
            if key.startswith(_PARAMETER) and key.endswith(".value")
        }
        arguments = (
            parameters or _of_call(first_of(attributes, _keys("input_any") + _keys("input"))) or _said(told.input)
        )
    if result is None:
        keys = ["code.function.return.value", *_keys("output_any"), *_keys("output")]
        result = _of_call(first_of(attributes, keys)) or _said(told.output)
    return Conversation(
        arguments=_value(arguments, _plain_arguments(arguments)),
        result=_value(result, plain_result(result)),
        captured=arguments is not None or result is not None,
    )


def _value(said: Data, plain: Data) -> Value | None:
    return None if said is None else Value(as_text(plain), plain)


def first_of(attributes: Attributes, keys: Iterable[str]) -> Data:
    return next((value for key in keys if (value := attributes.get(key)) not in (None, "")), None)


def _of_call(value: Data) -> Data:
    """A payload, or what is handed over in it where it is messages with one call, or one result, as their part."""
    listed = decoded(value)
    if isinstance(listed, list) and listed and all(isinstance(item, dict) and "parts" in item for item in listed):
        return _said(list(messages_of(listed, "tool")))
    return value


def _said(messages: Iterable[Message]) -> Data:
    """Of events: what was handed to a tool or came back from it."""
    for message in messages:
        for part in message.parts:
            return part.value if part.kind in ("tool_result", "tool_call") else part.text
    return None


def _plain_arguments(value: Data) -> Data:
    """Arguments without the call around them."""
    for _ in range(4):
        value = decoded(value)
        if not isinstance(value, dict):
            return value
        if "tool_name" in value and "arguments" in value:
            value = value["arguments"]
        elif isinstance(value.get("inputs"), dict) and "input_str" in value:
            value = value["inputs"]
        elif "input_str" in value:
            value = value["input_str"]
        elif set(value) <= _CALLED_WITH and not value.get("args") and "kwargs" in value:
            value = value["kwargs"]
        elif set(value) == {"input"} and isinstance(value["input"], (str, dict)):
            inner = decoded(value["input"])
            if not isinstance(inner, dict):
                return value
            value = inner
        elif isinstance(value.get("args"), dict) and value.get("type") == "tool_call":
            value = value["args"]
        else:
            return value
    return value


def _system(attributes: Attributes) -> str:
    value = decoded(_best(attributes, "system"))
    if isinstance(value, dict) and "parts" in value:
        value = value["parts"]
    return "\n".join(part.text for part in parts_of(value) if part.text)


def _input(attributes: Attributes, told: Told) -> tuple[Message, ...]:
    best, *others = _keys("input")
    return (
        messages_of(attributes.get(best), "user")
        or _flattened(attributes, "input", "user")
        or tuple(told.input)
        or next((found for key in others if (found := _under(attributes, key, "user"))), ())
        or messages_of(first_of(attributes, _keys("input_any")), "user")
    )


def _output(attributes: Attributes, told: Told) -> tuple[Message, ...]:
    best, *others = _keys("output")
    others = [key for key in others if not key.startswith(_VERCEL)]
    listed = next((key for key in _EVENT_LISTS if attributes.get(key)), None)
    return (
        messages_of(attributes.get(best), "assistant")
        or _flattened(attributes, "output", "assistant")
        or tuple(told.output)
        or _vercel_answer(attributes)
        or next((found for key in others if (found := _under(attributes, key, "assistant"))), ())
        or (tuple(_events_in(attributes[listed]).output) if listed else ())
        or messages_of(first_of(attributes, _keys("output_any")), "assistant")
    )


def _flattened(attributes: Attributes, field: str, role: str) -> tuple[Message, ...]:
    prefixes = (prefix for owner, prefix in dialects().prefixes if owner == field)
    return next((found for prefix in prefixes if (found := flattened_messages(attributes, prefix, role))), ())


def _under(attributes: Attributes, key: str, role: str) -> tuple[Message, ...]:
    value = attributes.get(key)
    if value is None or value == "":
        return ()
    if key in _EVENT_LISTS:
        return tuple(_events_in(value).input)
    if key in _RAW and not holds_messages(decoded(value)):
        return ()
    return messages_of(value, role)


def _events_in(value: Data) -> Told:
    items = decoded(value)
    return message_events(items) if isinstance(items, list) else Told()


def _vercel_answer(attributes: Attributes) -> tuple[Message, ...]:
    """One answer, told as its text, its reasoning, its object and its tool calls."""
    parts: list[Part] = []
    finish: Data = None
    for prefix in _VERCEL:
        reasoning = attributes.get(f"{prefix}reasoning")
        if reasoning:
            parts.append(Part("reasoning", as_text(reasoning)))
        parts += parts_of(first(dict(attributes), f"{prefix}text", f"{prefix}object"))
        calls = decoded(attributes.get(f"{prefix}toolCalls"))
        if isinstance(calls, list):
            parts += [call_of(call) for call in calls if isinstance(call, dict)]
        finish = finish or attributes.get(f"{prefix}finishReason")
    return (Message("assistant", tuple(parts), finish_reason=as_text(finish)),) if parts else ()


def _tools(attributes: Attributes) -> tuple[str, ...]:
    """Names of the tools that the model was offered."""
    listed = decoded(_best(attributes, "tools"))
    items: list[Data] = list(listed) if isinstance(listed, list) else []
    for owner, prefix in dialects().prefixes:
        if owner == "tools" and not items:
            items = [
                decoded(first(decoded_dict(first(item, "tool")), "json_schema")) or item
                for item in flattened_items(attributes, prefix)
            ]
    if not items:
        request = decoded(first_of(attributes, [*_keys("input_any"), "llm.invocation_parameters"]))
        offered = request.get("tools") if isinstance(request, dict) else None
        items = offered if isinstance(offered, list) else []
    return tuple(name for item in items if (name := _tool_name(decoded(item))))


def _tool_name(item: Data) -> str:
    if isinstance(item, str):
        return item
    if not isinstance(item, dict):
        return ""
    function = item.get("function")
    return as_text(first(function if isinstance(function, dict) else item, "name"))
