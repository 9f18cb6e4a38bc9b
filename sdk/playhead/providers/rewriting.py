"""A model's request with another system prompt, other messages or another model; an answer with another text.

Each provider's own form is kept: only what is named changes. What cannot be changed without breaking the request
(Bedrock's are signed by the client before they are sent) is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from playhead.errors import UsageError
from playhead.providers.anthropic import MESSAGES
from playhead.providers.bedrock import CONVERSE
from playhead.providers.content_encoding import decoded, encoded
from playhead.providers.gemini import GENERATE
from playhead.providers.loose import Json, parsed
from playhead.providers.openai_chat import CHAT
from playhead.providers.openai_responses import RESPONSES
from playhead.providers.prompt import Dialect
from playhead.providers.recognise import recognise
from playhead.wire.exchange import Headers, header

_CONVERSATION = {CHAT: "messages", RESPONSES: "input", MESSAGES: "messages", GENERATE: "contents"}
_INSTRUCTING = ("system", "developer")
_MODEL_IN_PATH = re.compile(r"(/deployments/)[^/]+(?=/)|(/models/)[^/:]+(?=:)")


class CannotRewrite(UsageError):
    """This request or answer has no place for the change."""


def rewritten(
    method: str, url: str, headers: Headers, body: bytes, change: Mapping[str, Any]
) -> tuple[str, bytes] | None:
    """The URL and body to send instead; None where this is no request to a model. `change`: system, messages, model."""
    call = recognise(method, url, headers, body)
    if call is None:
        return None
    encoding = header(headers, "content-encoding")
    plain = decoded(body, encoding)
    request = parsed(plain) if plain else None
    if not isinstance(request, dict):
        raise CannotRewrite("its body is no JSON that could be read")
    if "/model/" in urlsplit(url).path or call.dialect is CONVERSE:
        raise CannotRewrite("requests to Bedrock are signed by the client and cannot be changed after that")
    request = dict(request)
    if "system" in change:
        _instruct(call.dialect, request, str(change["system"]))
    if "messages" in change:
        if call.dialect not in _CONVERSATION:
            raise CannotRewrite(f"requests of {call.dialect.name} have no messages")
        request[_CONVERSATION[call.dialect]] = change["messages"]
    if "model" in change:
        url = _with_model(url, request, str(change["model"]))
    made = encoded(json.dumps(request, ensure_ascii=False, separators=(",", ":")).encode(), encoding)
    if made is None:
        raise CannotRewrite(f"its body is encoded as {encoding}, for which there is no encoder here")
    return url, made


def answering(body: bytes, encoding: str | None, text: str) -> bytes:
    """An answer's body, plain, that says `text` and asks for no tool; the rest of it as it was."""
    plain = decoded(body, encoding)
    answer = parsed(plain) if plain else None
    if not isinstance(answer, dict):
        raise CannotRewrite("its answer is no JSON that could be read")
    answer = dict(answer)
    if isinstance(answer.get("choices"), list) and answer["choices"]:
        first = answer["choices"][0]
        said = {key: value for key, value in (first.get("message") or {}).items() if key != "tool_calls"}
        answer["choices"] = [{**first, "message": {**said, "content": text}, "finish_reason": "stop"}]
    elif isinstance(answer.get("candidates"), list) and answer["candidates"]:
        first = answer["candidates"][0]
        content = {**(first.get("content") or {}), "parts": [{"text": text}]}
        answer["candidates"] = [{**first, "content": content, "finishReason": "STOP"}]
    elif isinstance(answer.get("output"), list):
        answer["output"] = [_message_item(answer["output"], text)]
    elif isinstance(answer.get("output"), dict):
        answer["output"] = {"message": {"role": "assistant", "content": [{"text": text}]}}
        answer["stopReason"] = "end_turn"
    elif isinstance(answer.get("content"), list):
        answer |= {"content": [{"type": "text", "text": text}], "stop_reason": "end_turn"}
    else:
        raise CannotRewrite("it has a form in which no text is known")
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()


def _instruct(dialect: Dialect, request: Json, text: str) -> None:
    if dialect is MESSAGES:
        request["system"] = text
    elif dialect is GENERATE:
        key = "system_instruction" if "system_instruction" in request else "systemInstruction"
        request[key] = {"parts": [{"text": text}]}
    elif dialect is CHAT:
        request["messages"] = _instructed(request["messages"], text)
    elif dialect is RESPONSES:
        given = request.get("input")
        if "instructions" not in request and isinstance(given, list) and _instructs(given[:1]):
            request["input"] = _instructed(given, text)
        else:
            request["instructions"] = text
    else:
        raise CannotRewrite(f"requests of {dialect.name} have no system prompt")


def _instructs(messages: list[Any]) -> bool:
    return any(isinstance(one, dict) and one.get("role") in _INSTRUCTING for one in messages)


def _instructed(messages: list[Any], text: str) -> list[Any]:
    """With `text` in place of the instructions that it began with."""
    begun = 0
    while begun < len(messages) and _instructs(messages[begun : begun + 1]):
        begun += 1
    role = messages[0]["role"] if begun else "system"
    return [{"role": role, "content": text}, *messages[begun:]]


def _with_model(url: str, request: Json, model: str) -> str:
    """Where the request says its model: in its body, or in its path."""
    if "model" in request:
        request["model"] = model
    parts = urlsplit(url)
    path = _MODEL_IN_PATH.sub(lambda found: (found[1] or found[2]) + quote(model, safe="-._"), parts.path)
    return urlunsplit(parts._replace(path=path))


def _message_item(items: list[Any], text: str) -> Json:
    message = next((one for one in items if isinstance(one, dict) and one.get("type") == "message"), {})
    kept = {"type": "message", "role": "assistant", "status": "completed", "id": "msg_fork", **message}
    return {**kept, "content": [{"type": "output_text", "text": text, "annotations": []}]}
