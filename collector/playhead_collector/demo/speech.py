"""What the fake provider says, in each dialect: whole, or as the pieces of a stream.

One answer (`Said`) is the same in every dialect, so a test of five clients has one expectation.
"""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from playhead.providers.eventstream import frame

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    id: str
    name: str
    arguments: Json


@dataclass(frozen=True, slots=True)
class Said:
    """One answer. It has a text, or calls, or both."""

    id: str
    model: str
    text: str
    calls: tuple[Call, ...]
    tokens_in: int
    tokens_out: int


def pieces_of(text: str, size: int = 7) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


def sse(events: Iterable[Json | str], *, named: bool = False) -> list[bytes]:
    made = []
    for event in events:
        head = f"event: {event['type']}\n" if named and isinstance(event, dict) else ""
        made.append(f"{head}data: {event if isinstance(event, str) else json.dumps(event)}\n\n".encode())
    return made


# OpenAI: chat completions


def _chat_usage(said: Said) -> Json:
    return {
        "prompt_tokens": said.tokens_in,
        "completion_tokens": said.tokens_out,
        "total_tokens": said.tokens_in + said.tokens_out,
        "prompt_tokens_details": {"cached_tokens": 2},
        "completion_tokens_details": {"reasoning_tokens": 1},
    }


def _chat_call(call: Call) -> Json:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": json.dumps(call.arguments)}}


def chat(said: Said) -> Json:
    told: Json = {"role": "assistant", "content": said.text or None, "refusal": None}
    if said.calls:
        told["tool_calls"] = [_chat_call(call) for call in said.calls]
    finish = "tool_calls" if said.calls else "stop"
    return {
        "id": f"chatcmpl-{said.id}",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": said.model,
        "system_fingerprint": "fp_fake",
        "choices": [{"index": 0, "message": told, "finish_reason": finish, "logprobs": None}],
        "usage": _chat_usage(said),
    }


def chat_stream(said: Said, *, usage: bool) -> list[bytes]:
    base = {"id": f"chatcmpl-{said.id}", "object": "chat.completion.chunk", "created": 1, "model": said.model}

    def chunk(delta: Json, finish: str | None = None) -> Json:
        return {**base, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

    events: list[Json | str] = [chunk({"role": "assistant", "content": "" if said.text else None})]
    events += [chunk({"content": piece}) for piece in pieces_of(said.text)]
    for index, call in enumerate(said.calls):
        start = {"name": call.name, "arguments": ""}
        events.append(chunk({"tool_calls": [{"index": index, "id": call.id, "type": "function", "function": start}]}))
        events += [
            chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
            for piece in pieces_of(json.dumps(call.arguments))
        ]
    events.append(chunk({}, "tool_calls" if said.calls else "stop"))
    if usage:
        events.append({**base, "choices": [], "usage": _chat_usage(said)})
    return sse([*events, "[DONE]"])


# OpenAI: responses


def _output(said: Said) -> list[Json]:
    items: list[Json] = []
    if said.text:
        block = {"type": "output_text", "text": said.text, "annotations": []}
        item = {"type": "message", "id": f"msg_{said.id}", "role": "assistant", "status": "completed"}
        items.append({**item, "content": [block]})
    for call in said.calls:
        items.append(
            {
                "type": "function_call",
                "id": f"fc_{call.id}",
                "call_id": call.id,
                "name": call.name,
                "arguments": json.dumps(call.arguments),
                "status": "completed",
            }
        )
    return items


def response(said: Said) -> Json:
    return {
        "id": f"resp_{said.id}",
        "object": "response",
        "created_at": 1_700_000_000,
        "status": "completed",
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "model": said.model,
        "output": _output(said),
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "usage": {
            "input_tokens": said.tokens_in,
            "input_tokens_details": {"cached_tokens": 2},
            "output_tokens": said.tokens_out,
            "output_tokens_details": {"reasoning_tokens": 1},
            "total_tokens": said.tokens_in + said.tokens_out,
        },
    }


def response_stream(said: Said) -> list[bytes]:
    whole = response(said)
    begun = {**whole, "status": "in_progress", "output": [], "usage": None}
    events: list[Json] = [
        {"type": "response.created", "response": begun},
        {"type": "response.in_progress", "response": begun},
    ]
    for index, item in enumerate(whole["output"]):
        at = {"item_id": item["id"], "output_index": index}
        if item["type"] == "message":
            block = item["content"][0]
            empty = {**block, "text": ""}
            opened = {**item, "status": "in_progress", "content": []}
            inside = {**at, "content_index": 0}
            deltas = [{"type": "response.output_text.delta", **inside, "delta": p} for p in pieces_of(block["text"])]
            events += [
                {"type": "response.output_item.added", "output_index": index, "item": opened},
                {"type": "response.content_part.added", **inside, "part": empty},
                *[{**delta, "logprobs": []} for delta in deltas],
                {"type": "response.output_text.done", **inside, "text": block["text"], "logprobs": []},
                {"type": "response.content_part.done", **inside, "part": block},
            ]
        else:
            opened = {**item, "status": "in_progress", "arguments": ""}
            kind = "response.function_call_arguments"
            events += [
                {"type": "response.output_item.added", "output_index": index, "item": opened},
                *[{"type": f"{kind}.delta", **at, "delta": piece} for piece in pieces_of(item["arguments"])],
                {"type": f"{kind}.done", **at, "arguments": item["arguments"], "name": item["name"]},
            ]
        events.append({"type": "response.output_item.done", "output_index": index, "item": item})
    events.append({"type": "response.completed", "response": whole})
    return sse([{**event, "sequence_number": number} for number, event in enumerate(events)], named=True)


def embeddings(said: Said, texts: int, *, packed: bool, dimensions: int) -> Json:
    vector = [0.5 / (n + 1) for n in range(dimensions)]
    told: Any = base64.b64encode(struct.pack(f"<{dimensions}f", *vector)).decode() if packed else vector
    return {
        "object": "list",
        "model": said.model,
        "data": [{"object": "embedding", "index": index, "embedding": told} for index in range(texts)],
        "usage": {"prompt_tokens": said.tokens_in, "total_tokens": said.tokens_in},
    }


# Anthropic


def _blocks(said: Said) -> list[Json]:
    blocks: list[Json] = [{"type": "text", "text": said.text}] if said.text else []
    return blocks + [{"type": "tool_use", "id": c.id, "name": c.name, "input": c.arguments} for c in said.calls]


def message(said: Said) -> Json:
    return {
        "id": f"msg_{said.id}",
        "type": "message",
        "role": "assistant",
        "model": said.model,
        "content": _blocks(said),
        "stop_reason": "tool_use" if said.calls else "end_turn",
        "stop_sequence": None,
        "usage": {
            "input_tokens": said.tokens_in,
            "cache_read_input_tokens": 2,
            "cache_creation_input_tokens": 0,
            "output_tokens": said.tokens_out,
        },
    }


def message_stream(said: Said) -> list[bytes]:
    whole = message(said)
    begun = {**whole, "content": [], "stop_reason": None, "usage": {**whole["usage"], "output_tokens": 1}}
    events: list[Json] = [{"type": "message_start", "message": begun}]
    for index, block in enumerate(whole["content"]):
        if block["type"] == "text":
            empty, deltas = {**block, "text": ""}, [{"type": "text_delta", "text": p} for p in pieces_of(block["text"])]
        else:
            empty = {**block, "input": {}}
            told = json.dumps(block["input"])
            deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in pieces_of(told)]
        events.append({"type": "content_block_start", "index": index, "content_block": empty})
        events += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
        events.append({"type": "content_block_stop", "index": index})
    delta = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    events.append({"type": "message_delta", "delta": delta, "usage": {"output_tokens": said.tokens_out}})
    return sse([*events, {"type": "message_stop"}], named=True)


