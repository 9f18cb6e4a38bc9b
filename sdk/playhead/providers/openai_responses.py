"""OpenAI's responses: a list of items in, a list of items out, of which messages are one kind."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from playhead.providers.loose import Json, append, count, listed, number, obj, objects, text
from playhead.providers.openai_chat import extra, failure, output_type
from playhead.providers.parts import (
    call_part,
    function_tool,
    media_part,
    message,
    other_part,
    reasoning_part,
    refusal_part,
    result_part,
    sealed_reasoning_part,
    server_call_part,
    server_result_part,
    text_part,
)
from playhead.providers.prompt import Answered, Asked, Dialect, Usage

_CALLS = {"function_call", "custom_tool_call"}
_RESULTS = {
    "function_call_output",
    "custom_tool_call_output",
    "computer_call_output",
    "local_shell_call_output",
    "shell_call_output",
    "apply_patch_call_output",
}
# What the provider's own tools leave in an answer. `result` of an image call is the image.
_NOT_TOLD = {"id", "type", "status", "result"}
# What says how to reach a server of tools, and with which secret.
_NOT_OF_A_TOOL = {"headers", "authorization"}
_TERMINAL = {"response.completed", "response.incomplete", "response.failed"}


def _shaped(request: Json) -> bool:
    return "input" in request or "prompt" in request or "previous_response_id" in request or "conversation" in request


def _asked(request: Json) -> Asked:
    instructions = text(request, "instructions")
    conversation = text(request, "conversation") or text(obj(request, "conversation"), "id")
    return Asked(
        operation="chat",
        model=text(request, "model"),
        messages=_messages(request.get("input")),
        system=(text_part(instructions),) if instructions else (),
        tools=tuple(_tool(item) for item in objects(request, "tools")),
        stream=request.get("stream") is True,
        parameters={
            "gen_ai.request.temperature": number(request, "temperature"),
            "gen_ai.request.top_p": number(request, "top_p"),
            "gen_ai.request.max_tokens": count(request, "max_output_tokens"),
            "gen_ai.request.reasoning.level": text(obj(request, "reasoning"), "effort"),
            "gen_ai.request.previous_response.id": text(request, "previous_response_id"),
            "gen_ai.conversation.id": conversation,
            "gen_ai.output.type": output_type(text(obj(obj(request, "text"), "format"), "type")),
            "openai.request.service_tier": text(request, "service_tier"),
        },
    )


def _tool(item: Json) -> Json:
    if text(item, "type") == "function":
        return function_tool(text(item, "name"), text(item, "description"), item.get("parameters"))
    return {key: value for key, value in item.items() if key not in _NOT_OF_A_TOOL}


def _messages(value: Any) -> tuple[Json, ...]:
    if isinstance(value, str):
        return (message("user", [text_part(value)]),)
    made: list[Json] = []
    open_role = None
    for item in value if isinstance(value, list) else ():
        if not isinstance(item, dict):
            continue
        kind = text(item, "type") or "message"
        if kind == "message":
            made.append(message(text(item, "role") or "user", _content(item)))
            open_role = None
            continue
        # Calls made in one turn are one message, and so are their results.
        role = "tool" if kind in _RESULTS else "assistant"
        if role != open_role:
            made.append(message(role, []))
            open_role = role
        made[-1]["parts"].append(_part(item, kind))
    return tuple(made)


def _content(item: Json) -> list[Json]:
    content = item.get("content")
    if isinstance(content, str):
        return [text_part(content)] if content else []
    return [_block(block) for block in objects(item, "content")]


def _block(block: Json) -> Json:
    kind = text(block, "type")
    if kind in ("input_text", "output_text", "text", "summary_text"):
        return text_part(text(block, "text") or "")
    if kind == "refusal":
        return refusal_part(text(block, "refusal") or "")
    if kind == "input_image":
        return media_part(modality="image", uri=text(block, "image_url"), file_id=text(block, "file_id"))
    if kind == "input_file":
        where = text(block, "file_url") or text(block, "file_data")
        return media_part(uri=where, file_id=text(block, "file_id"), name=text(block, "filename"))
    if kind == "input_audio":
        sound = obj(block, "input_audio") or block
        return media_part(modality="audio", data=text(sound, "data"))
    return other_part(block)


def _part(item: Json, kind: str) -> Json:
    call_id = text(item, "call_id") or text(item, "id")
    if kind in _CALLS:
        return call_part(call_id, text(item, "name"), item.get("arguments", item.get("input")))
    if kind in _RESULTS:
        output = item.get("output")
        if isinstance(output, list):
            output = [_block(block) for block in output if isinstance(block, dict)]
        elif isinstance(output, dict) and kind == "computer_call_output":
            output = media_part(modality="image", uri=text(output, "image_url"), file_id=text(output, "file_id"))
        return result_part(call_id, output)
    if kind == "reasoning":
        return _reasoning(item)
    if kind == "mcp_approval_response":
        return server_result_part(text(item, "approval_request_id"), kind, {"approve": item.get("approve")})
    if kind.endswith(("_call", "_request", "_list_tools")):
        details = {key: value for key, value in item.items() if key not in _NOT_TOLD}
        return server_call_part(call_id, kind, details)
    return other_part(item, kind)


def _reasoning(item: Json) -> Json:
    told = [text(block, "text") or "" for block in (*objects(item, "summary"), *objects(item, "content"))]
    if not told and text(item, "encrypted_content"):
        return sealed_reasoning_part()
    return reasoning_part("\n".join(told))


def _answered(answer: Json) -> Answered:
    parts: list[Json] = []
    called = False
    for item in objects(answer, "output"):
        kind = text(item, "type") or "message"
        called = called or kind in _CALLS
        parts += _content(item) if kind == "message" else [_part(item, kind)]
    reason = _finish(answer, called)
    return Answered(
        model=text(answer, "model"),
        id=text(answer, "id"),
        messages=(message("assistant", parts, finish_reason=reason),) if parts else (),
        finish_reasons=(reason,) if reason else (),
        usage=_usage(obj(answer, "usage")),
        failure=failure(answer),
        extra=extra(answer),
    )


def _finish(answer: Json, called: bool) -> str | None:
    """There is no finish reason in a response; its status and what it holds say the same."""
    status = text(answer, "status")
    if status == "completed":
        return "tool_call" if called else "stop"
    if status == "incomplete":
        return text(obj(answer, "incomplete_details"), "reason") or status
    return "error" if status == "failed" else status if status == "cancelled" else None


def _usage(told: Json) -> Usage:
    into = obj(told, "input_tokens_details")
    return Usage(
        input=count(told, "input_tokens"),
        output=count(told, "output_tokens"),
        cache_read=count(into, "cached_tokens"),
        cache_write=count(into, "cache_write_tokens"),
        reasoning=count(obj(told, "output_tokens_details"), "reasoning_tokens"),
    )


def _assembled(events: Iterable[Json]) -> tuple[Json, bool]:
    whole: Json = {}
    items: dict[int, Json] = {}
    finished = False
    for event in events:
        kind = text(event, "type") or ""
        if response := obj(event, "response"):
            whole = {**whole, **response}
            finished = finished or kind in _TERMINAL
        elif kind == "error" or "error" in event:
            whole["error"] = obj(event, "error") or {key: event.get(key) for key in ("code", "message")}
        else:
            _add(items, kind, event)
    if not objects(whole, "output"):
        whole["output"] = [items[index] for index in sorted(items)]
    return whole, finished


def _add(items: dict[int, Json], kind: str, event: Json) -> None:
    index = count(event, "output_index")
    if index is None:
        return
    if item := obj(event, "item"):
        items[index] = item
        return
    item = items.setdefault(index, {"type": "message", "role": "assistant"})
    delta = event.get("delta")
    if kind in ("response.output_text.delta", "response.refusal.delta"):
        refused = kind == "response.refusal.delta"
        block = _at(listed(item, "content"), event, "content_index", "refusal" if refused else "output_text")
        append(block, "refusal" if refused else "text", delta)
    elif kind == "response.reasoning_summary_text.delta":
        append(_at(listed(item, "summary"), event, "summary_index", "summary_text"), "text", delta)
    elif kind == "response.reasoning_text.delta":
        append(_at(listed(item, "content"), event, "content_index", "reasoning_text"), "text", delta)
    elif kind == "response.function_call_arguments.delta":
        append(item, "arguments", delta)
    elif kind == "response.custom_tool_call_input.delta":
        append(item, "input", delta)


def _at(blocks: list[Any], event: Json, key: str, kind: str) -> Json:
    index = min(count(event, key) or 0, 1_000)
    while len(blocks) <= index:
        blocks.append({"type": kind})
    block = blocks[index]
    return block if isinstance(block, dict) else {}


RESPONSES = Dialect("openai", _shaped, _asked, _answered, _assembled)
