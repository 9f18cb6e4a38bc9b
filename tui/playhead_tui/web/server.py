"""Serves the app's pages to who has the key, and to no page of somebody else.

A WebSocket of 127.0.0.1 is open to every web page that the user visits and to every other user of the machine, and what
is behind this one writes files and executes recorded programs. So the printed address carries a key, which becomes a
cookie of this address alone, and a browser that says where a page came from must say: from here.
"""

from __future__ import annotations

import hmac
import secrets
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web
from textual_serve.server import Server

# Each page is a process of about 100 MB.
MOST_PAGES = 16
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
        self._pages = 0

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
        if self._pages >= MOST_PAGES:
            raise web.HTTPServiceUnavailable(text=f"{MOST_PAGES} pages are open: close one\n")
        self._pages += 1
        try:
            return await super().handle_websocket(request)
        finally:
            self._pages -= 1
