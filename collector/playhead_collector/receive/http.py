"""OTLP over HTTP: `POST /v1/traces`, `/v1/logs`, `/v1/metrics`, protobuf and JSON on one port; and `POST /v1/scores`.

A plain ASGI application, because there are four paths and every answer, also 404 and 405, has to be a
`google.rpc.Status` in the form of the request. Whose data it is gets decided before a byte of the body is
read.

What was chosen where OTLP leaves it open:
- a body that takes longer than `receive_s` is 503 with Retry-After (OTLP clients do not retry 408), and the
  connection ends;
- more than `concurrent` requests at once are 503 before their body is read;
- a request refused before its body was read has the rest read and thrown away for up to `linger_s`, after
  the answer, so that an emitter that is still sending finds the answer and not a broken connection; then
  the connection ends;
- an unknown Content-Type or Content-Encoding is 400; refusals to a request in neither form are JSON.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from contextlib import suppress
from typing import Any

from google.protobuf import json_format
from google.protobuf.message import Message

from playhead_collector.errors import BadRequest, TooLarge, TryLater
from playhead_collector.receive.body import Form, encoding_of, form_of, inflated
from playhead_collector.receive.export import Exporter, Gate, Outcome, bearer
from playhead_collector.receive.json_request import protobuf_from_json
from playhead_collector.receive.limits import Lease, Limits
from playhead_collector.receive.observer import watched
from playhead_collector.receive.refusal import Refusal, refusal_for
from playhead_collector.receive.scores import SCORES, Said, said_in
from playhead_collector.receive.signal import Signal

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

NOT_FOUND, UNIMPLEMENTED = 5, 12  # google.rpc.Code
# What is said of runs from outside becomes spans.
_PATHS = {**{signal.path: signal for signal in Signal}, SCORES: Signal.TRACES}


class _Gone(Exception):
    """The client left; there is nobody to answer."""


def http_app(exporter: Exporter, gate: Gate) -> App:
    """The application; mount it at the root, it answers every path."""
    in_work = 0

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal in_work
        if scope["type"] != "http":
            return
        request = _Request(scope, receive, send, exporter.limits)
        signal = _PATHS.get(scope["path"])
        if signal is None or scope["method"] != "POST":
            await request.refuse(_no_such_thing(scope, signal), *_ALLOW)
            return
        try:
            with watched(exporter.observer, signal, "http"):
                project = gate.project_for(request.token())
                if in_work >= exporter.limits.concurrent:
                    raise TryLater(
                        f"{in_work} requests are in work, which is the limit; keep the data and send it again"
                    )
                in_work += 1
                try:
                    if scope["path"] == SCORES:
                        answer = await _score(request, project, exporter)
                    else:
                        answer = await _export(request, signal, project, exporter)
                finally:
                    in_work -= 1
            await request.acknowledge(answer)
        except _Gone:
            return
        except Exception as error:  # noqa: BLE001 - the table of errors says what each is; a defect is a 500 and logged
            await request.refuse(refusal_for(error))

    return app


async def _export(request: _Request, signal: Signal, project: str, exporter: Exporter) -> Message:
    with exporter.room.lease() as lease:
        # Not kept in a variable here: while the spool works, only what was made of it is needed.
        outcome = await exporter.export(signal, await _message(request, signal, exporter, lease), project)
        size = lease.size
    _count(exporter, signal, outcome, size)
    return signal.partial_success(outcome.rejected, outcome.reason)


async def _score(request: _Request, project: str, exporter: Exporter) -> bytes:
    """All of what a body says, or nothing: half of it taken would be sent again whole."""
    if form_of(request.headers) is not Form.JSON:
        raise BadRequest(f"{SCORES} takes JSON: send it with Content-Type: application/json")
    with exporter.room.lease() as lease:
        body = await _body(request, exporter, lease)
        said: Said = await exporter.parse(len(body), said_in, body)
        outcome = await exporter.export(Signal.TRACES, said.request, project)
        size = lease.size
    _count(exporter, Signal.TRACES, outcome, size)
    return said.answer


def _count(exporter: Exporter, signal: Signal, outcome: Outcome, size: int) -> None:
    exporter.observer.received(signal, "http", outcome.accepted + outcome.rejected, size)
    exporter.observer.rejected(signal, outcome.rejected)


async def _message(request: _Request, signal: Signal, exporter: Exporter, lease: Lease) -> bytes:
    """The request's body as protobuf."""
    form = form_of(request.headers)
    body = await _body(request, exporter, lease)
    if form is Form.JSON:
        return await exporter.parse(len(body), protobuf_from_json, signal, body, exporter.limits.unfolded)
    return body


