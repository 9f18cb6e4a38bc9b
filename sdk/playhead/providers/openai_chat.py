"""OpenAI's chat completions, and whoever speaks like them: vLLM, Ollama, Azure, OpenRouter, Groq, Mistral and so on.

The older text completions are read here too: they answer in the same choices.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from playhead.providers.loose import Json, append, count, listed, number, obj, objects, text, texts
from playhead.providers.parts import (
    call_part,
    function_tool,
    media_part,
    message,
    other_part,
    reasoning_part,
    refusal_part,
    result_part,
    text_part,
)
from playhead.providers.prompt import Answered, Asked, Attributes, Dialect, Failure, Usage
from playhead.providers.sse import DONE

_KEPT = frozenset({"id", "model", "service_tier", "system_fingerprint", "usage", "x_groq", "error"})
_TEXTS = frozenset({"content", "refusal", "reasoning_content", "reasoning"})
# A message of nothing else is its content: nearly all of a conversation, which is read again with each turn.
_PLAIN = frozenset({"role", "content", "name"})
_PARAMETERS = frozenset(
    {
        *("temperature", "top_p", "top_k", "max_completion_tokens", "max_tokens", "frequency_penalty"),
        *("presence_penalty", "seed", "random_seed", "stop", "n", "reasoning_effort", "reasoning", "response_format"),
        "service_tier",
    }
)


def _chat_shaped(request: Json) -> bool:
    return isinstance(request.get("messages"), list)


def _text_shaped(request: Json) -> bool:
    return "prompt" in request


def _asked_chat(request: Json) -> Asked:
    return Asked(
        operation="chat",
        model=text(request, "model"),
        messages=tuple(_message(item) for item in objects(request, "messages")),
        tools=tuple(_tool(item) for item in (*objects(request, "tools"), *objects(request, "functions"))),
        stream=request.get("stream") is True,
        parameters=parameters(request),
    )


def _asked_text(request: Json) -> Asked:
    prompts = texts(request, "prompt")
    return Asked(
        operation="text_completion",
        model=text(request, "model"),
        messages=(message("user", [text_part(prompt) for prompt in prompts]),) if prompts else (),
        stream=request.get("stream") is True,
        parameters=parameters(request),
    )


def parameters(request: Json) -> dict[str, Any]:
    if _PARAMETERS.isdisjoint(request):
        return {}
    choices = count(request, "n")
    answer_format = text(obj(request, "response_format"), "type")
    return {
        "gen_ai.request.temperature": number(request, "temperature"),
        "gen_ai.request.top_p": number(request, "top_p"),
        "gen_ai.request.top_k": number(request, "top_k"),
        "gen_ai.request.max_tokens": count(request, "max_completion_tokens", "max_tokens"),
        "gen_ai.request.frequency_penalty": number(request, "frequency_penalty"),
        "gen_ai.request.presence_penalty": number(request, "presence_penalty"),
        "gen_ai.request.seed": number(request, "seed", "random_seed"),
        "gen_ai.request.stop_sequences": texts(request, "stop") or None,
        "gen_ai.request.choice.count": choices if choices != 1 else None,
        "gen_ai.request.reasoning.level": text(request, "reasoning_effort")
        or text(obj(request, "reasoning"), "effort"),
        "gen_ai.output.type": output_type(answer_format),
        "openai.request.service_tier": text(request, "service_tier"),
    }


def output_type(answer_format: str | None) -> str | None:
    return {"json_object": "json", "json_schema": "json", "text": "text"}.get(answer_format or "")


def _tool(item: Json) -> Json:
    declared = obj(item, "function") or item
    if text(item, "type") in ("function", None):
        return function_tool(text(declared, "name"), text(declared, "description"), declared.get("parameters"))
    custom = obj(item, "custom")
    return {"type": item["type"], **{key: value for key, value in (custom or item).items() if key != "type"}}


def _message(item: Json) -> Json:
    role = text(item, "role") or "user"
    parts = _parts(item)
    if role in ("tool", "function"):
        result = item.get("content")
        if isinstance(result, list):
            result = [_content(block) for block in result if isinstance(block, dict)]
        parts = [result_part(text(item, "tool_call_id"), result, name=text(item, "name"))]
        return message(role, parts)
    return message(role, parts, name=text(item, "name"))


def _parts(item: Json) -> list[Json]:
    """What is in a message, of a request or an answer alike."""
    content = item.get("content")
    if isinstance(content, str) and item.keys() <= _PLAIN:
        return [text_part(content)] if content else []
    parts: list[Json] = []
    # Two names for one thing: DeepSeek's and that of OpenRouter and newer vLLM.
    if thought := text(item, "reasoning_content") or text(item, "reasoning"):
        parts.append(reasoning_part(thought))
    if isinstance(content, str):
        if content:
            parts.append(text_part(content))
    else:
        parts += [_content(block) for block in objects(item, "content")]
    if refusal := text(item, "refusal"):
        parts.append(refusal_part(refusal))
    if sound := obj(item, "audio"):
        parts.append(media_part(modality="audio", data=text(sound, "data"), file_id=text(sound, "id")))
        if transcript := text(sound, "transcript"):
            parts.append(text_part(transcript))
    parts += [_call(call) for call in objects(item, "tool_calls")]
    if old := obj(item, "function_call"):
        parts.append(call_part(None, text(old, "name"), old.get("arguments")))
    return parts


def _call(call: Json) -> Json:
    function = obj(call, "function") or obj(call, "custom")
    arguments = function.get("arguments", function.get("input"))
    return call_part(text(call, "id"), text(function, "name"), arguments)


def _content(block: Json) -> Json:  # noqa: PLR0911 - one return a kind
    kind = text(block, "type")
    if kind == "text":
        return text_part(text(block, "text") or "")
    if kind == "image_url":
        return media_part(modality="image", uri=text(obj(block, "image_url"), "url") or text(block, "image_url") or "")
    if kind == "input_audio":
        sound = obj(block, "input_audio")
        form = text(sound, "format")
        return media_part(modality="audio", mime_type=f"audio/{form}" if form else None, data=text(sound, "data"))
    if kind == "file":
        held = obj(block, "file")
        return media_part(uri=text(held, "file_data"), file_id=text(held, "file_id"), name=text(held, "filename"))
    if kind == "refusal":
        return refusal_part(text(block, "refusal") or "")
    if kind == "thinking":
        thought = "".join(text(piece, "text") or "" for piece in objects(block, "thinking"))
        return reasoning_part(thought or text(block, "thinking") or "")
    return other_part(block)


def _answered(answer: Json) -> Answered:
    choices = objects(answer, "choices")
    return Answered(
        model=text(answer, "model"),
        id=text(answer, "id"),
        messages=tuple(_choice(choice) for choice in choices),
        finish_reasons=tuple(reason for choice in choices if (reason := text(choice, "finish_reason"))),
        usage=usage(obj(answer, "usage") or obj(obj(answer, "x_groq"), "usage")),
        failure=failure(answer),
        extra=extra(answer),
    )


def _choice(choice: Json) -> Json:
    said = obj(choice, "message")
    whole = text(choice, "text")
    parts = [text_part(whole)] if whole is not None else _parts(said)
    return message(text(said, "role") or "assistant", parts, finish_reason=text(choice, "finish_reason"))


def usage(told: Json) -> Usage:
    into = obj(told, "prompt_tokens_details")
    out = obj(told, "completion_tokens_details")
    cached = count(into, "cached_tokens")
    charged = number(told, "cost")
    return Usage(
        input=count(told, "prompt_tokens"),
        output=count(told, "completion_tokens"),
        cache_read=count(told, "prompt_cache_hit_tokens") if cached is None else cached,
        cache_write=count(into, "cache_write_tokens"),
        reasoning=count(out, "reasoning_tokens"),
        cost=None if charged is None else float(charged),
    )


def failure(answer: Json) -> Failure | None:
    error = answer.get("error")
    if isinstance(error, str) and error:
        return Failure(type="error", message=error)
    if not isinstance(error, dict) or not error:
        return None
    # `code` is the narrower of the two ("rate_limit_exceeded" beside "requests"); some gateways put the status there.
    code = text(error, "code") or text(error, "type") or count(error, "code", "status")
    return Failure(type=str(code or "error"), message=text(error, "message"))


def extra(answer: Json) -> Attributes:
    said = {
        "openai.response.service_tier": text(answer, "service_tier"),
        "openai.response.system_fingerprint": text(answer, "system_fingerprint"),
    }
    return {key: value for key, value in said.items() if value is not None}


def _assembled(events: Iterable[Json]) -> tuple[Json, bool]:
    whole: Json = {}
    choices: dict[int, Json] = {}
    done = False
    for event in events:
        if event.get("type") == DONE:
            done = True
            continue
        for key, value in event.items():
            if value and key in _KEPT:
                whole[key] = value
        for piece in objects(event, "choices"):
            _add(choices.setdefault(count(piece, "index") or 0, {"message": {}}), piece)
    whole["choices"] = [choices[index] for index in sorted(choices)]
    finished = bool(choices) and all("finish_reason" in choice for choice in choices.values())
    return whole, done or finished


def _add(choice: Json, piece: Json) -> None:
    append(choice, "text", piece.get("text"))
    if reason := text(piece, "finish_reason"):
        choice["finish_reason"] = reason
    delta = obj(piece, "delta")
    said = choice["message"]
    for key, value in delta.items():
        if value and isinstance(value, str):
            if key in _TEXTS:
                append(said, key, value)
            elif key == "role":
                said["role"] = value
        elif value:
            _add_nested(said, key, delta)


def _add_nested(said: Json, key: str, delta: Json) -> None:
    """What of a piece is no text of its own."""
    if key == "content":
        listed(said, "content").extend(objects(delta, "content"))
    elif key == "tool_calls":
        for part in objects(delta, "tool_calls"):
            _add_call(listed(said, "tool_calls"), part)
    elif key == "function_call":
        _add_function(said.setdefault("function_call", {}), obj(delta, "function_call"))
    elif key == "audio":
        sound, held = obj(delta, "audio"), said.setdefault("audio", {})
        held.update({key: value for key, value in sound.items() if key in ("id", "expires_at")})
        append(held, "data", sound.get("data"))
        append(held, "transcript", sound.get("transcript"))


def _add_call(calls: list[Any], part: Json) -> None:
    index = count(part, "index")
    call_id = text(part, "id")
    call: Json | None
    if index is not None:
        call = next((one for one in calls if one.get("index") == index), None)
    elif call_id:
        # Some gateways number nothing; there, a new id is a new call.
        call = next((one for one in calls if one.get("id") == call_id), None)
    else:
        call = calls[-1] if calls else None
    if call is None:
        call = {"index": len(calls) if index is None else index}
        calls.append(call)
    if call_id:
        call["id"] = call_id
    for key in ("function", "custom"):
        if inner := obj(part, key):
            _add_function(call.setdefault(key, {}), inner)


def _add_function(held: Json, piece: Json) -> None:
    if name := text(piece, "name"):
        held["name"] = name
    append(held, "arguments", piece.get("arguments"))
    append(held, "input", piece.get("input"))


CHAT = Dialect("openai", _chat_shaped, _asked_chat, _answered, _assembled)
TEXT = Dialect("openai", _text_shaped, _asked_text, _answered, _assembled)
