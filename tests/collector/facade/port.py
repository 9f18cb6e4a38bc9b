"""A reading port on a real socket, and the plainest possible client for it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlencode

import urllib3
import uvicorn

from playhead_collector.errors import Unauthenticated
from playhead_collector.facade import Engine, Limits, facade_app
from playhead_collector.facade.app import Audit, Gate
from playhead_collector.facade.reader import Reader


@dataclass(frozen=True, slots=True)
class TokenGate:
    """A gate as the collector has one: each token reads one project's database."""

    databases: Mapping[str, str]
    figures: Mapping[str, str] = field(default_factory=dict)
    """Databases of figures, beside those that they are of."""

    def reader_for(self, user: str | None, secret: str | None) -> Reader:
        if secret is None or secret not in self.databases:
            raise Unauthenticated("no such read token; ask the operator for one")
        database = self.databases[secret]
        return Reader(database, "default", secret, self.figures.get(database))


TOKENS = TokenGate({"acme-token": "acme", "other-token": "other"})


@dataclass(frozen=True, slots=True)
class Said:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def code(self) -> int:
        return int(self.headers.get("x-clickhouse-exception-code", "0"))


@dataclass(frozen=True, slots=True)
class Port:
    host: str
    port: int
    http: urllib3.PoolManager

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}/"

    def ask(
        self,
        statement: str | bytes = "",
        *,
        token: str | None = "acme-token",
        headers: Mapping[str, str] | None = None,
        path: str = "",
        method: str = "POST",
        values: Mapping[str, str] | None = None,
        settings: Mapping[str, str] | None = None,
        **given: str,
    ) -> Said:
        bound = {f"param_{name}": value for name, value in (values or {}).items()}
        url = {**given, **bound, **(settings or {})}
        who = {"Authorization": f"Bearer {token}"} if token else {}
        answer = self.http.request(
            method,
            f"{self.url}{path}" + (f"?{urlencode(url)}" if url else ""),
            body=statement or None,
            headers={**who, **(headers or {})},
            decode_content=False,
            retries=False,
        )
        return Said(answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.data)


@contextmanager
def serving(
    engine: Engine, limits: Limits | None = None, gate: Gate = TOKENS, audit: Audit | None = None
) -> Iterator[Port]:
    app = facade_app(engine, gate, limits, audit=audit)
    # Listening before the server runs: whoever connects early waits in the backlog, and nobody has to poll.
    with socket.create_server(("127.0.0.1", 0)) as listening, urllib3.PoolManager() as http:
        host, port = listening.getsockname()
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield Port(host, port, http)
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def nobody_calls() -> Iterator[int]:
    """A port on which a connection is a failed test."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]
        listening.setblocking(False)
        try:
            listening.accept()
        except BlockingIOError:
            return
        raise AssertionError("somebody connected")