async def _body(request: _Request, exporter: Exporter, lease: Lease) -> bytes:
    """As it was before it was compressed."""
    encoding = encoding_of(request.headers)
    limits = exporter.limits
    body = await request.body(lease)
    if encoding:
        packed = len(body)
        # A small body can inflate to a large one.
        body = await exporter.inflate(packed * 16, inflated, body, encoding, limits.decompressed, lease.take)
        lease.give(packed)
    if len(body) > limits.decompressed:
        raise TooLarge(f"the body has {len(body)} bytes and may have {limits.decompressed}; send smaller batches")
    return body


class _Request:
    """One exchange: its headers, its body within limits, its one answer."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, limits: Limits) -> None:
        self.headers: Mapping[bytes, bytes] = dict(scope["headers"])
        self._receive = receive
        self._send = send
        self._limits = limits
        self._whole = False
        self._slow = False

    def token(self) -> str | None:
        authorization, own = (
            self.headers.get(b"authorization", b""),
            self.headers.get(b"x-playhead-token", b""),
        )
        return bearer(authorization.decode("latin-1"), own.decode("latin-1"))

    async def body(self, lease: Lease) -> bytes:
        limit = self._limits.compressed
        announced = self.headers.get(b"content-length", b"0")
        if announced.isdigit() and int(announced[:20]) > limit:
            raise TooLarge(f"the body has {announced.decode()[:20]} bytes and may have {limit}; send smaller batches")
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self._limits.receive_s):
                async for part in self._parts():
                    size += len(part)
                    if size > limit:
                        raise TooLarge(f"the body has more than {limit} bytes; send smaller batches")
                    lease.take(len(part))
                    parts.append(part)
        except TimeoutError:
            self._slow = True
            raise TryLater(
                f"the body was not complete after {self._limits.receive_s:g} s ({size} bytes came); "
                "send it again, in smaller batches or over a better connection"
            ) from None
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def _parts(self) -> AsyncIterator[bytes]:
        while not self._whole:
            message = await self._receive()
            if message["type"] != "http.request":
                raise _Gone
            self._whole = not message.get("more_body", False)
            yield message.get("body", b"")

    async def acknowledge(self, answer: Message | bytes) -> None:
        """With a message in the form of the request, or with bytes of that form."""
        form = form_of(self.headers)
        if isinstance(answer, bytes):
            await self._answer(200, answer, form)
        elif form is Form.JSON:
            await self._answer(200, json_format.MessageToJson(answer, indent=None).encode(), form)
        else:
            await self._answer(200, answer.SerializeToString(), form)

    async def refuse(self, refusal: Refusal, *extra: tuple[bytes, bytes]) -> None:
        try:
            form = form_of(self.headers)
        except BadRequest:
            form = Form.JSON
        headers = [*extra]
        if refusal.retry_after_s is not None:
            headers.append((b"retry-after", b"%d" % max(1, math.ceil(refusal.retry_after_s))))
        await self._answer(refusal.http, refusal.encoded(as_json=form is Form.JSON), form, headers)

    async def _answer(self, status: int, body: bytes, form: Form, extra: Headers | None = None) -> None:
        headers = [
            (b"content-type", form.value.encode()),
            # Tells Playhead's own SDK that open steps and recordings are understood here.
            (b"playhead-collector", b"1"),
            (b"content-length", b"%d" % len(body)),
            *(extra or ()),
        ]
        if not self._whole:
            headers.append((b"connection", b"close"))
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body, "more_body": not self._whole})
        if not self._whole:
            if not self._slow:
                await self._linger()
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _linger(self) -> None:
        left = 4 * self._limits.compressed
        with suppress(TimeoutError, _Gone):
            async with asyncio.timeout(self._limits.linger_s):
                async for part in self._parts():
                    left -= len(part)
                    if left < 0:
                        return


_ALLOW = ((b"allow", b"POST"),)


def _no_such_thing(scope: Scope, signal: Signal | None) -> Refusal:
    if signal is None:
        paths = ", ".join(_PATHS)
        return Refusal(404, NOT_FOUND, f"nothing is at {scope['path'][:80]!r}; OTLP/HTTP is taken at {paths}")
    return Refusal(405, UNIMPLEMENTED, f"{scope['method'][:20]} is not for {scope['path']}; send it with POST")
