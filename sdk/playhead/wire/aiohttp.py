"""aiohttp's client: one request on one connection, below its redirects, retries, cookies and middlewares.

The session asks its connector for a connection, sends, and starts to read; here the connection is a stand-in, and all
three are one exchange. The response that the agent gets is aiohttp's own, over a body that is read chunk by chunk from
the exchange. Written for aiohttp 3.13 and 3.14. Upgrades (WebSockets) are no exchanges: they pass, and are noticed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from playhead.lanes.actor import current_actor
from playhead.lanes.engine import Engine
from playhead.wire.call import Broken, Call, Head, is_whole

LIMIT = 1 << 18


def install(engine: Engine) -> None:
    engine.patches.when_imported("aiohttp.client", lambda module: _patch(engine, module))


class LaneProtocol:
    """What a session and a reader of bodies want of a connection's protocol."""

    upgraded = False
    connected = True
    transport = None

    def __init__(self) -> None:
        self.how: dict[str, Any] = {}

    def set_response_params(self, **how: Any) -> None:
        self.how = how

    def pause_reading(self) -> None:
        pass

    def resume_reading(self, **_: Any) -> None:
        pass


class LaneConnection:
    """Stands in for a connection: none is made before the exchange, and in a replay never."""

    transport = None

    def __init__(self, asked: dict[str, Any]) -> None:
        self.asked = asked
        self.protocol = LaneProtocol()
        self.call: Call | None = None
        self.head: Head | None = None
        self._callbacks: list[Callable[[], None]] = []

    def add_callback(self, callback: Callable[[], None] | None) -> None:
        if callback is not None:
            self._callbacks.append(callback)

    @property
    def closed(self) -> bool:
        return self.call is None or self.call.ended

    def close(self) -> None:
        if self.call is not None and not self.call.ended:
            live = None if self.head is None else self.head.live
            self.call.left(None if live is None else live.close)
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    def release(self) -> None:
        # Of an answer that was read to its end the live connection has gone back by itself; else it is of no more use.
        self.close()


