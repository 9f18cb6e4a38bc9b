"""From an HTTP exchange to a model call: the pure function behind every prompt step.

It never raises, whatever a body holds, and never alters the exchange. What came of a stream that was cut is read as far
as it goes, and marked.
"""

from __future__ import annotations

import base64
import binascii
import json
import logging
from collections.abc import Iterator
from typing import Any

from playhead.providers.content_encoding import decoded
from playhead.providers.eventstream import CONTENT_TYPE, frames_of
from playhead.providers.loose import Json, parsed, text
from playhead.providers.prompt import Answered, Call, Failure, Prompt
from playhead.providers.recognise import recognise
from playhead.providers.sse import events_of
from playhead.wire.exchange import Exchange, Headers

_log = logging.getLogger(__name__)


def read_request(method: str, url: str, headers: Headers, body: bytes) -> Call | None:
    """The model call that a request is, before it has an answer; None where it is none."""
    try:
        return recognise(method, url, headers, body)
    except Exception:  # noqa: BLE001 - nothing of ours may reach the agent
        # No body known leads here; one that does must cost a step's content, not the agent.
        _log.warning("a request to a model could not be read; its exchange is recorded all the same", exc_info=True)
        return None


def read_exchange(exchange: Exchange) -> Prompt | None:
    """The model call that an exchange is, with its answer; None where it is none."""
    call = read_request(exchange.method, exchange.url, exchange.request_headers, exchange.request_body)
    return None if call is None else read_answer(call, exchange)


def read_answer(call: Call, exchange: Exchange) -> Prompt:
    """The answer to a call that was recognised when it was sent."""
    try:
        answered, whole, streamed = _answer(call, exchange)
    except Exception:  # noqa: BLE001 - nothing of ours may reach the agent
        _log.warning("a model's answer could not be read; its exchange is recorded all the same", exc_info=True)
        answered, whole, streamed = Answered(), True, exchange.streamed
    first = exchange.first_byte_ns
    waited = (first - exchange.began_ns) / 1e9 if streamed and first is not None else None
    return Prompt(
        call=call,
        answered=answered,
        status=exchange.status,
        failure=_failure(answered, exchange),
        streamed=streamed,
        cut=streamed and not whole and answered.failure is None and exchange.status is not None,
        time_to_first_chunk=waited if waited is not None and waited >= 0 else None,
    )


def _failure(answered: Answered, exchange: Exchange) -> Failure | None:
    if exchange.status is not None and exchange.status >= 400:
        named = exchange.response_header("x-amzn-errortype")
        told = answered.failure or (Failure(named.split("#")[-1].split(":")[0]) if named else None)
        return told or Failure(str(exchange.status))
    return answered.failure or (Failure(exchange.error) if exchange.error else None)


def _answer(call: Call, exchange: Exchange) -> tuple[Answered, bool, bool]:
    """What was answered, whether to its end, and whether in a stream."""
    body = decoded(exchange.response_body, exchange.response_header("content-encoding"))
    if body is None:
        return Answered(), True, exchange.streamed
    events = _events(call, exchange, body)
    if events is not None:
        answer, whole = call.dialect.assembled(events)
        answered = call.dialect.answered(answer)
        return answered, whole, True
    read = call.dialect.whole or parsed
    value = read(body)
    if isinstance(value, list) and len(value) == 1:
        # Google wraps an error in a list where a stream was asked for.
        value = value[0]
    return call.dialect.answered(value if isinstance(value, dict) else {}), True, False


def _events(call: Call, exchange: Exchange, body: bytes) -> Iterator[Json] | None:
    """The events of a streamed answer; None where it is not one."""
    kind = (exchange.response_header("content-type") or "").partition(";")[0].strip().lower()
    if kind in (CONTENT_TYPE, "text/event-stream"):
        return _framed(body) if kind == CONTENT_TYPE else events_of(body)
    if not call.asked.stream or exchange.status is None or exchange.status >= 400:
        return None
    if body.lstrip()[:1] == b"[":
        return _array(body)
    # Some gateways forget the content type, and a stream can be cut before its first byte.
    return events_of(body) if body.startswith((b"data:", b"event:", b": ")) or not body else None


def _framed(body: bytes) -> Iterator[Json]:
    """Bedrock's frames: an event under its type, or, where the model's own form is passed on, that."""
    for frame in frames_of(body):
        value = parsed(frame.payload)
        value = value if isinstance(value, dict) else {}
        kind = frame.headers.get(":event-type") or frame.headers.get(":exception-type") or "unknown"
        inner = text(value, "bytes") if kind == "chunk" else None
        if inner is None:
            yield {kind: value}
            continue
        try:
            passed = parsed(base64.b64decode(inner))
        except (ValueError, binascii.Error):
            continue
        if isinstance(passed, dict):
            yield passed


def _array(body: bytes) -> Iterator[Json]:
    """Google's stream without `alt=sse`: a JSON list that grows. What is whole in it is given."""
    told = body.decode("utf-8", "replace")
    decoder = json.JSONDecoder()
    at = told.find("[") + 1
    while True:
        at = told.find("{", at)
        if at < 0:
            return
        try:
            value: Any
            value, at = decoder.raw_decode(told, at)
        except (ValueError, RecursionError):
            return
        yield value
