"""Lines that break the protocols: noise, requests that two readers would read differently, senders of a byte a time."""

from __future__ import annotations

import contextlib
import gzip
import socket
import struct
import threading
import time
import zlib
from collections.abc import Iterator
from random import Random

from backports import zstd
from tests.proof.attacks.target import Answer, Tally, Target
from tests.proof.emitters import PROTOBUF, spans

_HEADERS = [
    "Content-Length: 5",
    "Content-Length: 99999999999999999999",
    "Content-Length: -1",
    "Content-Length: 5, 6",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: chunked, identity",
    "Transfer-Encoding: \x0bchunked",
    "Upgrade: websocket",
    "Connection: Upgrade, HTTP2-Settings",
    "Upgrade: h2c",
    "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
    "Expect: 100-continue",
    "Expect: nothing",
    "Range: bytes=0-1",
    "X: " + "y" * 60_000,
    "Content-Type: application/json",
    "Content-Encoding: gzip",
    "Content-Encoding: br, gzip, gzip",
    "Trailer: Host",
    "Te: trailers",
    " folded: x",
    "NoColon",
]
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_BOMB = 512 * 1024**2


def try_noise(there: Target, rng: Random, tally: Tally, count: int) -> None:
    """Each port is given what it cannot read; whoever comes next is served."""
    ports = (there.grpc, there.http, there.clickhouse)
    for number in range(count):
        port = ports[number % 3]
        _say(port, _noise(rng, port == there.grpc))
        tally.tried("noise", there.well() if number % 100 == 99 else None)


def _say(port: int, said: bytes, patience_s: float = 0.2) -> bytes:
    heard = b""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as line:
        line.settimeout(patience_s)
        line.sendall(said)
        with contextlib.suppress(TimeoutError):
            while piece := line.recv(65536):
                heard += piece
                if len(heard) > 1024**2:
                    break
    return heard


def _noise(rng: Random, frames: bool) -> bytes:
    if frames and rng.random() < 0.8:
        said = PREFACE
        for _ in range(rng.randrange(1, 20)):
            size = rng.choice((0, 1, 4, 5, 6, 8, 9, 16, 255))
            claimed = rng.choice((size, size, size, 0, 0xFFFFFF))
            head = struct.pack(">I", claimed)[1:] + bytes((rng.randrange(12), rng.randrange(256)))
            said += head + struct.pack(">I", rng.choice((0, 1, 3, 5, 2**31 - 1, 2**32 - 1))) + rng.randbytes(size)
        return said
    match rng.randrange(4):
        case 0:
            return rng.randbytes(rng.randrange(1, 2000))
        case 1:
            return b"\x16\x03\x01" + rng.randbytes(300)  # a TLS client at a port without
        case 2:
            return _request(rng)[: rng.randrange(1, 200)]
        case _:
            body = bytearray(_request(rng))
            for _ in range(rng.randrange(1, 6)):
                body[rng.randrange(len(body))] = rng.randrange(256)
            return bytes(body)


def _request(rng: Random) -> bytes:
    path = rng.choice(("/v1/traces", "/", "/admin/erase", "/v1/logs?x=%00", "/healthz", "*", "/" + "a" * 9000))
    method = rng.choice(("POST", "GET", "PUT", "TRACE", "CONNECT", "OPTIONS", "PATCH", "P\x00ST"))
    lines = [f"{method} {path} HTTP/{rng.choice(('1.1', '1.0', '0.9', '3.7', '2.0'))}", "Host: x"]
    lines += rng.sample(_HEADERS, 5)
    bodies = (
        "",
        "5\r\nabcde\r\n0\r\n\r\n",
        "ffffffffffffffff\r\nx",
        "-1\r\n",
        "0\r\n\r\nPOST /v1/traces HTTP/1.1\r\n\r\n",
    )
    return ("\r\n".join(lines) + "\r\n\r\n" + rng.choice(bodies)).encode("latin-1")


def try_smuggling(there: Target, tally: Tally) -> None:
    """A request within another's body, which a reader who counts otherwise would answer as one of its own."""
    inner = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
    chunk = b"0\r\n\r\n" + inner
    heads = (
        (b"Content-Length: %d\r\nTransfer-Encoding: chunked" % len(chunk), chunk),
        (b"Transfer-Encoding: chunked\r\nContent-Length: 3", chunk),
        (b"Transfer-Encoding: xchunked\r\nContent-Length: 5", b"abcde" + inner),
        (b"Content-Length: 0\r\nContent-Length: %d" % len(inner), inner),
        (b"Content-Length : 0", inner),
        (b"Content-Length: +%d" % len(inner), inner),
        (b"Content-Length: 0x%x" % len(inner), inner),
    )
    for port in (there.http, there.clickhouse):
        for head, body in heads:
            heard = _say(port, b"POST /v1/traces HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n\r\n" + body, 1.0)
            answers = heard.count(b"HTTP/1.1 ")
            tally.tried("smuggling", f"{head!r} was answered {answers} times" if answers > 1 else None)


