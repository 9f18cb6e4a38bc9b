"""One HTTP call of the agent, in either direction: its answer, its chunks and its close are effects.

The client libraries' adapters beside this module hand it the live way to do each, and get back what the agent is to
see. While recording that is made from the recorded form, so that the agent sees the same object from both. A stream's
chunks are keyed by the call, not by the lane that reads them: streams change hands.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import time_ns
from typing import Any

from playhead.errors import Stop
from playhead.lanes.actor import Actor, outside
from playhead.lanes.engine import Engine
from playhead.wire.exchange import Exchange, Headers
from playhead.wire.trace_context import without_trace_context

# An answer with a length up to this is read whole with its head: one completion instead of three.
WHOLE_BODY = 1 << 20


@dataclass(slots=True)
class Head:
    """The beginning of an answer; `body` where it was read whole, `live` the client library's own response.

    `broken` where reading it whole was tried: then it is a stream of what had come, and the error.
    """

    status: int
    headers: list[tuple[str, str]]
    version: str
    reason: str
    body: bytes | None = None
    live: Any = None
    broken: Broken | None = None


class Broken:
    """What came of a body that broke off while it was read with its head: the agent gets the head, then this."""

    def __init__(self, parts: list[bytes], error: Exception) -> None:
        self._came = b"".join(parts)
        self._error = error

    def next(self) -> bytes:
        came, self._came = self._came, b""
        if not came:
            raise self._error
        return came

    async def next_async(self) -> bytes:
        return self.next()


class Call:
    def __init__(self, engine: Engine, actor: Actor, request: tuple[str, str, Headers, bytes]) -> None:
        self._engine = engine
        lane = engine.lane(actor)
        self._lane = lane.id
        self._occurrence = lane.occurrence("http")
        self._stream = f"{lane.id}#{self._occurrence}"
        self._chunks = 0
        self._closed = False
        self._request = request  # method, url, headers, body
        self._head: Head | None = None
        self._received: list[bytes] = []
        self._began_ns = time_ns()
        self._first_byte_ns: int | None = None
        self._tokens: list[tuple[Any, Any]] | None = None
        for observer in engine.observers:
            _quietly(self._begin, observer)

    @property
    def ended(self) -> bool:
        return self._closed

    # -- the head

    def send(self, live: Callable[[], Head]) -> Head:
        try:
            head = self._engine.perform("http", live, self._pack_head, self._unpack_head, **self._asked())
        except BaseException as error:
            self._end(error)
            raise
        return self._started(head)

    async def send_async(self, live: Callable[[], Awaitable[Head]]) -> Head:
        try:
            head = await self._engine.perform_async("http", live, self._pack_head, self._unpack_head, **self._asked())
        except BaseException as error:
            self._end(error)
            raise
        return self._started(head)

    def _asked(self) -> dict[str, Any]:
        method, url, _, body = self._request
        digest = hashlib.blake2b(digest_size=12)
        for part in (method.encode(), url.encode(), without_trace_context(body)):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
        return {
            "lane": self._lane,
            "occurrence": self._occurrence,
            "fingerprint": digest.hexdigest(),
            "detail": {"method": method, "url": url, "body": self._engine.pieces.fold(body)},
        }

    def _pack_head(self, head: Head) -> Any:
        body = None if head.body is None else [self._engine.pieces.fold(head.body)]
        return [head.status, head.headers, head.version, head.reason, body]

    def _unpack_head(self, packed: Any, live: Head | None) -> Head:
        if live is not None:
            return live
        status, headers, version, reason, body = packed
        whole = None if body is None else self._engine.pieces.whole(body[0])
        return Head(status, [(name, value) for name, value in headers], version, reason, whole)

    def _started(self, head: Head) -> Head:
        self._head = head
        if head.body is not None:
            self._received.append(head.body)
            self._first_byte_ns = time_ns()
            self._end(None)
        return head

    # -- the chunks of a stream

    def chunk(self, live: Callable[[], bytes | None]) -> bytes | None:
        """The next chunk; None at the end."""
        if self._head is not None and self._head.broken is not None:
            live = self._head.broken.next
        try:
            data = self._engine.perform("chunk", live, self._pack_chunk, self._unpack_chunk, **self._next_chunk())
        except BaseException as error:
            self._end(error)
            raise
        return self._got(data)

    async def chunk_async(self, live: Callable[[], Awaitable[bytes | None]]) -> bytes | None:
        if self._head is not None and self._head.broken is not None:
            live = self._head.broken.next_async
        try:
            data = await self._engine.perform_async(
                "chunk", live, self._pack_chunk, self._unpack_chunk, **self._next_chunk()
            )
        except BaseException as error:
            self._end(error)
            raise
        return self._got(data)

    def _next_chunk(self) -> dict[str, Any]:
        self._chunks += 1
        return {"lane": self._stream, "occurrence": self._chunks - 1}

    def _pack_chunk(self, data: bytes | None) -> Any:
        return None if data is None else [self._engine.pieces.fold(data)]

    def _unpack_chunk(self, packed: Any, live: bytes | None) -> bytes | None:
        if live is not None:
            return live
        return None if packed is None else self._engine.pieces.whole(packed[0])

    def _got(self, data: bytes | None) -> bytes | None:
        if data is None:
            self._end(None)
        else:
            if self._first_byte_ns is None:
                self._first_byte_ns = time_ns()
            self._received.append(data)
        return data

    # -- the close

    def close(self, live: Callable[[], None]) -> None:
        if self._closed:
            return
        self._closed = True
        self._engine.perform("close", live, _nothing, _nothing_of, lane=self._stream, occurrence=0)
        self._end(None)

    async def close_async(self, live: Callable[[], Awaitable[None]]) -> None:
        if self._closed:
            return
        self._closed = True
        await self._engine.perform_async("close", live, _nothing, _nothing_of, lane=self._stream, occurrence=0)
        self._end(None)

    def left(self, live: Callable[[], Any] | None) -> None:
        """A close that nobody waits for: it gives nothing back, so there is nothing to record of it."""
        if self._closed:
            return
        self._closed = True
        if live is not None:
            outside(live)
        self._end(None)

    def __del__(self) -> None:
        # Nobody can read on: a stream was left without a close, or its task was cancelled before the answer's head.
        self._end(None)

    # -- observers

    def _begin(self, observer: Any) -> None:
        if self._tokens is None:
            self._tokens = []
        self._tokens.append((observer, observer.began(*self._request)))

    def _end(self, error: BaseException | None) -> None:
        tokens, self._tokens = self._tokens, None
        if not tokens:
            return
        method, url, headers, body = self._request
        head = self._head
        exchange = Exchange(
            method=method,
            url=url,
            request_headers=headers,
            request_body=body,
            status=None if head is None else head.status,
            response_headers=() if head is None else tuple(head.headers),
            response_body=b"".join(self._received),
            error=None if error is None else f"{type(error).__module__}.{type(error).__qualname__}",
            began_ns=self._began_ns,
            first_byte_ns=self._first_byte_ns,
            ended_ns=time_ns(),
            streamed=head is not None and head.body is None,
            live=head is None or head.live is not None,
        )
        for observer, token in tokens:
            _quietly(observer.ended, token, exchange)


def is_whole(method: str, status: int, length: str | None) -> bool:
    """Whether an answer can be read at once with its head, without changing when the agent gets its pieces."""
    if method == "HEAD" or status in (204, 304):
        return True
    return length is not None and length.isdigit() and int(length) <= WHOLE_BODY


def _quietly(call: Callable[..., None], *args: Any) -> None:
    """An observer's error never reaches the agent, but for the one that the agent's code has asked for."""
    try:
        call(*args)
    except Stop:
        raise
    except Exception:
        import logging

        logging.getLogger(__name__).exception("an exchange observer failed; the agent goes on")


def _nothing(_: None) -> None:
    return None


def _nothing_of(_: Any, __: None) -> None:
    return None
