"""Bedrock's converse. A stream's frames arrive here as objects with one key, the event's type."""

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
    text_part,
)
from playhead.providers.prompt import Answered, Asked, Dialect, Failure, Usage

_MEDIA = ("image", "document", "video", "audio")


def _shaped(request: Json) -> bool:
    return isinstance(request.get("messages"), list)


def _asked(request: Json) -> Asked:
    config = obj(request, "inferenceConfig")
    more = obj(request, "additionalModelRequestFields")
    return Asked(
        operation="chat",
        messages=tuple(message(text(item, "role") or "user", _parts(item)) for item in objects(request, "messages")),
        system=tuple(_part(block) for block in objects(request, "system") if "cachePoint" not in block),
        tools=tuple(_tool(item) for item in objects(obj(request, "toolConfig"), "tools") if "cachePoint" not in item),
        parameters={
            "gen_ai.request.temperature": number(config, "temperature"),
            "gen_ai.request.top_p": number(config, "topP"),
            "gen_ai.request.top_k": number(more, "top_k", "topK"),
            "gen_ai.request.max_tokens": count(config, "maxTokens"),
            "gen_ai.request.stop_sequences": texts(config, "stopSequences") or None,
            "aws.bedrock.guardrail.id": text(obj(request, "guardrailConfig"), "guardrailIdentifier"),
        },
    )


def _tool(item: Json) -> Json:
    spec = obj(item, "toolSpec")
    if not spec:
        return next(({"type": name, **value} for name, value in item.items() if isinstance(value, dict)), {"type": "?"})
    return function_tool(text(spec, "name"), text(spec, "description"), obj(spec, "inputSchema").get("json"))


def _parts(item: Json) -> list[Json]:
    return [_part(block) for block in objects(item, "content") if "cachePoint" not in block]


def _part(block: Json) -> Json:  # noqa: PLR0911 - one return a kind
    said = text(block, "text")
    if said is not None:
        return text_part(said)
    if call := obj(block, "toolUse"):
        return call_part(text(call, "toolUseId"), text(call, "name"), call.get("input"))
    if result := obj(block, "toolResult"):
        failed = text(result, "status") == "error"
        return result_part(text(result, "toolUseId"), _result(result), failed=failed)
    if thought := obj(block, "reasoningContent"):
        told = text(obj(thought, "reasoningText"), "text")
        return sealed_reasoning_part() if told is None else reasoning_part(told)
    for kind in _MEDIA:
        if held := obj(block, kind):
            return _media(held, kind)
    if cited := obj(block, "citationsContent"):
        return text_part("".join(text(piece, "text") or "" for piece in objects(cited, "content")))
    if guarded := obj(block, "guardContent"):
        return text_part(text(obj(guarded, "text"), "text") or "")
    kind = next(iter(block), "unknown")
    return other_part(obj(block, kind), kind)


def _result(result: Json) -> Any:
    """A result's text or value where it has one, else its parts."""
    blocks = objects(result, "content")
    plain = [block["json"] if "json" in block else _part(block) for block in blocks]
    if len(blocks) == 1:
        return blocks[0]["json"] if "json" in blocks[0] else blocks[0].get("text", plain[0])
    return plain


def _media(held: Json, kind: str) -> Json:
    source = obj(held, "source")
    form = text(held, "format")
    return media_part(
        modality=kind,
        mime_type=f"{kind}/{form}" if form and kind != "document" else None,
        data=text(source, "bytes"),
        uri=text(obj(source, "s3Location"), "uri"),
        name=text(held, "name") or (form if kind == "document" else None),
    )


def _answered(answer: Json) -> Answered:
    said = obj(obj(answer, "output"), "message")
    reason = text(answer, "stopReason")
    parts = _parts(said)
    return Answered(
        messages=(message(text(said, "role") or "assistant", parts, finish_reason=reason),) if parts else (),
        finish_reasons=(reason,) if reason else (),
        usage=_usage(obj(answer, "usage")),
        failure=_failure(answer),
    )


def _usage(told: Json) -> Usage:
    read, written = count(told, "cacheReadInputTokens"), count(told, "cacheWriteInputTokens")
    fresh = count(told, "inputTokens")
    return Usage(
        # As with Anthropic, what the cache had is counted beside the input.
        input=None if fresh is None else total(fresh, read, written),
        output=count(told, "outputTokens"),
        cache_read=read,
        cache_write=written,
    )


def _failure(answer: Json) -> Failure | None:
    # An error's body names its type in one of these, or a header of the answer does.
    kind = text(answer, "__type", "code", "_exception")
    if kind:
        return Failure(kind.split("#")[-1].split(":")[0], text(answer, "message", "Message"))
    return None


def _assembled(events: Iterable[Json]) -> tuple[Json, bool]:
    whole: Json = {}
    said: Json = {"role": "assistant"}
    blocks: dict[int, Json] = {}
    finished = False
    for event in events:
        for kind, value in event.items():
            if not isinstance(value, dict):
                continue
            index = count(value, "contentBlockIndex")
            if kind == "messageStart":
                said["role"] = text(value, "role") or "assistant"
            elif kind == "contentBlockStart" and index is not None:
                blocks[index] = {key: dict(held) for key, held in obj(value, "start").items() if isinstance(held, dict)}
            elif kind == "contentBlockDelta" and index is not None:
                _add(blocks.setdefault(index, {}), obj(value, "delta"))
            elif kind == "messageStop":
                whole["stopReason"] = text(value, "stopReason")
                finished = True
            elif kind == "metadata":
                whole["usage"] = obj(value, "usage")
            elif kind.endswith("Exception"):
                whole |= {"_exception": kind, "message": text(value, "message")}
    said["content"] = [_closed(blocks[index]) for index in sorted(blocks)]
    whole["output"] = {"message": said}
    return whole, finished


def _add(block: Json, delta: Json) -> None:
    append(block, "text", delta.get("text"))
    if call := obj(delta, "toolUse"):
        append(block.setdefault("toolUse", {}), "input", call.get("input"))
    if thought := obj(delta, "reasoningContent"):
        held = block.setdefault("reasoningContent", {})
        if "text" in thought:
            append(held.setdefault("reasoningText", {}), "text", thought.get("text"))


def _closed(block: Json) -> Json:
    call = obj(block, "toolUse")
    pieces = call.get("input")
    if isinstance(pieces, str):
        value = parsed(pieces)
        call["input"] = value if isinstance(value, dict) else pieces
    return block


CONVERSE = Dialect("aws.bedrock", _shaped, _asked, _answered, _assembled)
