"""Serves the app's pages to who has the key, and to no page of somebody else.

A WebSocket of 127.0.0.1 is open to every web page that the user visits and to every other user of the machine, and what
is behind this one writes files and executes recorded programs. So the printed address carries a key, which becomes a
cookie of this address alone, and a browser that says where a page came from must say: from here.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
import socket
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import WSCloseCode, web
from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager
from textual_serve.server import Server, to_int

# Each page is a process of about 100 MB.
MOST_PAGES = 16
_PATIENCE_S = 30
_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; font-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'"
)
_CLOSED = "This address takes the key that 'playhead web' printed when it was started.\n"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class PageServer(Server):
    """textual-serve, with a door, and a page that loads nothing from elsewhere."""

    def __init__(self, command: str, host: str, port: int, public_url: str | None) -> None:
        name = f"[{host}]" if ":" in host else host
        super().__init__(
            command,
            host,
            port,
            title="Playhead",
            public_url=(public_url or f"http://{name}:{port}").rstrip("/"),
            templates_path=Path(__file__).parent,
        )
        self._key = secrets.token_urlsafe(24)
        # Browsers keep cookies by host; two servers on two ports keep out of each other's way by their names.
        self._cookie = f"playhead-{port}"
        self._pages: set[web.WebSocketResponse] = set()

    @property
    def address(self) -> str:
        """What the user opens."""
        return f"{self.public_url}/?key={self._key}"

    def serve_on(self, listening: socket.socket) -> None:
        """Until a signal ends it."""
        web.run_app(self._make_app(), sock=listening, print=None, handle_signals=True)

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()
        app.middlewares.append(self._door)
        return app

    async def on_startup(self, app: web.Application) -> None:
        """Without a banner: the command has said where it is."""

    @web.middleware
    async def _door(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != urlsplit(self.public_url).netloc:
            return web.Response(status=403, text=f"a page of {origin} has no business here\n")
        if request.path == "/" and self._is_key(request.query.get("key", "")):
            # The key does not stay in the address bar, from where it would go into histories and screenshots.
            answer: web.StreamResponse = web.Response(status=302, headers={"Location": f"{self.public_url}/"})
            answer.set_cookie(
                self._cookie, self._key, httponly=True, samesite="Strict", secure=self.public_url.startswith("https:")
            )
            return answer
        if not self._is_key(request.cookies.get(self._cookie, "")):
            return web.Response(status=403, text=_CLOSED)
        answer = await handler(request)
        if not answer.prepared:
            answer.headers["Content-Security-Policy"] = _POLICY
        return answer

    def _is_key(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self._key.encode())

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """As the original does, but no page's process outlives its page, and a server that ends closes its pages."""
        if len(self._pages) >= MOST_PAGES:
            raise web.HTTPServiceUnavailable(text=f"{MOST_PAGES} pages are open: close one\n")
        page = web.WebSocketResponse(heartbeat=15)
        self._pages.add(page)
        try:
            await page.prepare(request)
            terminal = _Terminal(page, self.command, self.download_manager)
            try:
                await terminal.start(*_size_of(request))
                await self._process_messages(page, terminal)
            finally:
                await terminal.stop()
        finally:
            self._pages.remove(page)
        return page

    async def on_shutdown(self, app: web.Application) -> None:
        for page in list(self._pages):
            await page.close(code=WSCloseCode.GOING_AWAY, message=b"playhead web was ended")


class _Terminal(AppService):
    """The process behind a page."""

    def __init__(self, page: web.WebSocketResponse, command: str, downloads: DownloadManager) -> None:
        async def close() -> None:
            await page.close()

        super().__init__(
            command, write_bytes=page.send_bytes, write_str=page.send_str, close=close, download_manager=downloads
        )

    async def stop(self) -> None:
        """Until it has ended: what was left to the garbage collector closed its pipes after the event loop."""
        if (process := self._process) is None:
            return
        too_long = asyncio.get_running_loop().call_later(_PATIENCE_S, _kill, process)
        try:
            await super().stop()
            await process.communicate()
        finally:
            too_long.cancel()


def _size_of(request: web.Request) -> tuple[int, int]:
    return to_int(request.query.get("width", ""), 80), to_int(request.query.get("height", ""), 24)


def _kill(process: Process) -> None:
    if process.returncode is None:
        process.kill()
