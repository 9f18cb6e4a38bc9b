"""The answer to one statement: ClickHouse's headers and the bytes as they come, and never a client left
waiting.

The first blocks are read before the status is sent, so that most failures are a status and a code, and
small answers have a length and a summary. What fails later is said inside the body in ClickHouse's tagged
form, which clickhouse-connect raises as an error: a short answer never looks whole.

A statement is stopped when its client goes, when the client leaves a block unread (for less long where
others wait), and when it outlives its time; some cannot be stopped (engine.py), and then the client is
answered all the same and the seat waits for the engine.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from playhead.errors import PlayheadError
from playhead_collector.facade.complaints import TIMEOUT_EXCEEDED, Complaint, QueryFailed, complaint_for
from playhead_collector.facade.encoding import Compressor, negotiated
from playhead_collector.facade.engine import Engine, Query, Reading, Summary
from playhead_collector.facade.formats import content_type
from playhead_collector.facade.limits import Limits
from playhead_collector.facade.seats import Seat, Seats
from playhead_collector.facade.stops import Stops
from playhead_collector.store.readers import Readers

logger = logging.getLogger(__name__)
T = TypeVar("T")

HEAD_BYTES = 256 * 1024
"""How much is read before the answer begins."""
PIECE_BYTES = 1024 * 1024
"""How much of a block is handed to the server at once."""


class ClientGone(Exception):
    """Nobody is there to answer; not an error of anyone's."""


@dataclass(frozen=True, slots=True)
class Opened:
    reading: Reading
    format: str
    head: bytes
    ended: bool


def opened(engine: Engine, query: Query) -> Opened:
    """Begin the query and read until there is enough to begin the answer with."""
    reading = engine.read(query)
    head, size = [], 0
    try:
        for block in reading:
            head.append(block)
            size += len(block)
            if size >= HEAD_BYTES:
                return Opened(reading, query.format, b"".join(head), ended=False)
    except BaseException:
        reading.close()
        raise
    return Opened(reading, query.format, b"".join(head), ended=True)


@dataclass(frozen=True, slots=True)
class Means:
    """What every answer of one facade shares."""

    engine: Engine
    seats: Seats
    limits: Limits
    stops: Stops
    identity: dict[str, str]
    """The headers that say which server this is."""
    readers: Readers
    """Told of every answer, for as long as it takes."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How this one client wants to be answered."""

    engine_id: str
    query_id: str
    accepts: str
    timezone: str | None


@dataclass(frozen=True, slots=True)
class _Out:
    send: Send
    compressor: Compressor | None


