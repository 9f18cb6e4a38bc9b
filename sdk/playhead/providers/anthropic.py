"""Anthropic's messages: from Anthropic, and in the same form from Bedrock and Vertex."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from playhead.providers.loose import Json, append, count, number, obj, objects, parsed, text, texts, total
from playhead.providers.parts import (
    call_part,
    function_tool,
    media_part,
    message,
    other_part,
    reasoning_part,
    result_part,
    sealed_reasoning_part,
    server_call_part,
    server_result_part,
    text_part,
)
from playhead.providers.prompt import Answered, Asked, Dialect, Failure, Usage

_NOT_TOLD = {"id", "type", "name", "tool_use_id", "cache_control"}

# Where the pieces of an input are kept while they come.
_PIECES = " pieces"


def _shaped(request: Json) -> bool:
    return isinstance(request.get("messages"), list) and ("max_tokens" in request or "anthropic_version" in request)


def _asked(request: Json) -> Asked:
    output = obj(request, "output_config")
    return Asked(
        operation="chat",
        model=text(request, "model"),
        messages=tuple(message(text(item, "role") or "user", _parts(item)) for item in objects(request, "messages")),
        system=tuple(_texts_or_blocks(request.get("system"))),
        tools=tuple(_tool(item) for item in objects(request, "tools")),
        stream=request.get("stream") is True,
        parameters={
            "gen_ai.request.temperature": number(request, "temperature"),
            "gen_ai.request.top_p": number(request, "top_p"),
            "gen_ai.request.top_k": number(request, "top_k"),
            "gen_ai.request.max_tokens": count(request, "max_tokens"),
            "gen_ai.request.stop_sequences": texts(request, "stop_sequences") or None,
            "gen_ai.request.reasoning.level": text(output, "effort"),
            "gen_ai.output.type": "json" if obj(output, "format") or obj(request, "output_format") else None,
        },
    )


def _tool(item: Json) -> Json:
    if text(item, "type") in ("custom", None):
        return function_tool(text(item, "name"), text(item, "description"), item.get("input_schema"))
    return {key: value for key, value in item.items() if key != "cache_control"}


def _parts(item: Json) -> list[Json]:
    return _texts_or_blocks(item.get("content"))


def _texts_or_blocks(content: Any) -> list[Json]:
    if isinstance(content, str):
        return [text_part(content)] if content else []
    return [_part(block) for block in content if isinstance(block, dict)] if isinstance(content, list) else []


def _part(block: Json) -> Json:  # noqa: PLR0911 - one return a kind
    kind = text(block, "type") or ""
    if kind == "text":
        return text_part(text(block, "text") or "")
    if kind == "thinking":
        return reasoning_part(text(block, "thinking") or "")
    if kind == "redacted_thinking":
        return sealed_reasoning_part()
    if kind == "tool_use":
        return call_part(text(block, "id"), text(block, "name"), block.get("input"))
    if kind == "tool_result":
        return result_part(text(block, "tool_use_id"), _result(block), failed=block.get("is_error") is True)
    if kind in ("image", "document"):
        return _media(block, kind)
    if kind in ("server_tool_use", "mcp_tool_use"):
        return server_call_part(text(block, "id"), text(block, "name") or kind, _details(block))
    if kind.endswith("_tool_result"):
        return server_result_part(text(block, "tool_use_id"), kind, _details(block))
    return other_part(block)


def _details(block: Json) -> Json:
    return {key: value for key, value in block.items() if key not in _NOT_TOLD}


def _result(block: Json) -> Any:
    """A result's text where it is one text, else its parts."""
    content = block.get("content")
    parts = _texts_or_blocks(content)
    if len(parts) == 1 and parts[0]["type"] == "text":
        return parts[0]["content"]
    return parts or content


