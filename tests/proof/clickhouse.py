"""A stand-in for a ClickHouse server: ClickHouse's HTTP interface, as far as the collector uses it, over chDB.

What is real: the collector's own code for servers, HTTP, ClickHouse's engine behind it, and a process that can be
killed, frozen and started again on the same folder. What is not: the server program itself, which cannot be installed
where these proofs must run.

    python -m tests.proof.clickhouse FOLDER PORT
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import chdb
import lz4.frame  # type: ignore[import-untyped]

# As clickhouse-connect sends an insert: the statement, a line's end, the data.
_INSERT = re.compile(rb"INSERT INTO (\S+(?: \([^)]*\))?) FORMAT (\w+)\n")
_CODE = re.compile(r"Code: (\d+)")


class Standin:
    """The process, from outside."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.folder = folder
        self.port = port
        self._process: subprocess.Popen[str] | None = None

    @property
    def address(self) -> str:
        return f"clickhouse://default:@127.0.0.1:{self.port}/playhead"

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "tests.proof.clickhouse", str(self.folder / "server"), str(self.port)]
        with (self.folder / "server.log").open("a", encoding="utf-8") as log:
            self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def send(self, signal: int) -> None:
        assert self._process is not None
        self._process.send_signal(signal)

    def kill(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    folder: str
    settings: frozenset[str]

    def do_GET(self) -> None:
        if urlsplit(self.path).path == "/ping":
            self._answer(200, b"Ok.\n")
        else:
            self.do_POST()

    def do_POST(self) -> None:
        url = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        body = self._body()
        form = self.headers.get("Content-Type", "")
        if form.startswith("multipart/form-data"):
            url |= _fields(form, body)
            body = b""
        handle = chdb.connect(self.folder)  # type: ignore[no-untyped-call]
        try:
            self._answer(200, self._run(handle, url, body))
        except RuntimeError as error:
            code = _CODE.search(str(error))
            self._answer(500, str(error).encode(), code[1] if code else "1001")
        finally:
            handle.close()

    def _run(self, handle: Any, url: dict[str, str], body: bytes) -> bytes:
        if url.get("database"):
            handle.query(f"USE `{url['database']}`")
        given = {name: value for name, value in url.items() if name in self.settings}
        if given:
            handle.query("SET " + ", ".join(f"{name} = {_quoted(value)}" for name, value in given.items()))
        values = {name.removeprefix("param_"): value for name, value in url.items() if name.startswith("param_")}
        insert = _INSERT.match(body)
        if insert is not None:
            with tempfile.NamedTemporaryFile() as data:
                data.write(body[insert.end() :])
                data.flush()
                table, form = insert[1].decode(), insert[2].decode()
                handle.query(f"INSERT INTO {table} FROM INFILE {_quoted(data.name)} FORMAT {form}")
            return b""
        text = "\n".join(part for part in (url.get("query", ""), body.decode()) if part)
        return handle.query(text, "TabSeparated", params=values).bytes() or b""

    def _body(self) -> bytes:
        chunked = self.headers.get("Transfer-Encoding", "").lower() == "chunked"
        body = b"".join(self._chunks()) if chunked else self.rfile.read(int(self.headers.get("Content-Length", "0")))
        # clickhouse-connect's own choice for rows that it inserts.
        return lz4.frame.decompress(body) if self.headers.get("Content-Encoding") == "lz4" else body

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline(), 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def _answer(self, status: int, body: bytes, code: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-ClickHouse-Timezone", "UTC")
        if code:
            self.send_header("X-ClickHouse-Exception-Code", code)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: a line a request is noise."""


def _fields(content_type: str, body: bytes) -> dict[str, str]:
    """Bound values that are too long for a URL come as a form."""
    message = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    return {
        str(part.get_param("name", header="content-disposition")): bytes(part.get_payload(decode=True) or b"").decode()
        for part in message.iter_parts()
    }


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def main(folder: str, port: str) -> None:
    # The engine caches a schema that is given as text in the folder that its process is in.
    os.chdir(Path(folder).parent)
    first = chdb.connect(folder)  # type: ignore[no-untyped-call]
    names = first.query("SELECT name FROM system.settings", "TabSeparated").bytes().decode().split()
    _Handler.folder, _Handler.settings = folder, frozenset(names)
    server = ThreadingHTTPServer(("127.0.0.1", int(port)), _Handler)
    server.daemon_threads = True
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
