"""Fingerprints: what a replay compares to know that its code asks for the same thing again.

Always of what is written down, that is, after redaction: so a recording alone suffices to compute them, and a replay
without the production secrets finds its own.

A re-executed agent makes the same bytes again, so bodies are compared as bytes: a key in another place or a blank more
means that the code went another way, and is noticed. What differs although the code went the same way is left out: the
credentials, dates, trace ids, retry counts and versions in headers, the length and encoding of a body, and the random
boundary of a multipart body.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from urllib.parse import quote, unquote, urlsplit

# Made anew for each request, or a matter of the machine and its installation, not of what the agent wants.
_VARYING = re.compile(
    r"(?i)^(?:user-agent|host|connection|date|content-length|accept-encoding|transfer-encoding|te|expect"
    r"|(?:proxy-)?authorization|cookie|(?:x-)?api-key|x-goog-api-key|x-auth-token|ocp-apim-subscription-key"
    r"|traceparent|tracestate|baggage|sentry-trace|x-b3-.*|b3|x-datadog-.*|x-cloud-trace-context|x-amzn-trace-id"
    r"|x-stainless-.*|x-goog-api-client|x-goog-request-params|x-ms-client-.*|amz-sdk-.*|x-amz-(?:date|security-token)"
    r"|x-amz-content-sha256|(?:x-)?idempotency-key|x-(?:client-)?request-id|x-correlation-id"
    r"|x-playhead-.*)$"
)
_BOUNDARY = re.compile(r'(?i)(;\s*boundary=)"?([^";,\s]+)"?')
_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_UNRESERVED = re.compile(r"%[0-9A-Fa-f]{2}")


def fingerprint(text: str | bytes) -> str:
    """Of an encoded value, or of any text: 128 bits in hex."""
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def request_fingerprint(method: str, url: str, headers: Iterable[tuple[str, str]], body: bytes) -> str:
    """Of a request as it is written down, redacted."""
    kept, boundary = _headers(headers)
    if boundary:
        body = body.replace(boundary.encode(), b"boundary")
    digest = hashlib.blake2b(digest_size=16)
    for piece in (method.upper(), normal_url(url), *kept):
        digest.update(piece.encode("utf-8", "surrogatepass"))
        digest.update(b"\n")
    digest.update(body)
    return digest.hexdigest()


def _headers(headers: Iterable[tuple[str, str]]) -> tuple[list[str], str | None]:
    """What of the headers counts, in an order of its own, and the boundary of a multipart body."""
    kept: list[str] = []
    boundary: str | None = None
    for name, value in headers:
        if _VARYING.match(name):
            continue
        counted = value
        if name.lower() == "content-type" and (match := _BOUNDARY.search(value)):
            boundary = match[2]
            counted = _BOUNDARY.sub(r"\1boundary", value)
        kept.append(f"{name.lower()}:{counted.strip()}")
    return sorted(kept), boundary


def normal_url(url: str) -> str:
    """An address in one spelling: case of its host, its scheme's own port, escapes; without password and fragment."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return url
    scheme, host = parts.scheme.lower(), (parts.hostname or "").lower()
    place = f"[{host}]" if ":" in host else host
    if port is not None and port != _PORTS.get(scheme):
        place += f":{port}"
    query = f"?{_escapes(parts.query)}" if parts.query else ""
    return f"{scheme}://{place}{_escapes(parts.path) or '/'}{query}"


def _escapes(text: str) -> str:
    """Escapes in capitals, and none where none is needed: `%7e` is `~`."""

    def one(match: re.Match[str]) -> str:
        return quote(unquote(match[0], "latin-1"), safe="~", encoding="latin-1")

    return quote(_UNRESERVED.sub(one, text), safe="/:@!$&'()*+,;=~%?-._[]")