# Gemini


def _candidate(parts: list[Json], *, last: bool) -> Json:
    candidate: Json = {"content": {"role": "model", "parts": parts}, "index": 0}
    return {**candidate, "finishReason": "STOP"} if last else candidate


def _gemini(said: Said, parts: list[Json], *, last: bool) -> Json:
    usage = {
        "promptTokenCount": said.tokens_in,
        "candidatesTokenCount": said.tokens_out,
        "totalTokenCount": said.tokens_in + said.tokens_out,
    }
    told = usage if last else {"promptTokenCount": said.tokens_in}
    base = {"modelVersion": said.model, "responseId": said.id, "usageMetadata": told}
    return {"candidates": [_candidate(parts, last=last)], **base}


def _function_calls(said: Said) -> list[Json]:
    return [{"functionCall": {"name": call.name, "args": call.arguments}} for call in said.calls]


def generated(said: Said) -> Json:
    parts: list[Json] = [{"text": said.text}] if said.text else []
    return _gemini(said, parts + _function_calls(said), last=True)


def generated_stream(said: Said) -> list[Json]:
    """As objects: the server writes them as events, or as a list."""
    told = [_gemini(said, [{"text": piece}], last=False) for piece in pieces_of(said.text)]
    return [*told, _gemini(said, _function_calls(said) or [{"text": ""}], last=True)]


# Bedrock


def converse(said: Said) -> Json:
    content: list[Json] = [{"text": said.text}] if said.text else []
    for call in said.calls:
        content.append({"toolUse": {"toolUseId": call.id, "name": call.name, "input": call.arguments}})
    return {
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": "tool_use" if said.calls else "end_turn",
        "usage": _bedrock_usage(said),
        "metrics": {"latencyMs": 1},
    }


def _bedrock_usage(said: Said) -> Json:
    total = said.tokens_in + said.tokens_out
    return {"inputTokens": said.tokens_in, "outputTokens": said.tokens_out, "totalTokens": total}


def converse_stream(said: Said) -> list[bytes]:
    events: list[tuple[str, Json]] = [("messageStart", {"role": "assistant"})]
    index = 0
    if said.text:
        for piece in pieces_of(said.text):
            events.append(("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": piece}}))
        events.append(("contentBlockStop", {"contentBlockIndex": 0}))
        index = 1
    for at, call in enumerate(said.calls, index):
        use = {"toolUse": {"toolUseId": call.id, "name": call.name}}
        events.append(("contentBlockStart", {"contentBlockIndex": at, "start": use}))
        for piece in pieces_of(json.dumps(call.arguments)):
            events.append(("contentBlockDelta", {"contentBlockIndex": at, "delta": {"toolUse": {"input": piece}}}))
        events.append(("contentBlockStop", {"contentBlockIndex": at}))
    events.append(("messageStop", {"stopReason": "tool_use" if said.calls else "end_turn"}))
    events.append(("metadata", {"usage": _bedrock_usage(said), "metrics": {"latencyMs": 1}}))
    return [
        frame(
            {":event-type": kind, ":content-type": "application/json", ":message-type": "event"},
            json.dumps(value).encode(),
        )
        for kind, value in events
    ]
