"""Sends requests to a collector: one POST at a time over a connection that is kept.

It decides nothing about retries: it says what was answered.
"""

from __future__ import annotations

import contextlib
import gzip
import http.client
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

from playhead.journal.endpoint import Endpoint

# What no repetition mends: the body itself is not liked. A wrong token or address can be put right while the journal
# waits, so those are tried again, unlike what OTLP asks of an exporter that has nowhere to keep things.
_PERMANENT = frozenset({400, 411, 413, 415, 422})
_MISSING = frozenset({404, 405, 501})
_LONGEST_ANSWER = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a request. Neither accepted nor permanent means: later again."""

    accepted: bool
    permanent: bool
    words: str = ""
    body: bytes = b""
    retry_after_s: float | None = None
    playhead: bool = False
    """The other side is a Playhead collector, which takes open steps and recordings."""
    missing: bool = False
    """There is nothing at this path."""


class Sender:
    """Belongs to one thread."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._connection: http.client.HTTPConnection | None = None

    def send(self, body: bytes, path: str = "traces") -> Answer:
        parts = urlsplit(self.endpoint.url)
        target = parts.path if path == "traces" else parts.path.replace("/v1/traces", f"/v1/{path}")
        headers = {"Content-Type": "application/x-protobuf", "User-Agent": "playhead-sdk", **self.endpoint.headers}
        if self.endpoint.gzip:
            body = gzip.compress(body, compresslevel=1)
            headers["Content-Encoding"] = "gzip"
        try:
            connection = self._connection or self._connect(parts.scheme, parts.hostname or "", parts.port)
            self._connection = connection
            connection.request("POST", target or "/v1/traces", body, headers)
            response = connection.getresponse()
            answer = response.read(_LONGEST_ANSWER)
            if response.will_close or not response.isclosed():
                self.close()
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            return Answer(accepted=False, permanent=False, words=f"{type(error).__name__}: {error}")
        accepted = 200 <= response.status < 300
        permanent = response.status in _PERMANENT
        return Answer(
            accepted,
            permanent,
            f"HTTP {response.status} {response.reason}",
            answer,
            _retry_after(response.headers.get("Retry-After")),
            response.headers.get("Playhead-Collector") is not None,
            response.status in _MISSING,
        )

    def close(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(OSError):
                self._connection.close()
            self._connection = None

    def _connect(self, scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
        if scheme != "https":
            return http.client.HTTPConnection(host, port or 80, timeout=self.endpoint.timeout_s)
        context = ssl.create_default_context(cafile=self.endpoint.certificate)
        if self.endpoint.client_certificate:
            context.load_cert_chain(self.endpoint.client_certificate, self.endpoint.client_key)
        return http.client.HTTPSConnection(host, port or 443, timeout=self.endpoint.timeout_s, context=context)


def _retry_after(text: str | None) -> float | None:
    try:
        return max(0.0, min(300.0, float(text))) if text else None
    except ValueError:
        return None
