"""Parts of messages, in every shape that providers and frameworks give them, as `Part`s.

The shapes: OpenTelemetry GenAI, OpenAI chat and responses, Anthropic, Gemini, Bedrock (and Strands), LangChain,
Vercel's AI SDK, Haystack. A part is known by its `type`, or where it has none, by its only key. What is not known is
kept whole, as `other`.
"""

from __future__ import annotations

from playhead_collector.read.conversation import Part
from playhead_collector.read.value import Data, as_text, decoded

_TEXT = {"text", "input_text", "output_text", "plain_text"}
_REASONING = {"reasoning", "thinking", "redacted_thinking", "reasoning_text", "summary_text", "reasoningcontent"}
_CALL = {
    "tool_call",
    "tool-call",
    "tool_use",
    "tooluse",
    "function_call",
    "functioncall",
    "function",
    "server_tool_use",
    "toolrequest",
}
_RESULT = {
    "tool_call_response",
    "tool-result",
    "tool_result",
    "toolresult",
    "tool_call_result",
    "function_call_output",
    "function_response",
    "functionresponse",
    "toolresponse",
}
_MEDIA = {
    "image",
    "image_url",
    "input_image",
    "audio",
    "input_audio",
    "video",
    "file",
    "input_file",
    "document",
    "blob",
    "uri",
    "inline_data",
    "inlinedata",
    "file_data",
    "filedata",
    "media",
}
# A part without a type is known by these, in this order.
_BY_KEY = (
    "functionCall",
    "function_call",
    "functionResponse",
    "function_response",
    "toolUse",
    "toolResult",
    "toolRequest",
    "toolResponse",
    "tool_call_result",
    "tool_call",
    "reasoningContent",
    "reasoning",
    "inlineData",
    "inline_data",
    "fileData",
    "file_data",
    "image_url",
    "image",
    "document",
    "text",
)


def parts_of(content: Data) -> list[Part]:
    """The parts of a message's content: a text, a part, or a list of them."""
    if content is None or content == "":
        return []
    if isinstance(content, str):
        return [Part("text", content)]
    if isinstance(content, list):
        return [part for item in content for part in ([part_of(item)] if isinstance(item, dict) else parts_of(item))]
    if isinstance(content, dict):
        return [part_of(content)]
    return [Part("text", as_text(content))]


def part_of(item: dict[str, Data]) -> Part:
    kind, body = _kind_and_body(item)
    if kind in _TEXT:
        return Part("text", as_text(first(body, "text", "content", "value")))
    if kind in _REASONING:
        return Part("reasoning", _reasoning(body))
    if kind in _CALL:
        return call_of(body)
    if kind in _RESULT:
        return result_of(body)
    if kind in _MEDIA:
        return _media(body)
    return Part("other", as_text(item), value=item)


def _kind_and_body(item: dict[str, Data]) -> tuple[str, dict[str, Data]]:
    said = first(item, "type", "kind")
    if isinstance(said, str) and said:
        return said.lower(), item
    for key in _BY_KEY:
        if key in item:
            body = item[key]
            return key.lower(), body if isinstance(body, dict) else item
    if "name" in item and ("arguments" in item or "args" in item):
        return "tool_call", item
    return "", item


def call_of(item: dict[str, Data]) -> Part:
    """A tool call of any shape."""
    function = item.get("function")
    inner = function if isinstance(function, dict) else item
    arguments = decoded(first(inner, "arguments", "args", "input", "parameters"))
    return Part(
        "tool_call",
        as_text(arguments),
        name=as_text(first(inner, "name", "toolName", "tool_name")),
        call_id=as_text(first(item, "call_id", "id", "toolCallId", "toolUseId", "tool_call_id", "ref")),
        value=arguments,
    )


def result_of(item: dict[str, Data]) -> Part:
    """A tool's result of any shape."""
    result = plain_result(first(item, "response", "result", "output", "content"))
    origin = item.get("origin")
    call = origin if isinstance(origin, dict) else item
    return Part(
        "tool_result",
        as_text(result),
        name=as_text(first(call, "name", "toolName", "tool_name")),
        call_id=as_text(first(call, "tool_use_id", "call_id", "id", "toolCallId", "toolUseId", "tool_call_id", "ref")),
        value=result,
    )


def plain_result(value: Data) -> Data:
    """A result without what frameworks wrap around it: a message, blocks of text, `{"output": …}`."""
    for _ in range(8):
        value = decoded(value)
        if isinstance(value, dict):
            inner = _unwrapped(value)
            if inner is value:
                return value
            value = inner
        elif isinstance(value, list) and value and all(_is_text_block(item) for item in value):
            value = "\n".join(as_text(first(item, "text", "content")) for item in value if isinstance(item, dict))
        else:
            return value
    return value


def _unwrapped(value: dict[str, Data]) -> Data:
    data, kwargs = value.get("data"), value.get("kwargs")
    if value.get("type") == "tool" and isinstance(data, dict) and "content" in data:
        return data["content"]
    if value.get("lc") == 1 and isinstance(kwargs, dict) and "content" in kwargs:
        return kwargs["content"]
    if value.get("type") == "tool" and "content" in value:
        return value["content"]
    # Vercel: {"type": "text" | "json" | "error-text", "value": …}
    if set(value) == {"type", "value"}:
        return value["value"]
    if set(value) <= {"output", "kwargs"} and "output" in value:
        return value["output"]
    return value


def _is_text_block(item: Data) -> bool:
    if not isinstance(item, dict):
        return False
    return set(item) == {"text"} or item.get("type") in ("text", "output_text", "input_text")


def _reasoning(body: dict[str, Data]) -> str:
    said = first(body, "content", "text", "thinking", "reasoning", "reasoningText", "summary", "data")
    if isinstance(said, dict):
        return as_text(first(said, "text", "content"))
    if isinstance(said, list):
        return "\n".join(part.text for part in parts_of(said))
    return as_text(said)


def _media(body: dict[str, Data]) -> Part:
    """Media by where they are; bytes inside the message become a data URI, as they were sent."""
    source: Data = body
    for key in ("image_url", "image", "source", "input_audio", "audio", "file", "document", "inlineData", "fileData"):
        if isinstance(source, dict) and isinstance(source.get(key), dict):
            source = source[key]
    held = source if isinstance(source, dict) else body
    mime_type = as_text(
        first(held, "mime_type", "media_type", "mimeType", "mediaType", "format")
        or first(body, "mime_type", "media_type", "mimeType", "mediaType", "modality")
    )
    uri = first(held, "url", "uri", "file_uri", "fileUri", "file_id", "image_url", "image", "file_data")
    data = first(held, "data", "content", "bytes", "b64_json")
    if uri is None and data is not None:
        uri = f"data:{mime_type};base64,{as_text(data)}" if "/" in mime_type else as_text(data)
    name = as_text(first(held, "filename", "name", "title"))
    return Part("media", name=name, uri=as_text(uri), mime_type=mime_type)


def first(item: dict[str, Data], *keys: str) -> Data:
    """The first of some keys that is there and not null."""
    for key in keys:
        value = item.get(key)
        if value is not None:
            return value
    return None
