"""Clients that mean harm, in a process of their own: floods of several kinds, and senders of a byte now and then.

python -m tests.proof.floods PORT SECONDS SEED [NAME…]
"""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random

from tests.proof.emitters import PROTOBUF, spans

SLOW = 100


def _tiny_parts(rng: Random) -> bytes:
    """Two bytes a span on the wire, 170 in memory."""
    del rng
    inner = b"\x12\x00" * (8 * 1024**2)
    scope = b"\x12" + _length(len(inner)) + inner
    return b"\x0a" + _length(len(scope)) + scope


def _length(size: int) -> bytes:
    parts = []
    while size > 127:
        parts.append(size & 127 | 128)
        size >>= 7
    return bytes([*parts, size])


def _huge_json(rng: Random) -> bytes:
    del rng
    return b'{"resourceSpans":[' + b"{}," * (10 * 1024**2) + b"{}]}"


def _huge(rng: Random) -> bytes:
    """Right in every way, and large."""
    return b"".join(spans(rng, 100, 20_000).body for _ in range(25))


FLOODS: dict[str, tuple[Callable[[Random], bytes], dict[str, str]]] = {
    "bombs": (lambda rng: gzip.compress(bytes(200 * 1024**2), 9), {"Content-Encoding": "gzip"}),
    "packed tiny parts": (lambda rng: gzip.compress(_tiny_parts(rng), 6), {"Content-Encoding": "gzip"}),
    "tiny parts": (lambda rng: _tiny_parts(rng)[: 3 * 1024**2], {}),
    "huge": (_huge, {}),
    "huge JSON": (_huge_json, {"Content-Type": "application/json"}),
}


@contextmanager
def flooded(port: int, seconds: float, seed: int) -> Iterator[subprocess.Popen[str]]:
    """For so long; at its end the process prints what it was told."""
    command = [sys.executable, "-m", "tests.proof.floods", str(port), str(seconds), str(seed)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def _flood(name: str, port: int, rng: Random, enough: threading.Event, answers: Counter[str]) -> None:
    make, headers = FLOODS[name]
    body = make(rng)
    while not enough.is_set():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request("POST", "/v1/traces", body, {**PROTOBUF, **headers})
            answers[f"{connection.getresponse().status} {name}"] += 1
        except (OSError, http.client.HTTPException):
            answers[f"cut {name}"] += 1
        finally:
            connection.close()


def _trickle(number: int, port: int, enough: threading.Event) -> None:
    """A byte now and then: of a head, or of a body."""
    head = (
        b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nContent-Length: 60000000\r\n"
    )
    while not enough.is_set():
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
                line.sendall(head if number % 2 else head + b"\r\n")
                while not enough.wait(0.5):
                    line.sendall(b"x")
        except OSError:
            enough.wait(0.5)


def main(port: str, seconds: str, seed: str, *names: str) -> None:
    enough, answers = threading.Event(), Counter[str]()
    threads = [
        threading.Thread(target=_flood, args=(name, int(port), Random(f"{seed} {name}"), enough, answers))
        for name in names or FLOODS
    ]
    threads += [threading.Thread(target=_trickle, args=(number, int(port), enough)) for number in range(SLOW)]
    for thread in threads:
        thread.start()
    enough.wait(float(seconds))
    enough.set()
    for thread in threads:
        thread.join()
    print(json.dumps(dict(sorted(answers.items()))))


if __name__ == "__main__":
    main(*sys.argv[1:])
