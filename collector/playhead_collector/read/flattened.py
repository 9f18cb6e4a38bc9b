"""Messages that an emitter flattened into attributes, one key for each leaf: `llm.input_messages.0.message.content`.

Numbers in keys are places in lists, but a place is whatever number a key says: nothing is allocated for the gaps.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from playhead_collector.read.conversation import Message
from playhead_collector.read.parts import first
from playhead_collector.read.shapes import message_of
from playhead_collector.read.value import Data, decoded

# `0.message.contents.1.message_content.image.image.url` has eight.
_LONGEST_PATH = 16


def flattened_messages(attributes: Mapping[str, Data], prefix: str, role: str) -> tuple[Message, ...]:
    """The messages under a prefix, in the order of their numbers."""
    return tuple(_message(item, role) for item in _items(_tree(attributes, prefix)))


def flattened_items(attributes: Mapping[str, Data], prefix: str) -> list[dict[str, Data]]:
    """What else is flattened into numbered objects: offered tools."""
    return _items(_tree(attributes, prefix))


def _tree(attributes: Mapping[str, Data], prefix: str) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for key, value in attributes.items():
        if not key.startswith(prefix):
            continue
        *steps, leaf = key[len(prefix) :].split(".", _LONGEST_PATH)
        at = tree
        for step in steps:
            inner = at.setdefault(step, {})
            if not isinstance(inner, dict):
                inner = at[step] = {"value": inner}
            at = inner
        if isinstance(at.get(leaf), dict):
            leaf = f"{leaf}.value"
        at[leaf] = value
    return tree


def _items(tree: Mapping[str, Any]) -> list[dict[str, Data]]:
    numbered = [
        (int(place), item) for place, item in tree.items() if place.isascii() and place.isdigit() and len(place) < 10
    ]
    return [
        item if isinstance(item, dict) else {"content": item} for _, item in sorted(numbered, key=lambda pair: pair[0])
    ]


def _message(item: dict[str, Data], role: str) -> Message:
    # OpenInference puts the names of its objects into its keys.
    inner = item.get("message")
    item = inner if isinstance(inner, dict) else item
    plain: dict[str, Data] = dict(item)
    contents = item.get("contents")
    if isinstance(contents, dict):
        parts: list[Data] = [_content(part) for part in _items(contents)]
        if not plain.get("content"):
            plain["content"] = parts
    calls = item.get("tool_calls")
    if isinstance(calls, dict):
        plain["tool_calls"] = [first(call, "tool_call") or call for call in _items(calls)]
    if item.get("function_call_name"):
        plain["function_call"] = {
            "name": item["function_call_name"],
            "arguments": item.get("function_call_arguments_json"),
        }
    return message_of(plain, role)


def _content(part: dict[str, Data]) -> dict[str, Data]:
    inner = part.get("message_content")
    if not isinstance(inner, dict):
        return part
    call = part.get("tool_call") or inner.get("tool_call")
    if isinstance(call, dict):
        return {"type": "tool_use", **call}
    image = inner.get("image")
    if isinstance(image, dict):
        return {"type": "image", "url": first(decoded_dict(image.get("image")), "url")}
    return inner


def decoded_dict(value: Data) -> dict[str, Data]:
    """A value that should be an object, as one; empty where it is none."""
    inner = decoded(value)
    return inner if isinstance(inner, dict) else {}
