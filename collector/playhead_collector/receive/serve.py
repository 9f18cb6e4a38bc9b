"""An ASGI application on a socket, in the loop that runs, with limits where uvicorn has none.

uvicorn calls the application when the head of a request is complete. Until then nothing of ours can say
stop: a head may be endless or come a byte an hour, and so may chunk extensions and trailers. `_Bounded`
counts and times those. It must never limit a body: that is for the application, which knows what it is for.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from playhead.errors import UsageError

HEAD_BYTES = 64 * 1024
HEAD_SECONDS = 15.0
CONNECTIONS = 1024
GOODBYE_SECONDS = 0.5


class HttpServer:
    """Listens from `start` to `stop`; stopping before starting, or twice, is safe."""

    def __init__(
        self,
        app: Callable[..., Any],
        host: str = "127.0.0.1",
        port: int = 4318,
        *,
        ssl_certfile: Path | None = None,
        ssl_keyfile: Path | None = None,
        grace: float = 10.0,
    ) -> None:
        config = uvicorn.Config(
            app,
            http=_Bounded,
            ws="none",
            lifespan="off",
            interface="asgi3",
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_keep_alive=75,  # above the minute that clients keep theirs, or they find a closed one
            timeout_graceful_shutdown=max(1, round(grace)),
            ssl_certfile=ssl_certfile,
            ssl_keyfile=ssl_keyfile,
        )
        self._host = host
        self._server = _Server(config)
        self._task: asyncio.Task[None] | None = None
        self.port = port
        """As asked for, and once started as bound."""

    async def start(self) -> None:
        listening = _listen(self._host, self.port)
        self.port = listening.getsockname()[1]
        self._task = asyncio.create_task(self._server.serve(sockets=[listening]))
        ready = asyncio.create_task(self._server.ready.wait())
        await asyncio.wait({self._task, ready}, return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            ready.cancel()
            await self._task

    async def stop(self) -> None:
        """Take no more, and let what is in work finish within the grace."""
        task, self._task = self._task, None
        if task is not None:
            self._server.should_exit = True
            await task


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # signals belong to the entry point


class _Bounded(HttpToolsProtocol):
    """uvicorn's protocol, with the connections counted and everything that is not a body bounded."""

    _deadline: asyncio.TimerHandle | None = None
    _in_head = True
    _beside = 0  # bytes of this request that were not its body

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > CONNECTIONS:
            transport.abort()
        else:
            self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_came()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._beside += len(data)
        super().data_received(data)
        if self._beside > HEAD_BYTES and not self.transport.is_closing():
            self.logger.warning("A request was cut off: more than %d bytes beside its body.", HEAD_BYTES)
            self.transport.abort()

    def on_message_begin(self) -> None:
        self._await_head()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._head_came()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        # A chunk of one byte has five beside it.
        self._beside -= 9 * len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._beside = 0
        super().on_message_complete()

    def shutdown(self) -> None:
        super().shutdown()
        if self.transport.is_closing():
            # Over TLS an idle client may never say its own goodbye, and the server would wait for it to the end.
            self.loop.call_later(GOODBYE_SECONDS, self.transport.abort)

    def _await_head(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_SECONDS, self._head_is_late)

    def _head_came(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _head_is_late(self) -> None:
        self._deadline = None
        self.transport.abort()


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            listening.setblocking(False)
        except BaseException:
            listening.close()
            raise
    except OSError as error:
        raise UsageError(
            f"cannot listen on {host}:{port}: {error}; stop what listens there, or choose another address"
        ) from None
    return listening
