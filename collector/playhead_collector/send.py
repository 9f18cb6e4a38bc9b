"""Sends requests to a collector over OTLP/HTTP, as an exporter would and with the standard library alone.

It must never lose a span silently: what the collector refuses for good is an error that says so, what it
asks to have later is sent again after `Retry-After`, up to a limit.
"""

from __future__ import annotations

import gzip
import logging
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http.client import HTTPException
from urllib.parse import urlsplit

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from playhead.errors import UsageError
from playhead_collector.errors import Forbidden, IngestError, TooLarge, TryLater, Unauthenticated
from playhead_collector.receive.signal import Signal

PROTOBUF = "application/x-protobuf"
RETRYABLE = frozenset({429, 502, 503, 504})
ATTEMPTS = 8
TIMEOUT_S = 30.0
_LONGEST_PAUSE_S = 30.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rejected:
    """What of a request that was taken was not."""

    count: int = 0
    reason: str = ""


def send(
    requests: Iterable[ExportTraceServiceRequest],
    endpoint: str,
    token: str | None = None,
    *,
    opener: urllib.request.OpenerDirector | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """Sends each request to `endpoint`, as in `OTEL_EXPORTER_OTLP_ENDPOINT`; returns the spans accepted.

    An `opener` says how to reach it, where the usual way (and, with TLS, the machine's usual trust) will not do.
    """
    accepted = 0
    for request in requests:
        spans = sum(len(scope.spans) for resource in request.resource_spans for scope in resource.scope_spans)
        rejected = post(endpoint, Signal.TRACES, request.SerializeToString(), token, opener=opener, sleep=sleep)
        if rejected.count:
            _log.warning("%s rejected %d spans: %s", endpoint, rejected.count, rejected.reason)
        accepted += spans - rejected.count
    return accepted


def post(
    endpoint: str,
    signal: Signal,
    body: bytes,
    token: str | None = None,
    *,
    opener: urllib.request.OpenerDirector | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Rejected:
    """Sends one serialised request of any signal, until the collector took it; returns what of it was not taken."""
    url = _url(endpoint, signal)
    opener = opener or _opener(url)
    pause_s = 0.5
    for attempt in range(1, ATTEMPTS + 1):
        try:
            answer = signal.response.FromString(_post(url, body, token, opener))
            return Rejected(*signal.rejected_in(answer))
        except TryLater as later:
            if attempt == ATTEMPTS:
                raise TryLater(
                    f"{url} asked {ATTEMPTS} times to try later ({later}); look at the collector's log and /readyz"
                ) from later
            sleep(min(max(later.retry_after_s, pause_s), _LONGEST_PAUSE_S))
            pause_s *= 2
    raise AssertionError("unreachable")


def _url(endpoint: str, signal: Signal) -> str:
    if urlsplit(endpoint).scheme not in ("http", "https"):
        raise UsageError(f"{endpoint!r} is no OTLP/HTTP endpoint; write it as http://127.0.0.1:4318")
    return f"{endpoint.rstrip('/')}/v1/{signal.value}"


def _post(url: str, body: bytes, token: str | None, opener: urllib.request.OpenerDirector) -> bytes:
    headers = {"Content-Type": PROTOBUF, "Content-Encoding": "gzip"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    # The body is the same at each attempt, bytes and all: the collector knows a repeat by its hash.
    data = gzip.compress(body, compresslevel=5, mtime=0)
    request = urllib.request.Request(url, data, headers)  # noqa: S310 - the scheme was checked
    try:
        with opener.open(request, timeout=TIMEOUT_S) as response:
            if response.headers.get_content_type() != PROTOBUF:
                raise IngestError(f"something answers at {url}, but it is no collector; OTLP/HTTP is port 4318")
            return bytes(response.read())
    except urllib.error.HTTPError as error:
        with error:
            raise _refusal(url, error) from error
    except (OSError, HTTPException) as error:
        raise IngestError(f"no collector answers at {url} ({_reason(error)}); start one with: playhead up") from error


def _opener(url: str) -> urllib.request.OpenerDirector:
    """A proxy that the environment names is for other machines: asked for loopback, it would find itself."""
    loopback = urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")
    return urllib.request.build_opener(*[urllib.request.ProxyHandler({})] if loopback else [])


def _refusal(url: str, error: urllib.error.HTTPError) -> IngestError:
    if error.code in RETRYABLE:
        return TryLater(f"HTTP {error.code}", _retry_after_s(error.headers.get("Retry-After")))
    if error.code == 401:
        return Unauthenticated(f"{url} wants a token (HTTP 401); give one of the collector's --ingest-token")
    if error.code == 403:
        return Forbidden(f"{url} does not let this token send (HTTP 403); use one of its --ingest-token")
    if error.code == 413:
        return TooLarge(f"{url} takes no request of this size (HTTP 413); its --max-body-mb says how large one may be")
    return IngestError(
        f"{url} refused the request (HTTP {error.code} {error.reason}); is this an OTLP/HTTP port? It "
        "is 4318 by default"
    )


def _retry_after_s(header: str | None) -> float:
    """Seconds, as collectors write it; the date form and nonsense count as no wish."""
    try:
        return max(0.0, float(header or ""))
    except ValueError:
        return 0.0


def _reason(error: Exception) -> str:
    reason = getattr(error, "reason", error)
    return str(reason) or type(reason).__name__