def bombs() -> Iterator[tuple[str, bytes, str]]:
    """A small body that is 512 MiB of zeros, and more than one way to pack it."""
    zeros = bytes(16 * 1024**2)
    packer = zlib.compressobj(9, wbits=31)
    packed = b"".join(packer.compress(zeros) for _ in range(_BOMB // len(zeros))) + packer.flush()
    yield "gzip", packed, "gzip"
    yield "gzip within gzip", gzip.compress(packed, 9), "gzip"
    yield "gzip in 512 members", gzip.compress(bytes(1024**2), 9) * 512, "gzip"
    sizeless: dict[int, int] = {zstd.CompressionParameter.content_size_flag: 0}
    yield "zstd", zstd.compress(bytes(_BOMB), 3), "zstd"
    yield "zstd that says no size", zstd.compress(bytes(_BOMB), options=sizeless), "zstd"
    yield "zstd with a window of 2 GiB", b"\x28\xb5\x2f\xfd\x00\xa8" + b"\x00" * 64, "zstd"
    yield "deflate", zlib.compress(bytes(_BOMB), 9), "deflate"


def try_bombs(there: Target, tally: Tally) -> None:
    """As an emitter that may send, and as a reader that may read: it is refused, and costs no memory."""
    for name, packed, encoding in bombs():
        for path in ("/v1/traces", "/v1/logs"):
            for form in (PROTOBUF, {"Content-Type": "application/json"}):
                headers = {**form, "Content-Encoding": encoding, "X-Playhead-Token": there.tokens["shop ingest"]}
                tally.tried("bombs", _refused(name, there.ask(there.http, "POST", path, packed, headers)))
        headers = {"X-ClickHouse-Key": there.tokens["shop read"], "Content-Encoding": encoding}
        tally.tried("bombs", _refused(name, there.ask(there.clickhouse, "POST", "/", packed, headers)))
    tally.tried("bombs", there.well())


def _refused(name: str, answer: Answer) -> str | None:
    return None if answer.status in (0, 400, 413, 415) else f"{name} answered {answer.status}: {answer.body[:80]!r}"


def try_slow(there: Target, tally: Tally, lines: int, seconds: float) -> float:
    """Senders and readers of a byte now and then on each port; how long a good client waited at most beside them."""
    enough = threading.Event()
    token = there.tokens["shop read"].encode()
    heads = {
        there.http: b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Length: 60000000\r\n",
        there.clickhouse: b"POST / HTTP/1.1\r\nHost: x\r\nX-ClickHouse-Key: "
        + token
        + b"\r\nContent-Length: 60000000\r\n",
        there.grpc: PREFACE,
    }

    def trickle(number: int) -> None:
        port, head = list(heads.items())[number % 3]
        while not enough.is_set():
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as line:
                line.sendall(head if number % 2 else head + b"\r\n")
                while not enough.wait(0.5):
                    line.sendall(b"x")
            enough.wait(0.1)

    def read_slowly() -> None:
        statement = b"SELECT repeat('x', 1000) FROM numbers(100000)"
        head = b"POST / HTTP/1.1\r\nHost: x\r\nX-ClickHouse-Key: %s\r\nContent-Length: %d\r\n\r\n" % (
            token,
            len(statement),
        )
        while not enough.is_set():
            with (
                contextlib.suppress(OSError),
                socket.create_connection(("127.0.0.1", there.clickhouse), timeout=5) as line,
            ):
                line.sendall(head + statement)
                while not enough.wait(0.5) and line.recv(1):
                    pass

    threads = [threading.Thread(target=trickle, args=(number,)) for number in range(lines)]
    threads += [threading.Thread(target=read_slowly) for _ in range(4)]
    for thread in threads:
        thread.start()
    slowest, until = 0.0, time.monotonic() + seconds
    good = {**PROTOBUF, "X-Playhead-Token": there.tokens["shop ingest"]}
    rng = Random(0)
    try:
        while time.monotonic() < until:
            began = time.monotonic()
            sent = there.ask(there.http, "POST", "/v1/traces", spans(rng, 2).body, good)
            read = there.select("SELECT count() FROM steps")
            slowest = max(slowest, time.monotonic() - began)
            fine = (sent.status, read.status) == (200, 200)
            tally.tried(
                "good clients beside slow ones", None if fine else f"{sent.status} and {read.status} {read.body[:80]!r}"
            )
            time.sleep(0.1)
    finally:
        enough.set()
        for thread in threads:
            thread.join()
    return slowest