def _patch(engine: Engine, module: ModuleType) -> None:  # noqa: PLR0915 - closures over one client library
    reqrep, connector, streams, helpers = (
        sys.modules[f"aiohttp.{name}"] for name in ("client_reqrep", "connector", "streams", "helpers")
    )
    TimerNoop, CIMultiDictProxy = helpers.TimerNoop, sys.modules["multidict"].CIMultiDictProxy
    Connector, Request, Response = connector.BaseConnector, reqrep.ClientRequest, reqrep.ClientResponse
    connect, send, start = Connector.connect, Request.send, Response.start

    class Content(streams.StreamReader):  # type: ignore[misc, name-defined]
        """A body whose every wait for more is a chunk of the exchange."""

        __slots__ = ("_call", "_chunked", "_live", "_waiting")

        def __init__(self, connection: LaneConnection, loop: Any) -> None:
            super().__init__(connection.protocol, LIMIT, loop=loop)
            assert connection.call is not None
            assert connection.head is not None
            self._call = connection.call
            self._live = connection.head.live
            self._waiting = False
            self._chunked = any(
                name.lower() == "transfer-encoding" and "chunked" in value.lower()
                for name, value in connection.head.headers
            )

        async def _next(self) -> bytes | None:
            body = self._live.content
            while not body.at_eof():
                if body.exception() is not None and (came := _left_in(body)):
                    return came
                if data := (await body.readchunk())[0]:
                    return bytes(data)
            return None

        async def _wait(self, func_name: str) -> None:
            if self._waiting:
                raise RuntimeError(f"{func_name}() called while another coroutine is already waiting for incoming data")
            self._waiting = True
            try:
                chunk = await self._call.chunk_async(self._next)
            except Exception as error:
                self.set_exception(error)
                raise
            finally:
                self._waiting = False
            if chunk is None:
                self.feed_eof()
                return
            if self._chunked:
                self.begin_http_chunk_receiving()
            self.feed_data(chunk)
            if self._chunked:
                self.end_http_chunk_receiving()

    async def connecting(self: Any, request: Any, *more: Any, **how: Any) -> Any:
        if current_actor() is None or "upgrade" in request.headers:
            return await connect(self, request, *more, **how)
        return LaneConnection({"connector": self, "more": more, "how": how})

    async def sending(self: Any, connection: Any) -> Any:
        if not isinstance(connection, LaneConnection):
            return await send(self, connection)
        # The agent's timer cancels the agent's task, which ends the exchange; the exchange has none of its own.
        timer, self._timer = self._timer, TimerNoop()
        body = b"" if not self._body else bytes(await self._body.as_bytes())
        actor = current_actor()
        assert actor is not None
        headers = tuple((str(name), str(value)) for name, value in self.headers.items())
        if engine.rewrite is not None and (made := engine.rewrite(self.method, str(self.url), headers, body)):
            url, body = made
            self.url = type(self.url)(url)
            await self.update_body(body)
        call = connection.call = Call(engine, actor, (self.method, str(self.url), headers, body))

        async def live() -> Head:
            asked = connection.asked
            try:
                real = await connect(asked["connector"], self, *asked["more"], **asked["how"])
            except TimeoutError as error:
                raise module.ConnectionTimeoutError(f"Connection timeout to host {self.url}") from error
            real.protocol.set_response_params(**{**connection.protocol.how, "timer": TimerNoop()})
            answer = None
            try:
                answer = await send(self, real)
                await start(answer, real)
            except BaseException:
                if answer is not None:
                    answer.close()
                real.close()
                raise
            return await _head_of(self.method, answer)

        connection.head = await call.send_async(live)
        self.response = self.response_class(
            self.method,
            self.original_url,
            writer=None,
            continue100=None,
            timer=timer,
            request_info=self.request_info,
            traces=self._traces,
            loop=self.loop,
            session=self._session,
            stream_writer=_Sent(len(body)),
        )
        return self.response

    async def starting(self: Any, connection: Any) -> Any:
        if not isinstance(connection, LaneConnection):
            return await start(self, connection)
        head = connection.head
        assert head is not None
        self._closed = False
        self._protocol, self._connection = connection.protocol, connection
        self.version = module.HttpVersion(*map(int, head.version.removeprefix("HTTP/").split(".")))
        self.status, self.reason = head.status, head.reason
        pairs = module.CIMultiDict(head.headers)
        self._headers = CIMultiDictProxy(pairs)
        self._raw_headers = tuple(
            (name.encode("utf-8"), value.encode("utf-8", "surrogateescape")) for name, value in head.headers
        )
        self.content = Content(connection, self._loop)
        self.content.on_eof(self._response_eof)
        if head.body is not None:
            self.content.feed_data(head.body)
            self.content.feed_eof()
        self._raw_cookie_headers = tuple(self._headers.getall("Set-Cookie", ())) or None
        return self

    def closing(kind: Any) -> Any:
        close = kind.close

        async def closed(self: Any, **how: Any) -> None:
            async def live() -> None:
                await close(self, **how)

            await engine.perform_async("client close", live, _nothing, _nothing_of, delay=0)

        return closed

    patches = engine.patches
    patches.set(Connector, "connect", connecting)
    patches.set(Request, "send", sending)
    patches.set(Response, "start", starting)
    if engine.exact:
        for kind in (connector.TCPConnector, connector.UnixConnector):
            patches.set(kind, "close", closing(kind))


async def _head_of(method: str, answer: Any) -> Head:
    headers = [(name.decode("utf-8"), value.decode("utf-8", "surrogateescape")) for name, value in answer.raw_headers]
    version = f"HTTP/{answer.version.major}.{answer.version.minor}"
    head = Head(answer.status, headers, version, answer.reason or "", live=answer)
    if is_whole(method, answer.status, answer.headers.get("content-length")):
        parts: list[bytes] = []
        try:
            async for part in answer.content.iter_any():
                parts.append(bytes(part))
            head.body = b"".join(parts)
        except Exception as error:  # noqa: BLE001 - the agent gets it where it reads
            head.broken = Broken([*parts, _left_in(answer.content)], error)
    return head


def _left_in(body: Any) -> bytes:
    """What had come before an error, which aiohttp tells first."""
    return bytes(body._read_nowait(-1)) if body._buffer else b""


class _Sent:
    """What a response asks of the writer of its request."""

    def __init__(self, output_size: int) -> None:
        self.output_size = output_size


def _nothing(_: None) -> None:
    return None


def _nothing_of(_: Any, __: None) -> None:
    return None
