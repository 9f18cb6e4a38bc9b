"""Recognises a request to a model by its method, its path and the shape of its body, wherever it goes.

Paths end in the same words at every host that speaks a dialect, after whatever prefix a gateway puts before them; the
body's shape keeps others' `/messages` and `/responses` out. What is not recognised stays an HTTP exchange.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from playhead.providers.anthropic import MESSAGES
from playhead.providers.bedrock import CONVERSE
from playhead.providers.content_encoding import decoded
from playhead.providers.gemini import GENERATE
from playhead.providers.hosts import provider_of
from playhead.providers.loose import Json, parsed
from playhead.providers.openai_chat import CHAT, TEXT
from playhead.providers.openai_embeddings import EMBEDDINGS
from playhead.providers.openai_responses import RESPONSES
from playhead.providers.prompt import Call, Dialect
from playhead.wire.exchange import Headers, header

_ENDINGS: tuple[tuple[re.Pattern[str], Dialect], ...] = (
    (re.compile(r"(?:/deployments/(?P<model>[^/]+))?/chat/completions$"), CHAT),
    (re.compile(r"(?:/deployments/(?P<model>[^/]+))?/completions$"), TEXT),
    (re.compile(r"(?:/deployments/(?P<model>[^/]+))?/embeddings$"), EMBEDDINGS),
    (re.compile(r"(?:/deployments/(?P<model>[^/]+))?/responses$"), RESPONSES),
    (re.compile(r"/messages$"), MESSAGES),
    (re.compile(r"/(?P<model>[^/:]+):(?:generateContent|(?P<stream>streamGenerateContent))$"), GENERATE),
    (re.compile(r"/(?P<model>[^/:]+):(?:rawPredict|(?P<stream>streamRawPredict))$"), MESSAGES),
    (re.compile(r"/model/(?P<model>[^/]+)/(?:converse|(?P<stream>converse-stream))$"), CONVERSE),
    (re.compile(r"/model/(?P<model>[^/]+)/(?:invoke|(?P<stream>invoke-with-response-stream))$"), MESSAGES),
)
_LAST_WORDS = re.compile(
    r"(?:completions|embeddings|responses|messages|enerateContent|awPredict|converse|invoke|-stream)/?$"
)
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class _Address:
    """What an address alone says of a request that is sent there."""

    dialect: Dialect
    model: str | None
    streams: bool
    path: str
    host: str
    port: int | None
    known: str | None
    """The provider at the host, where it is a known one."""


def recognise(method: str, url: str, headers: Headers, body: bytes) -> Call | None:
    """The model call that a request is; None where it is none."""
    if method.upper() != "POST":
        return None
    to = _address(url)
    if to is None:
        return None
    request = _request(headers, body)
    if not _belongs(request, to):
        return None
    asked = to.dialect.asked(request or {})
    if asked.model is None and to.model:
        asked = replace(asked, model=to.model)
    if to.streams:
        asked = replace(asked, stream=True)
    return Call(to.dialect, to.known or _by_path(to.path) or to.dialect.name, to.host, to.port, asked)


@lru_cache(maxsize=256)
def _address(url: str) -> _Address | None:
    """Remembered, since an agent asks at the same few: it took a third of reading a small request."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    # Most exchanges are with no model: they leave here, after one look.
    if not _LAST_WORDS.search(parts.path):
        return None
    path = parts.path.rstrip("/")
    for pattern, dialect in _ENDINGS:
        if match := pattern.search(path):
            named = match.groupdict()
            model = named.get("model")
            return _Address(
                dialect,
                unquote(model) if model else None,
                bool(named.get("stream")),
                path,
                host,
                port or _PORTS.get(parts.scheme),
                provider_of(host),
            )
    return None


def _request(headers: Headers, body: bytes) -> Json | None:
    plain = decoded(body, header(headers, "content-encoding"))
    value = parsed(plain) if plain else None
    return value if isinstance(value, dict) else None


def _belongs(request: Json | None, to: _Address) -> bool:
    if request is None:
        # No body that could be read: the address alone decides.
        return to.known is not None
    if to.dialect is MESSAGES and ("/model/" in to.path or "Predict" in to.path):
        # Bedrock and Vertex serve every maker's models there; Anthropic's requests name their version.
        return "anthropic_version" in request and to.dialect.shaped(request)
    return to.dialect.shaped(request)


def _by_path(path: str) -> str | None:
    if "/publishers/" in path:
        return "gcp.vertex_ai"
    return "aws.bedrock" if "/model/" in path else None