class Answer(Response):
    """Runs `begin` on a seat and sends what comes of it. `begin` may take as long as the limits say."""

    def __init__(self, means: Means, begin: Callable[[], Opened], manner: Manner) -> None:
        super().__init__()
        self._means = means
        self._begin = begin
        self._manner = manner
        self._reading: Reading | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        gone = asyncio.ensure_future(_gone(receive))
        try:
            seat = await self._means.seats.take()
        except PlayheadError as error:
            gone.cancel()
            await self._complain(complaint_for(error), send)
            return
        try:
            with self._means.readers.reading():
                await self._answer(seat, gone, send)
        except ClientGone:
            logger.debug("the client of query %s went away", self._manner.query_id)
        except Exception as error:  # noqa: BLE001 - the one place where a failure becomes an answer
            await self._complain(complaint_for(error), send)
        finally:
            gone.cancel()
            self._means.seats.give_back(seat, self._let_go)

    async def _answer(self, seat: Seat, gone: asyncio.Future[None], send: Send) -> None:
        first = await self._on_seat(seat, self._open, gone)
        encoding = negotiated(self._manner.accepts)
        headers = {
            **self._identity(),
            "Content-Type": content_type(first.format),
            "X-ClickHouse-Format": first.format,
            "X-ClickHouse-Summary": _summary(first.reading.summary()),
        }
        if self._manner.timezone is not None:
            headers["X-ClickHouse-Timezone"] = self._manner.timezone
        if encoding is not None:
            headers["Content-Encoding"] = encoding[0]
        compressor = encoding[1] if encoding is not None else None
        if first.ended:
            body = _encoded(first.head, compressor, last=True)
            await self._send(send, _start(200, {**headers, "Content-Length": str(len(body))}))
            await self._send(send, {"type": "http.response.body", "body": body})
            return
        tag = secrets.token_hex(8)
        await self._send(send, _start(200, {**headers, "X-ClickHouse-Exception-Tag": tag}))
        await self._stream(seat, gone, _Out(send, compressor), first.head, tag)

    async def _stream(self, seat: Seat, gone: asyncio.Future[None], out: _Out, head: bytes, tag: str) -> None:
        block: bytes | None = head
        while block is not None:
            body = _encoded(block, out.compressor)
            if body:
                await self._patiently(_in_pieces(out.send, body))
            try:
                block = await self._on_seat(seat, self._next, gone)
            except ClientGone:
                raise
            except Exception as error:  # noqa: BLE001 - the status is out; the failure goes into the body
                said = _tagged(complaint_for(error).text, tag)
                body = _encoded(said, out.compressor, last=True)
                await self._send(out.send, {"type": "http.response.body", "body": body})
                return
        end = _encoded(b"", out.compressor, last=True)
        await self._send(out.send, {"type": "http.response.body", "body": end})

    def _open(self) -> Opened:
        first = self._begin()
        self._reading = first.reading
        return first

    def _next(self) -> bytes | None:
        assert self._reading is not None
        return next(self._reading, None)

    def _let_go(self) -> None:
        if self._reading is not None:
            self._reading.close()

    async def _on_seat(self, seat: Seat, task: Callable[[], T], gone: asyncio.Future[None]) -> T:
        """The task's result; if the client or the time goes first, the statement is stopped, not awaited."""
        limits = self._means.limits
        work = asyncio.wrap_future(seat.run(task))
        waited: set[asyncio.Future[Any]] = {work, gone}
        try:
            longest = limits.seconds + limits.grace_seconds
            await asyncio.wait(waited, timeout=longest, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            self._means.stops.until_done(self._manner.engine_id, work)
            raise
        if work.done():
            return work.result()
        self._means.stops.until_done(self._manner.engine_id, work)
        if gone.done():
            raise ClientGone
        raise QueryFailed(
            TIMEOUT_EXCEEDED,
            "TIMEOUT_EXCEEDED",
            f"the statement ran for over {limits.seconds:g} s and was stopped; some functions over long "
            "arrays cannot be interrupted, and this one may go on for a while",
        )

    async def _send(self, send: Send, message: dict[str, object]) -> None:
        await self._patiently(send(message))

    async def _patiently(self, sent: Awaitable[None]) -> None:
        """Until it is read, as long as a client may leave it unread; that is less while others wait for the seat."""
        limits = self._means.limits
        sending = asyncio.ensure_future(sent)
        until = asyncio.get_running_loop().time() + limits.stall_seconds
        try:
            while not sending.done():
                await asyncio.wait({sending}, timeout=min(limits.patience_seconds, limits.stall_seconds))
                late = asyncio.get_running_loop().time() >= until
                if not sending.done() and (late or self._means.seats.wanted):
                    raise ClientGone
            sending.result()
        except OSError:
            raise ClientGone from None
        finally:
            sending.cancel()

    async def _complain(self, complaint: Complaint, send: Send) -> None:
        plain = complaint_response(complaint, self._identity())
        try:
            await self._send(send, _start(plain.status_code, dict(plain.headers)))
            await self._send(send, {"type": "http.response.body", "body": plain.body})
        except ClientGone:
            logger.debug("the client of query %s went away before its error", self._manner.query_id)

    def _identity(self) -> dict[str, str]:
        return {**self._means.identity, "X-ClickHouse-Query-Id": self._manner.query_id}


def complaint_response(complaint: Complaint, headers: dict[str, str]) -> Response:
    more = {"X-ClickHouse-Exception-Code": str(complaint.code)}
    if complaint.status == 401:
        more["WWW-Authenticate"] = 'Basic realm="playhead"'
    if complaint.status == 503:
        more["Retry-After"] = "1"
    return Response(complaint.text, complaint.status, {**headers, **more}, media_type="text/plain; charset=UTF-8")


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _in_pieces(send: Send, block: bytes) -> None:
    """A block may be of 65 MB, and handed over whole it lay in the server's buffers as well until it was read: four
    slow readers of such blocks took a collector to 2,074 MB, and to 1,426 in pieces (once each, on a busy machine).
    """
    for at in range(0, len(block), PIECE_BYTES):
        await send({"type": "http.response.body", "body": block[at : at + PIECE_BYTES], "more_body": True})


def _start(status: int, headers: dict[str, str]) -> dict[str, object]:
    pairs = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    return {"type": "http.response.start", "status": status, "headers": pairs}


def _encoded(block: bytes, compressor: Compressor | None, *, last: bool = False) -> bytes:
    if compressor is None:
        return block
    body = compressor.compress(block) if block else b""
    return body + compressor.flush() if last else body


def _summary(summary: Summary) -> str:
    counted = {
        "read_rows": summary.read_rows,
        "read_bytes": summary.read_bytes,
        "written_rows": 0,
        "written_bytes": 0,
        "total_rows_to_read": 0,
        "result_rows": summary.result_rows,
        "result_bytes": summary.result_bytes,
        "elapsed_ns": summary.elapsed_ns,
    }
    return json.dumps({name: str(count) for name, count in counted.items()}, separators=(",", ":"))


def _tagged(text: str, tag: str) -> bytes:
    message = text.rstrip("\n") + "\n"
    size = len(message.encode())
    return f"\r\n__exception__\r\n{tag}\r\n{message}{size} {tag}\r\n__exception__\r\n".encode()
