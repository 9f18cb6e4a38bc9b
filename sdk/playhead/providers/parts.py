"""The parts and messages of the GenAI conventions, as providers' bodies are turned into them.

Bytes that a request carries are told as a note (type, size, digest), never repeated: the exchange holds them already.
"""

from __future__ import annotations

import binascii
import hashlib
from collections.abc import Iterable
from typing import Any

from playhead.providers.loose import Json, parsed, text

# The type of content by the first word of its media type.
_MODALITIES = ("image", "audio", "video")


def text_part(content: str) -> Json:
    return {"type": "text", "content": content}


def reasoning_part(content: str) -> Json:
    return {"type": "reasoning", "content": content}


def sealed_reasoning_part() -> Json:
    """Reasoning that the provider gives in a form only it can read."""
    return {"type": "reasoning", "content": "", "encrypted": True}


def refusal_part(content: str) -> Json:
    return {"type": "refusal", "content": content}


def call_part(call_id: str | None, name: str | None, arguments: Any) -> Json:
    """A tool call; arguments that are the text of an object become the object."""
    if isinstance(arguments, str):
        value = parsed(arguments)
        arguments = value if isinstance(value, (dict, list)) else arguments
    part: Json = {"type": "tool_call"}
    if call_id:
        part["id"] = call_id
    part["name"] = name or ""
    if arguments is not None:
        part["arguments"] = arguments
    return part


def result_part(call_id: str | None, response: Any, *, name: str | None = None, failed: bool = False) -> Json:
    part: Json = {"type": "tool_call_response"}
    if call_id:
        part["id"] = call_id
    if name:
        part["name"] = name
    part["response"] = response
    if failed:
        part["is_error"] = True
    return part


def server_call_part(call_id: str | None, name: str, details: Json) -> Json:
    """A tool that the provider runs itself."""
    part: Json = {"type": "server_tool_call"}
    if call_id:
        part["id"] = call_id
    part["name"] = name
    part["server_tool_call"] = {"type": name, **details}
    return part


def server_result_part(call_id: str | None, kind: str, details: Json) -> Json:
    part: Json = {"type": "server_tool_call_response"}
    if call_id:
        part["id"] = call_id
    part["server_tool_call_response"] = {"type": kind, **details}
    return part


def other_part(item: Json, kind: str | None = None) -> Json:
    """What no convention has a name for: its type, and what is short in it."""
    kept = {key: value for key, value in item.items() if _short(value)}
    return {**kept, "type": kind or text(item, "type") or "unknown"}


def _short(value: Any) -> bool:
    return isinstance(value, (bool, int, float)) or (isinstance(value, str) and len(value) <= 1_000)


def media_part(
    *,
    modality: str | None = None,
    mime_type: str | None = None,
    data: str | None = None,
    uri: str | None = None,
    file_id: str | None = None,
    name: str | None = None,
) -> Json:
    """An image, a sound or a file, by whichever of bytes (base64), address or id it was given."""
    if uri is not None and uri.startswith("data:"):
        head, _, data = uri[5:].partition(",")
        mime_type = head.split(";", 1)[0] or mime_type
        uri = None
    part: Json = {"type": "uri" if uri is not None else "file" if file_id is not None else "blob"}
    first = (mime_type or "").split("/", 1)[0]
    part["modality"] = modality or (first if first in _MODALITIES else "document")
    if mime_type:
        part["mime_type"] = mime_type
    if name:
        part["name"] = name
    if uri is not None:
        part["uri"] = uri
    elif file_id is not None:
        part["file_id"] = file_id
    elif data is not None:
        part.update(_note(data))
    return part


def _note(data: str) -> Json:
    try:
        content = binascii.a2b_base64(data)
    except (ValueError, binascii.Error):
        # Not base64, so what was sent is the text itself.
        content = data.encode("utf-8", "surrogatepass")
    return {"size": len(content), "sha256": hashlib.sha256(content, usedforsecurity=False).hexdigest()}


def message(role: str, parts: Iterable[Json], *, finish_reason: str | None = None, name: str | None = None) -> Json:
    """A message. Its role comes first, which is where the collector cuts a list of messages."""
    made: Json = {"role": role, "parts": list(parts)}
    if name:
        made["name"] = name
    if finish_reason is not None:
        made["finish_reason"] = finish_reason
    return made


def function_tool(name: str | None, description: str | None, parameters: Any) -> Json:
    tool: Json = {"type": "function", "name": name or ""}
    if description:
        tool["description"] = description
    if isinstance(parameters, dict):
        tool["parameters"] = parameters
    return tool