def _media(block: Json, kind: str) -> Json:
    source = obj(block, "source")
    title = text(block, "title")
    if text(source, "type") == "text" or text(source, "type") == "content":
        held = text(source, "data") or text(source, "content")
        return media_part(mime_type=text(source, "media_type"), uri=None, data=None, name=title) | (
            {"content": held} if held is not None else {}
        )
    return media_part(
        modality="image" if kind == "image" else None,
        mime_type=text(source, "media_type"),
        data=text(source, "data"),
        uri=text(source, "url"),
        file_id=text(source, "file_id"),
        name=title,
    )


def _answered(answer: Json) -> Answered:
    parts = _parts(answer)
    reason = text(answer, "stop_reason")
    told = obj(answer, "usage")
    return Answered(
        model=text(answer, "model"),
        id=text(answer, "id"),
        messages=(message("assistant", parts, finish_reason=reason),) if parts else (),
        finish_reasons=(reason,) if reason else (),
        usage=_usage(told),
        failure=_failure(obj(answer, "error")),
        extra={"anthropic.response.service_tier": text(told, "service_tier")},
    )


def _usage(told: Json) -> Usage:
    read = count(told, "cache_read_input_tokens")
    written = count(told, "cache_creation_input_tokens")
    fresh = count(told, "input_tokens")
    return Usage(
        # Anthropic counts what the cache had, and what it took, beside the input; the conventions count them in it.
        input=None if fresh is None else total(fresh, read, written),
        output=count(told, "output_tokens"),
        cache_read=read,
        cache_write=written,
        reasoning=count(obj(told, "output_tokens_details"), "thinking_tokens", "reasoning_tokens"),
    )


def _failure(error: Json) -> Failure | None:
    kind = text(error, "type")
    return Failure(kind, text(error, "message")) if kind else None


def _assembled(events: Iterable[Json]) -> tuple[Json, bool]:
    whole: Json = {}
    blocks: dict[int, Json] = {}
    finished = counted = False
    for event in events:
        kind = text(event, "type")
        index = count(event, "index")
        if kind == "message_start":
            whole = dict(obj(event, "message"))
        elif kind == "content_block_start" and index is not None:
            blocks[index] = dict(obj(event, "content_block"))
            if "input" in blocks[index]:
                blocks[index][_PIECES] = ""
        elif kind == "content_block_delta" and index is not None:
            _add(blocks.setdefault(index, {}), obj(event, "delta"))
        elif kind == "content_block_stop" and index is not None:
            _close(blocks.setdefault(index, {}))
        elif kind == "message_delta":
            whole.update({key: value for key, value in obj(event, "delta").items() if value is not None})
            # These counts are sums so far, and replace those of the start.
            told = {key: value for key, value in obj(event, "usage").items() if value is not None}
            whole["usage"] = {**obj(whole, "usage"), **told}
            counted = counted or "output_tokens" in told
        elif kind == "message_stop":
            finished = True
        elif kind == "error":
            whole["error"] = obj(event, "error")
    if not counted and obj(whole, "usage"):
        # The start counts a token or two of output before there is any: not what the answer cost.
        whole["usage"] = {key: value for key, value in obj(whole, "usage").items() if key != "output_tokens"}
    whole["content"] = [_left_open(blocks[index]) for index in sorted(blocks)]
    return whole, finished


def _add(block: Json, delta: Json) -> None:
    kind = text(delta, "type")
    if kind == "text_delta":
        block.setdefault("type", "text")
        append(block, "text", delta.get("text"))
    elif kind == "thinking_delta":
        block.setdefault("type", "thinking")
        append(block, "thinking", delta.get("thinking"))
    elif kind == "input_json_delta":
        append(block, _PIECES, delta.get("partial_json"))


def _close(block: Json) -> None:
    pieces = block.pop(_PIECES, None)
    if pieces:
        value = parsed(pieces)
        block["input"] = value if isinstance(value, dict) else pieces


def _left_open(block: Json) -> Json:
    """Of a call that was cut, the pieces of its input as they came; the empty input of its start is none."""
    if _PIECES in block:
        block["input"] = block.pop(_PIECES) or None
    return block


MESSAGES = Dialect("anthropic", _shaped, _asked, _answered, _assembled)
