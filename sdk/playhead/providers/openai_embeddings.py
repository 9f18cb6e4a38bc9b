"""OpenAI's embeddings. Vectors stay in the exchange: a step tells what was embedded, by what, for how many tokens."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from playhead.providers.loose import Json, count, obj, objects, parsed, text, texts
from playhead.providers.openai_chat import failure, usage
from playhead.providers.parts import message, text_part
from playhead.providers.prompt import Answered, Asked, Dialect

# Above this, an answer is read by its edges: to parse two thousand vectors takes a third of a second.
_LARGE = 1 << 16
_USAGE = re.compile(rb'"usage"\s*:\s*(\{[^{}]*\})')
_MODEL = re.compile(rb'"model"\s*:\s*("(?:[^"\\]|\\.)*")')


def _shaped(request: Json) -> bool:
    return "input" in request


def _asked(request: Json) -> Asked:
    return Asked(
        operation="embeddings",
        model=text(request, "model"),
        messages=_messages(request.get("input")),
        parameters={
            "gen_ai.embeddings.dimension.count": count(request, "dimensions"),
            "gen_ai.request.encoding_formats": texts(request, "encoding_format") or None,
        },
    )


def _messages(value: Any) -> tuple[Json, ...]:
    if isinstance(value, str):
        return (message("user", [text_part(value)]),)
    if not isinstance(value, list) or not value:
        return ()
    if all(isinstance(item, str) for item in value):
        return (message("user", [text_part(item) for item in value]),)
    # Text that the client has turned into tokens already: numbers nobody reads.
    rows = value if all(isinstance(item, list) for item in value) else [value]
    return (message("user", [{"type": "tokens", "count": len(row)} for row in rows]),)


def _answered(answer: Json) -> Answered:
    vector = next((item.get("embedding") for item in objects(answer, "data")), None)
    return Answered(
        model=text(answer, "model"),
        usage=usage(obj(answer, "usage")),
        failure=failure(answer),
        extra={"gen_ai.embeddings.dimension.count": len(vector)} if isinstance(vector, list) and vector else {},
    )


def _assembled(events: Iterable[Json]) -> tuple[Json, bool]:
    whole: Json = {}
    for event in events:
        whole.update(event)
    return whole, True


def _whole(body: bytes) -> Any:
    if len(body) <= _LARGE:
        return parsed(body)
    told: Json = {}
    # Model and usage stand before the vectors or after them, never within.
    edges = body[:4096], body[-4096:]
    for key, pattern in (("usage", _USAGE), ("model", _MODEL)):
        match = next((found for edge in reversed(edges) if (found := pattern.search(edge))), None)
        if match:
            told[key] = parsed(match[1])
    return told


EMBEDDINGS = Dialect("openai", _shaped, _asked, _answered, _assembled, _whole)
