"""A receiver that is really there: an HTTP server on loopback that keeps what it was told, and may refuse."""

from __future__ import annotations

import email
import email.policy
import json
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, slots=True)
class Told:
    """One request."""

    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def json(self) -> Any:
        return json.loads(self.body)


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


@contextmanager
def receiving(port: int = 0) -> Iterator[Receiving]:
    state = Receiving(port)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if state.status < 300:
                state.told.append(Told(dict(self.headers), body, time.time()))
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


@dataclass
class MailServer:
    """A server that speaks SMTP, as far as a letter takes it."""

    port: int
    words: list[str] = field(default_factory=list)
    """What clients began their lines with; `(tls)` stands where it was encrypted from there on."""
    letters: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    refusals: dict[str, bytes] = field(default_factory=dict)
    """What is answered to whom it is not for."""


@contextmanager
def mail_server(tls: ssl.SSLContext | None = None) -> Iterator[MailServer]:
    """With TLS it offers STARTTLS, and takes a password after it."""
    with socketserver.TCPServer(("127.0.0.1", 0), socketserver.StreamRequestHandler) as server:
        state = MailServer(server.server_address[1])

        class Handler(socketserver.StreamRequestHandler):
            def finish(self) -> None:
                super().finish()
                # The server knows of the socket before TLS only.
                self.request.close()

            def handle(self) -> None:
                self.wfile.write(b"220 here\r\n")
                secured = False
                while line := self.rfile.readline():
                    word = line[:4].upper()
                    state.words.append(word.decode().strip())
                    if word == b"STAR" and tls is not None:
                        self.wfile.write(b"220 go on\r\n")
                        try:
                            self.request = tls.wrap_socket(self.request, server_side=True)
                        except OSError:
                            return
                        self.setup()
                        state.words.append("(tls)")
                        secured = True
                        continue
                    if word == b"EHLO" and tls is not None:
                        self.wfile.write(
                            b"250-here\r\n250 AUTH PLAIN\r\n" if secured else b"250-here\r\n250 STARTTLS\r\n"
                        )
                        continue
                    if word == b"AUTH":
                        self.wfile.write(b"235 good\r\n")
                        continue
                    if word == b"RCPT":
                        recipient = line.decode().partition("<")[2].partition(">")[0]
                        if recipient in state.refusals:
                            self.wfile.write(state.refusals[recipient] + b"\r\n")
                            continue
                        state.recipients.append(recipient)
                    if word == b"DATA":
                        self.wfile.write(b"354 go on\r\n")
                        lines = iter(self.rfile.readline, b".\r\n")
                        letter = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
                        assert isinstance(letter, EmailMessage)
                        state.letters.append(letter)
                    self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 good\r\n")
                    if word == b"QUIT":
                        return

        server.RequestHandlerClass = Handler
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()
