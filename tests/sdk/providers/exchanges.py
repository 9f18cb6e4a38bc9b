"""Exchanges for tests, as a client would have had them."""

from __future__ import annotations

import json
from typing import Any

from playhead.providers import Prompt, read_exchange
from playhead.providers.eventstream import frame
from playhead.wire.exchange import Exchange, Headers

CHAT = "https://api.openai.com/v1/chat/completions"
RESPONSES = "https://api.openai.com/v1/responses"
EMBEDDINGS = "https://api.openai.com/v1/embeddings"
MESSAGES = "https://api.anthropic.com/v1/messages"
GEMINI = "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash"
BEDROCK = "https://bedrock-runtime.eu-west-1.amazonaws.com/model/eu.anthropic.claude-sonnet-4-5-20250929-v1%3A0"

JSON: Headers = (("Content-Type", "application/json"),)
SSE: Headers = (("content-type", "text/event-stream; charset=utf-8"),)
FRAMES: Headers = (("Content-Type", "application/vnd.amazon.eventstream"),)


def exchange(
    url: str,
    request: Any,
    answer: Any = None,
    *,
    status: int | None = 200,
    request_headers: Headers = JSON,
    headers: Headers = JSON,
    error: str | None = None,
    method: str = "POST",
) -> Exchange:
    """Half a second to the first byte, and a second in all. What is not bytes becomes JSON."""
    return Exchange(
        method=method,
        url=url,
        request_headers=request_headers,
        request_body=request if isinstance(request, bytes) else json.dumps(request).encode(),
        status=status,
        response_headers=headers if status is not None else (),
        response_body=answer if isinstance(answer, bytes) else b"" if answer is None else json.dumps(answer).encode(),
        error=error,
        began_ns=1_000_000_000,
        first_byte_ns=1_500_000_000 if answer is not None else None,
        ended_ns=2_000_000_000,
        streamed=headers is SSE or headers is FRAMES,
    )


def prompt(url: str, request: Any, answer: Any = None, **how: Any) -> Prompt:
    found = read_exchange(exchange(url, request, answer, **how))
    assert found is not None
    return found


def sse(*events: Any, named: bool = False) -> bytes:
    """Events as a server sends them; `named` with the line that repeats their type."""
    lines: list[str] = []
    for event in events:
        if named:
            lines.append(f"event: {event['type']}")
        lines += [f"data: {event if isinstance(event, str) else json.dumps(event)}", ""]
    return "\n".join([*lines, ""]).encode()


def frames(*events: tuple[str, Any]) -> bytes:
    return b"".join(
        frame(
            {":event-type": kind, ":content-type": "application/json", ":message-type": "event"},
            json.dumps(value).encode(),
        )
        for kind, value in events
    )


def messages(told: Prompt, key: str = "gen_ai.output.messages") -> Any:
    """A list of messages as it stands in the attributes."""
    value = told.attributes()[key]
    assert isinstance(value, str)
    return json.loads(value)
