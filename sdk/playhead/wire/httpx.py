"""httpx and httpx2: their transports, sync and async. Patched when imported; never imported by us."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from types import ModuleType, TracebackType
from typing import Any

from playhead.lanes.actor import current_actor
from playhead.lanes.engine import Engine
from playhead.lanes.sharing import CLIENT
from playhead.wire.call import Broken, Call, Head, is_whole
from playhead.wire.exchange import Headers

_OF_BODY = frozenset({b"content-length", b"transfer-encoding"})


def install(engine: Engine) -> None:
    for name in ("httpx", "httpx2"):
        engine.patches.when_imported(name, lambda module: _patch(engine, module))


def _patch(engine: Engine, module: ModuleType) -> None:  # noqa: PLR0915 - closures over one client library
    Transport, AsyncTransport = module.HTTPTransport, module.AsyncHTTPTransport
    handle, handle_async = Transport.handle_request, AsyncTransport.handle_async_request
    close, aclose = Transport.close, AsyncTransport.aclose
    leave, aleave = Transport.__exit__, AsyncTransport.__aexit__

    class Stream(module.SyncByteStream):  # type: ignore[misc, name-defined]
        def __init__(self, call: Call, live: Any) -> None:
            self._call = call
            self._live = live
            self._parts: Iterator[bytes] | None = None

        def __iter__(self) -> Iterator[bytes]:
            while (chunk := self._call.chunk(self._next)) is not None:
                yield chunk

        def _next(self) -> bytes | None:
            if self._parts is None:
                self._parts = iter(self._live.stream)
            return next(self._parts, None)

        def _close(self) -> None:
            self._live.close()

        def close(self) -> None:
            self._call.close(self._close)

    class AsyncStream(module.AsyncByteStream):  # type: ignore[misc, name-defined]
        def __init__(self, call: Call, live: Any) -> None:
            self._call = call
            self._live = live
            self._parts: AsyncIterator[bytes] | None = None

        async def __aiter__(self) -> AsyncIterator[bytes]:
            while (chunk := await self._call.chunk_async(self._next)) is not None:
                yield chunk

        async def _next(self) -> bytes | None:
            if self._parts is None:
                self._parts = aiter(self._live.stream)
            return await anext(self._parts, None)

        async def _close(self) -> None:
            await self._live.aclose()

        async def aclose(self) -> None:
            await self._call.close_async(self._close)

    def response(head: Head, stream: Any) -> Any:
        return module.Response(
            status_code=head.status,
            headers=[(name.encode("latin-1"), value.encode("latin-1")) for name, value in head.headers],
            stream=module.ByteStream(head.body) if head.body is not None else stream,
            extensions={"http_version": head.version.encode(), "reason_phrase": head.reason.encode("latin-1")},
        )

    def call_of(request: Any) -> Call:
        actor = current_actor()
        assert actor is not None
        return Call(engine, actor, (request.method, str(request.url), headers_of(request), request.content))

    def headers_of(request: Any) -> Headers:
        return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw)

    def as_sent(request: Any) -> Any:
        """Another request, where a fork wants one."""
        if engine.rewrite is None:
            return request
        made = engine.rewrite(request.method, str(request.url), headers_of(request), request.content)
        if made is None:
            return request
        url, body = made
        kept = [(name, value) for name, value in request.headers.raw if name.lower() not in _OF_BODY]
        return module.Request(request.method, url, headers=kept, content=body, extensions=request.extensions)

    def head_of(method: str, live: Any) -> tuple[Head, bool]:
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in live.headers.raw]
        version = live.extensions.get("http_version", b"HTTP/1.1").decode()
        reason = live.extensions.get("reason_phrase", b"").decode("latin-1")
        whole = is_whole(method, live.status_code, live.headers.get("content-length"))
        return Head(live.status_code, headers, version, reason, live=live), whole

    def handle_request(self: Any, request: Any) -> Any:
        if current_actor() is None:
            return handle(self, request)
        engine.used(self, CLIENT)
        request.read()
        request = as_sent(request)
        call = call_of(request)

        def live() -> Head:
            head, whole = head_of(request.method, handle(self, request))
            if whole:
                parts: list[bytes] = []
                try:
                    parts.extend(head.live.stream)
                    head.body = b"".join(parts)
                except Exception as error:  # noqa: BLE001 - the agent gets it where it reads
                    head.broken = Broken(parts, error)
                head.live.close()
            return head

        head = call.send(live)
        return response(head, Stream(call, head.live))

    async def handle_async_request(self: Any, request: Any) -> Any:
        if current_actor() is None:
            return await handle_async(self, request)
        engine.used(self, CLIENT)
        await request.aread()
        request = as_sent(request)
        call = call_of(request)

        async def live() -> Head:
            head, whole = head_of(request.method, await handle_async(self, request))
            if whole:
                parts: list[bytes] = []
                try:
                    async for part in head.live.stream:
                        parts.append(part)
                    head.body = b"".join(parts)
                except Exception as error:  # noqa: BLE001 - the agent gets it where it reads
                    head.broken = Broken(parts, error)
                await head.live.aclose()
            return head

        head = await call.send_async(live)
        return response(head, AsyncStream(call, head.live))

    def closing(self: Any) -> None:
        engine.perform("client close", lambda: close(self), _nothing, _nothing_of, delay=0)

    async def aclosing(self: Any) -> None:
        await engine.perform_async("client close", lambda: aclose(self), _nothing, _nothing_of, delay=0)

    def leaving(
        self: Any,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        engine.perform("client close", lambda: leave(self, kind, error, trace), _nothing, _nothing_of, delay=0)

    async def aleaving(
        self: Any,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        await engine.perform_async(
            "client close", lambda: aleave(self, kind, error, trace), _nothing, _nothing_of, delay=0
        )

    patches = engine.patches
    patches.set(Transport, "handle_request", handle_request)
    patches.set(AsyncTransport, "handle_async_request", handle_async_request)
    if engine.exact:
        patches.set(Transport, "close", closing)
        patches.set(Transport, "__exit__", leaving)
        patches.set(AsyncTransport, "aclose", aclosing)
        patches.set(AsyncTransport, "__aexit__", aleaving)


def _nothing(_: None) -> None:
    return None


def _nothing_of(_: Any, __: None) -> None:
    return None
