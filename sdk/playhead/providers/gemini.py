"""Gemini's generateContent, from Google's developer interface and from Vertex.

Google's JSON comes with names in camel case or in snake case; both are read.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from playhead.providers.loose import Json, count, listed, number, obj, objects, text, texts, total
from playhead.providers.parts import (
    call_part,
    function_tool,
    media_part,
    message,
    other_part,
    reasoning_part,
    result_part,
    server_call_part,
    server_result_part,
    text_part,
)
from playhead.providers.prompt import Answered, Asked, Dialect, Failure, Usage

_ROLES = {"model": "assistant", "function": "tool"}


def _shaped(request: Json) -> bool:
    return "contents" in request


def _inner(value: Json, camel: str, snake: str) -> Json:
    return obj(value, camel) or obj(value, snake)


def _asked(request: Json) -> Asked:
    contents = objects(request, "contents") or [obj(request, "contents")]
    config = _inner(request, "generationConfig", "generation_config")
    choices = count(config, "candidateCount", "candidate_count")
    mime_type = text(config, "responseMimeType", "response_mime_type")
    thinking = _inner(config, "thinkingConfig", "thinking_config")
    return Asked(
        operation="generate_content",
        messages=tuple(message(_role(item, "user"), _parts(item)) for item in contents if item),
        system=tuple(_parts(_inner(request, "systemInstruction", "system_instruction"))),
        tools=tuple(tool for item in objects(request, "tools") for tool in _tools(item)),
        parameters={
            "gen_ai.request.temperature": number(config, "temperature"),
            "gen_ai.request.top_p": number(config, "topP", "top_p"),
            "gen_ai.request.top_k": number(config, "topK", "top_k"),
            "gen_ai.request.max_tokens": count(config, "maxOutputTokens", "max_output_tokens"),
            "gen_ai.request.frequency_penalty": number(config, "frequencyPenalty", "frequency_penalty"),
            "gen_ai.request.presence_penalty": number(config, "presencePenalty", "presence_penalty"),
            "gen_ai.request.seed": number(config, "seed"),
            "gen_ai.request.stop_sequences": texts(config, "stopSequences") or texts(config, "stop_sequences") or None,
            "gen_ai.request.choice.count": choices if choices != 1 else None,
            "gen_ai.request.reasoning.level": text(thinking, "thinkingLevel", "thinking_level"),
            "gen_ai.output.type": "json" if mime_type == "application/json" else None,
        },
    )


def _role(item: Json, otherwise: str) -> str:
    role = text(item, "role") or otherwise
    return _ROLES.get(role, role)


def _tools(item: Json) -> list[Json]:
    declared = objects(item, "functionDeclarations") or objects(item, "function_declarations")
    if declared:
        return [
            function_tool(
                text(one, "name"),
                text(one, "description"),
                one.get("parameters") or one.get("parametersJsonSchema") or one.get("parameters_json_schema"),
            )
            for one in declared
        ]
    return [{"type": name, **(value if isinstance(value, dict) else {})} for name, value in item.items()]


def _parts(item: Json) -> list[Json]:
    return [_part(part) for part in objects(item, "parts")]


def _part(part: Json) -> Json:  # noqa: PLR0911 - one return a kind
    said = text(part, "text")
    if said is not None:
        return reasoning_part(said) if part.get("thought") is True else text_part(said)
    if call := _inner(part, "functionCall", "function_call"):
        return call_part(text(call, "id"), text(call, "name"), call.get("args", {}))
    if result := _inner(part, "functionResponse", "function_response"):
        return result_part(text(result, "id"), result.get("response"), name=text(result, "name"))
    if held := _inner(part, "inlineData", "inline_data"):
        return media_part(mime_type=text(held, "mimeType", "mime_type"), data=text(held, "data"))
    if held := _inner(part, "fileData", "file_data"):
        return media_part(mime_type=text(held, "mimeType", "mime_type"), uri=text(held, "fileUri", "file_uri") or "")
    if code := _inner(part, "executableCode", "executable_code"):
        return server_call_part(text(code, "id"), "code_execution", code)
    if result := _inner(part, "codeExecutionResult", "code_execution_result"):
        return server_result_part(text(result, "id"), "code_execution", result)
    return other_part(part)


def _answered(answer: Json) -> Answered:
    candidates = objects(answer, "candidates")
    blocked = text(obj(answer, "promptFeedback"), "blockReason")
    reasons = [reason for one in candidates if (reason := text(one, "finishReason"))]
    return Answered(
        model=text(answer, "modelVersion"),
        id=text(answer, "responseId"),
        messages=tuple(_message(one) for one in candidates if obj(one, "content")),
        finish_reasons=tuple(reasons or ([blocked] if blocked else [])),
        usage=_usage(obj(answer, "usageMetadata")),
        failure=_failure(obj(answer, "error")),
    )


def _message(candidate: Json) -> Json:
    content = obj(candidate, "content")
    return message(_role(content, "model"), _parts(content), finish_reason=text(candidate, "finishReason"))


def _usage(told: Json) -> Usage:
    thoughts = count(told, "thoughtsTokenCount")
    return Usage(
        # Results of Google's own tools are counted beside the prompt, thoughts beside the answer.
        input=total(count(told, "promptTokenCount"), count(told, "toolUsePromptTokenCount")),
        output=total(count(told, "candidatesTokenCount"), thoughts),
        cache_read=count(told, "cachedContentTokenCount"),
        reasoning=thoughts,
    )


def _failure(error: Json) -> Failure | None:
    if not error:
        return None
    return Failure(text(error, "status") or str(count(error, "code") or "error"), text(error, "message"))


def _assembled(events: Iterable[Json]) -> tuple[Json, bool]:
    whole: Json = {}
    candidates: dict[int, Json] = {}
    for event in events:
        for key in ("modelVersion", "responseId", "usageMetadata", "promptFeedback", "error"):
            if event.get(key):
                whole[key] = event[key]
        for piece in objects(event, "candidates"):
            _add(candidates.setdefault(count(piece, "index") or 0, {}), piece)
    whole["candidates"] = [candidates[index] for index in sorted(candidates)]
    ended = candidates and all("finishReason" in one for one in candidates.values())
    return whole, bool(ended or text(obj(whole, "promptFeedback"), "blockReason"))


def _add(candidate: Json, piece: Json) -> None:
    if reason := text(piece, "finishReason"):
        candidate["finishReason"] = reason
    content = obj(piece, "content")
    if not content:
        return
    held = candidate.setdefault("content", {"role": text(content, "role") or "model"})
    parts: list[Any] = listed(held, "parts")
    for part in objects(content, "parts"):
        last = parts[-1] if parts else {}
        # Text comes in pieces, everything else whole.
        if _is_text(part) and _is_text(last) and bool(part.get("thought")) == bool(last.get("thought")):
            last["text"] += part["text"]
        else:
            parts.append(dict(part))


def _is_text(part: Json) -> bool:
    return isinstance(part.get("text"), str)


GENERATE = Dialect("gcp.gemini", _shaped, _asked, _answered, _assembled)
