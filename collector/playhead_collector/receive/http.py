"""OTLP over HTTP: `POST /v1/traces`, `/v1/logs`, `/v1/metrics`, protobuf and JSON on one port.

A plain ASGI application, because there are three paths and every answer, also 404 and 405, has to be a
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

from playhead_collector.errors import BadRequest, TooLarge, TryLater
from playhead_collector.receive.body import Form, encoding_of, form_of, inflated
from playhead_collector.receive.export import Exporter, Gate, Outcome, bearer
from playhead_collector.receive.json_request import protobuf_from_json
from playhead_collector.receive.limits import Lease, Limits
from playhead_collector.receive.observer import watched
from playhead_collector.receive.refusal import Refusal, refusal_for
from playhead_collector.receive.signal import Signal

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

NOT_FOUND, UNIMPLEMENTED = 5, 12  # google.rpc.Code
_PATHS = {signal.path: signal for signal in Signal}


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
                    outcome = await _export(request, signal, project, exporter)
                finally:
                    in_work -= 1
            await request.acknowledge(signal, outcome)
        except _Gone:
            return
        except Exception as error:  # noqa: BLE001 - the table of errors says what each is; a defect is a 500 and logged
            await request.refuse(refusal_for(error))

    return app


async def _export(request: _Request, signal: Signal, project: str, exporter: Exporter) -> Outcome:
    with exporter.room.lease() as lease:
        # Not kept in a variable here: while the spool works, only what was made of it is needed.
        outcome = await exporter.export(signal, await _message(request, signal, exporter, lease), project)
        size = lease.size
    exporter.observer.received(signal, "http", outcome.accepted + outcome.rejected, size)
    exporter.observer.rejected(signal, outcome.rejected)
    return outcome


async def _message(request: _Request, signal: Signal, exporter: Exporter, lease: Lease) -> bytes:
    """The request's body as protobuf."""
    form = form_of(request.headers)
    encoding = encoding_of(request.headers)
    limits = exporter.limits
    body = await request.body(lease)
    if encoding:
        packed = len(body)
        # A small body can inflate to a large one.
        body = await exporter.inflate(packed * 16, inflated, body, encoding, limits.decompressed, lease.take)
        lease.give(packed)
    size = len(body)
    if size > limits.decompressed:
        raise TooLarge(f"the body has {size} bytes and may have {limits.decompressed}; send smaller batches")
    if form is Form.JSON:
        return await exporter.parse(size, protobuf_from_json, signal, body, limits.unfolded)
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

    async def acknowledge(self, signal: Signal, outcome: Outcome) -> None:
        response = signal.partial_success(outcome.rejected, outcome.reason)
        form = form_of(self.headers)
        if form is Form.JSON:
            await self._answer(200, json_format.MessageToJson(response, indent=None).encode(), form)
        else:
            await self._answer(200, response.SerializeToString(), form)

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
    return Refusal(405, UNIMPLEMENTED, f"{scope['method'][:20]} is not for {signal.path}; send it with POST")
