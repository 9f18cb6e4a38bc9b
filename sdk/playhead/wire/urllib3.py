"""urllib3, and with it requests and botocore: one request on one connection, below retries and redirects.

Retrying, backing off and redirecting are the agent's library code and run again in a replay.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from http.client import HTTPMessage
from types import ModuleType
from typing import Any

from playhead.lanes.actor import current_actor
from playhead.lanes.engine import Engine
from playhead.wire.call import Broken, Call, Head, is_whole

LONGEST_CHUNK = 1 << 16
_OF_BODY = frozenset({"content-length", "transfer-encoding"})


def install(engine: Engine) -> None:
    engine.patches.when_imported("urllib3.connectionpool", lambda module: _patch(engine, module))


class Body:
    """The answer's body as urllib3 reads it: like `http.client.HTTPResponse`, chunk framing included."""

    def __init__(self, call: Call, head: Head, method: str) -> None:
        self._call = call
        self._live = head.live
        self._buffer = head.body or b""
        self._whole = head.body is not None
        self._parts: Iterator[bytes] | None = None
        self._ended = self._whole
        self.closed = False
        self.fp = self
        # requests takes cookies from here.
        self.msg = HTTPMessage()
        for name, value in head.headers:
            self.msg.set_raw(name, value)  # as whoever parses them does: by its key each is looked at again
        self._method = method

    def _next(self) -> bytes | None:
        parts = self._parts or self._live.stream(LONGEST_CHUNK, decode_content=False)
        self._parts = parts
        return next(parts, None)

    def _fill(self) -> bool:
        """Gets one more chunk of the wire; False at the end."""
        if self._ended:
            return False
        chunk = self._call.chunk(self._next)
        if chunk is None:
            self._ended = True
            return False
        self._buffer += chunk
        return True

    def read(self, amt: int | None = None) -> bytes:
        while (amt is None or len(self._buffer) < amt) and self._fill():
            pass
        taken, self._buffer = (self._buffer, b"") if amt is None else (self._buffer[:amt], self._buffer[amt:])
        return taken

    def read1(self, amt: int | None = None) -> bytes:
        if not self._buffer:
            self._fill()
        taken, self._buffer = (self._buffer, b"") if not amt else (self._buffer[:amt], self._buffer[amt:])
        return taken

    # What `read_chunked` asks: each chunk of the wire comes framed, and the last one is empty.

    def readline(self, limit: int = -1) -> bytes:
        if self._buffer or self._fill():
            return f"{len(self._buffer):x}\r\n".encode()
        if not self.closed and not self._whole:
            self._whole = True
            return b"0\r\n"
        return b"\r\n"

    def _safe_read(self, amt: int) -> bytes:
        if not self._buffer:
            return b"\r\n"
        taken, self._buffer = self._buffer[:amt], self._buffer[amt:]
        return taken

    def close(self) -> None:
        if self.closed:
            return
        self.closed = True
        if not self._whole or not self._ended:
            self._call.close(self._close_live)

    def _close_live(self) -> None:
        if not self._ended:
            self._live.close()

    def isclosed(self) -> bool:
        return self.closed or (self._ended and not self._buffer)

    def flush(self) -> None:
        pass


def _patch(engine: Engine, module: ModuleType) -> None:
    Pool = module.HTTPConnectionPool
    make_request = Pool._make_request

    def _make_request(self: Any, conn: Any, method: str, url: str, **how: Any) -> Any:
        actor = current_actor()
        if actor is None:
            return make_request(self, conn, method, url, **how)
        body, sent = _body_of(how.get("body"))
        how["body"] = sent
        headers = tuple((str(name), _text(value)) for name, value in dict(how.get("headers") or {}).items())
        port = "" if self.port in (None, 80, 443) else f":{self.port}"
        absolute = url if "://" in url else f"{self.scheme}://{self.host}{port}{url}"
        if engine.rewrite is not None and (made := engine.rewrite(method, absolute, headers, body)):
            absolute, body = made
            url = absolute if "://" in url else absolute.removeprefix(f"{self.scheme}://{self.host}{port}")
            kept = {name: value for name, value in headers if name.lower() not in _OF_BODY}
            how |= {"body": body, "headers": {**kept, "Content-Length": str(len(body))}, "chunked": False}
            headers = tuple(how["headers"].items())
        call = Call(engine, actor, (method, absolute, headers, body))
        # The connection goes back to its pool in the agent's course, as the response is read, and not within the real
        # I/O: a pool has locks, and what it holds decides which of them are taken.
        ours = how.pop("response_conn", None)
        preload, decode = how.pop("preload_content", True), how.pop("decode_content", True)

        def live() -> Head:
            answer = make_request(self, conn, method, url, preload_content=False, decode_content=False, **how)
            head = Head(
                answer.status, list(answer.headers.items()), f"HTTP/{answer.version / 10:.1f}", answer.reason or ""
            )
            head.live = answer
            if is_whole(method, answer.status, answer.headers.get("content-length")):
                parts: list[bytes] = []
                try:
                    parts.extend(answer.stream(LONGEST_CHUNK, decode_content=False))
                    head.body = b"".join(parts)
                except Exception as error:  # noqa: BLE001 - the agent gets it where it reads
                    head.broken = Broken(parts, error)
            return head

        head = call.send(live)
        body_read = Body(call, head, method)
        return sys.modules["urllib3.response"].HTTPResponse(
            body=body_read,
            original_response=body_read,
            headers=module.HTTPHeaderDict(head.headers),
            status=head.status,
            version=11 if head.version == "HTTP/1.1" else 10,
            version_string=head.version,
            reason=head.reason,
            preload_content=preload,
            decode_content=decode,
            retries=how.get("retries"),
            enforce_content_length=how.get("enforce_content_length", True),
            request_method=method,
            request_url=url,
            pool=self,
            connection=ours,
        )

    engine.patches.set(Pool, "_make_request", _make_request)


def _body_of(body: Any) -> tuple[bytes, Any]:
    """What will be sent, as bytes, and what to send it from: a file or an iterable is read here, once."""
    if body is None:
        return b"", None
    if isinstance(body, str):
        return body.encode("utf-8"), body
    if isinstance(body, (bytes, bytearray, memoryview)):
        return bytes(body), body
    read = getattr(body, "read", None)
    if read is not None:
        data = read()
        data = data.encode("latin-1") if isinstance(data, str) else bytes(data)
        return data, data
    data = b"".join(part.encode() if isinstance(part, str) else bytes(part) for part in body)
    return data, data


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
