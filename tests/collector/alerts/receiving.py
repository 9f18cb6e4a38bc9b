"""A receiver that is really there: an HTTP server on loopback that keeps what it was told, and may refuse."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.e2e.running import wait_for


@dataclass(frozen=True, slots=True)
class Told:
    """One request."""

    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        return dict(json.loads(self.body))


@dataclass
class Receiving:
    """What came, in order; `status` is what it answers with."""

    port: int
    status: int = 200
    told: list[Told] = field(default_factory=list)
    refused: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def wait_for(self, number: int) -> list[Told]:
        wait_for(lambda: len(self.told) >= number, f"{number} messages")
        return self.told


@contextmanager
def receiving(port: int = 0) -> Iterator[Receiving]:
    state = Receiving(port)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if state.status < 300:
                state.told.append(Told(dict(self.headers), body))
            else:
                state.refused += 1
            self.send_response(state.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Tests say what went wrong."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    state.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
