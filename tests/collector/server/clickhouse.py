"""The little of a ClickHouse server that Playhead needs of one, over chDB: its HTTP interface, with writing.

For what a collector's own port (playhead_collector.facade) is not: a node of a cluster, and a place to restore to. Run
as a module, for a process may have one engine: `python -m tests.collector.server.clickhouse FOLDER [CONFIG]`.
It writes each request it gets to FOLDER/requests as a JSON object. With a configuration it is one node of a cluster, as
far as chDB can be one: `ON CLUSTER` is left out (chDB has no worker for it), and replicated tables are plain ones (chDB
can make them, and never activates them). A server is all of that and much more; docs/cluster.md says what never ran.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from email import policy
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import chdb
import lz4.frame  # type: ignore[import-untyped]
import uvicorn
from backports import zstd
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

PASSWORD = "pass/word: ä@#?%"
# What the HTTP interface takes for itself.
_TRANSPORT = {"query", "database", "compress", "wait_end_of_query", "client_protocol_version", "session_id", "query_id",
    "buffer_size", "enable_http_compression", "send_progress_in_http_headers", "http_headers_progress_interval_ms",
    "role"}  # fmt: skip
_INSERT = re.compile(rb"\s*INSERT INTO .*? FORMAT (\w+)\s*?(?:\n|$)", re.DOTALL | re.IGNORECASE)


def on_this_node(statement: str) -> str:
    return re.sub(r" ON CLUSTER '\w+'", "", statement)


def as_chdb_can(statement: str) -> str:
    """A statement of the cluster form without what only a server does."""
    statement = on_this_node(statement)
    return re.sub(r"Replicated(\w*MergeTree)\('[^']*', '[^']*'(?:, )?", r"\1(", statement)


class Node:
    """An engine, and how requests are put to it."""

    def __init__(self, folder: Path, config: Path | None) -> None:
        self.connection = f"{folder / 'store'}" + (f"?config-file={config}" if config else "")
        self.in_cluster = config is not None
        self.requests = folder / "requests"
        self.kept = chdb.connect(self.connection)  # type: ignore[no-untyped-call]

    async def answer(self, request: Request) -> Response:
        body = await request.body()
        if request.url.path == "/ping":
            return Response("Ok.\n")
        given = dict(request.query_params)
        if request.headers.get("x-clickhouse-key", _basic(request)) != PASSWORD:
            return _error("Code: 516. DB::Exception: Authentication failed. (AUTHENTICATION_FAILED)", 403)
        if request.headers.get("content-encoding") == "lz4":
            body = lz4.frame.decompress(body)
        if request.headers.get("content-encoding") == "zstd":
            body = zstd.decompress(body)
        kind = request.headers.get("content-type", "")
        if kind.startswith("multipart/form-data"):
            given |= _form(kind, body)
            body = b""
        query, data = given.get("query", "").encode(), body
        if not query:
            found = _INSERT.match(body)
            query, data = (found[0], body[found.end() :]) if found else (body, b"")
        settings = {k: v for k, v in given.items() if k not in _TRANSPORT and not k.startswith("param_")}
        with self.requests.open("a", encoding="utf-8") as file:
            line = {"query": query.decode("utf-8", "replace"), "settings": settings, "url": str(request.url)}
            file.write(json.dumps(line) + "\n")
        values = {name.removeprefix("param_"): value for name, value in given.items() if name.startswith("param_")}
        try:
            return Response(self._run(query.decode(), data, given.get("database"), settings, values))
        except RuntimeError as error:
            return _error(str(error), 500)

    def _run(
        self, query: str, data: bytes, database: str | None, settings: dict[str, str], values: dict[str, str]
    ) -> bytes:
        handle: Any = chdb.connect(self.connection)  # type: ignore[no-untyped-call]
        try:
            if self.in_cluster:
                query = as_chdb_can(query)
            if database:
                handle.query(f"USE {database}")
            for name, value in settings.items():
                handle.query(f"SET {name} = {_quoted(value)}")
            found = _INSERT.match(query.encode())
            if found is not None:
                with tempfile.NamedTemporaryFile(dir=self.requests.parent) as file:
                    file.write(data)
                    file.flush()
                    form = found[1].decode()
                    into = re.sub(rf"FORMAT {form}\s*$", f"FROM INFILE {_quoted(file.name)} FORMAT {form}", query)
                    handle.query(into)
                    return b""
            form = "TabSeparated"
            if (asked := re.search(r"\s+FORMAT (\w+)\s*;?\s*$", query)) is not None:
                form, query = asked[1], query[: asked.start()]
            return bytes(handle.query(query, form, params=values).bytes())
        finally:
            handle.close()


def _form(kind: str, body: bytes) -> dict[str, str]:
    """Query and values, where the client sends them as a form: those would be too long for a URL."""
    parsed = BytesParser(policy=policy.HTTP).parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
    parts = {str(part.get_param("name", header="content-disposition")): part for part in parsed.iter_parts()}
    return {name: bytes(part.get_payload(decode=True)).decode() for name, part in parts.items()}


def _basic(request: Request) -> str:
    import base64

    kind, _, told = request.headers.get("authorization", "").partition(" ")
    return base64.b64decode(told).decode().partition(":")[2] if kind == "Basic" else ""


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _error(message: str, status: int) -> Response:
    found = re.search(r"Code: (\d+)", message)
    return Response(message, status, {"X-ClickHouse-Exception-Code": found[1] if found else "0"})


def main(folder: Path, config: Path | None = None) -> None:
    node = Node(folder, config)
    app = Starlette(routes=[Route("/{path:path}", node.answer, methods=["GET", "POST"])])
    settings = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning")

    class Server(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            print(self.servers[0].sockets[0].getsockname()[1], flush=True)

    Server(settings).run()


if __name__ == "__main__":
    main(*(Path(word) for word in sys.argv[1:]))
