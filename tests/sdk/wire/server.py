"""An HTTP server that does what servers do: answers whole, in chunks, packed, elsewhere, late, and broken off."""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LARGE = 3 << 20
# More than is read whole with a head.
TEXT = "".join(f"line {number}: what a page has to say\n" for number in range(200_000))[:LARGE].encode()
PIECES = [f"data: piece {number}\n\n".encode() for number in range(12)]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_POST(self) -> None:
        if "chunked" in self.headers.get("transfer-encoding", ""):
            body = b""
            while size := int(self.rfile.readline().strip() or b"0", 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
        told = {"method": self.command, "size": len(body), "digest": hashlib.sha256(body).hexdigest()}
        self.whole(json.dumps(told).encode(), ("x-twice", "one"), ("x-twice", "two"), ("set-cookie", "a=b"))

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        getattr(self, self.path.strip("/").replace("-", "_"))()

    def json(self) -> None:
        self.whole(b'{"answer": "\xc3\xa4"}')

    def packed(self) -> None:
        self.whole(gzip.compress(TEXT[:50_000], mtime=0), ("content-encoding", "gzip"))

    def packed_pieces(self) -> None:
        data = gzip.compress(TEXT[:50_000], mtime=0)
        self.pieces([data[at : at + 999] for at in range(0, len(data), 999)], ("content-encoding", "gzip"))

    def large(self) -> None:
        self.whole(TEXT)

    def large_pieces(self) -> None:
        self.pieces([TEXT[at : at + 100_000] for at in range(0, len(TEXT), 100_000)])

    def events(self) -> None:
        self.pieces(PIECES, ("content-type", "text/event-stream"))

    def moved(self) -> None:
        self.send_response(302)
        self.send_header("location", "/json")
        self.send_header("content-length", "0")
        self.end_headers()

    def missing(self) -> None:
        self.whole(b"there is no such thing", status=404)

    def nothing(self) -> None:
        self.send_response(204)
        self.end_headers()

    def never(self) -> None:
        """Until the client leaves."""
        self.rfile.read(1)
        self.close_connection = True

    def stalled(self) -> None:
        """Begins, and waits until the client leaves."""
        self.pieces(PIECES[:2], left=True)
        self.rfile.read(1)

    def broken(self) -> None:
        self.pieces(PIECES[:3], left=True)

    def broken_whole(self) -> None:
        self.send_response(200)
        self.send_header("content-length", "1000")
        self.end_headers()
        self.wfile.write(TEXT[:400])
        self.close_connection = True

    def unheard(self) -> None:
        """No answer at all."""
        self.close_connection = True

    def whole(self, body: bytes, *headers: tuple[str, str], status: int = 200) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def pieces(self, pieces: list[bytes], *headers: tuple[str, str], left: bool = False) -> None:
        self.send_response(200)
        self.send_header("transfer-encoding", "chunked")
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        for piece in pieces:
            self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            self.wfile.flush()
        if left:
            self.close_connection = True
        else:
            self.wfile.write(b"0\r\n\r\n")


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients leave; that is what some of the cases are about."""


@contextmanager
def serving() -> Iterator[str]:
    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
