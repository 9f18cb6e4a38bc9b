"""Sends prepared requests from a process of its own: `python -m tests.bench.sender http|grpc ADDRESS FILE`.

It says `ready` when all is in memory, begins on a line of input, and answers with one JSON object: the moments
(monotonic, one clock for all processes) of the first byte and of the last answer, and its own CPU time.
"""

from __future__ import annotations

import http.client
import json
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import grpc as untyped_grpc
from tests.bench.wire import Batch

grpc: Any = untyped_grpc
_LENGTH = struct.Struct("<I")
CONNECTIONS = 4
_EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"


@dataclass(frozen=True, slots=True)
class Sent:
    first_byte: float
    last_answer: float
    cpu_s: float


def write_bodies(path: Path, batches: Iterable[Batch]) -> int:
    """Returns the number of spans in it."""
    spans = 0
    with path.open("wb") as file:
        for batch in batches:
            file.write(_LENGTH.pack(len(batch.body)))
            file.write(batch.body)
            spans += batch.spans
    return spans


def read_bodies(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while head := file.read(_LENGTH.size):
            yield file.read(_LENGTH.unpack(head)[0])


class Sender:
    """The other process, as the bench sees it."""

    def __init__(self, protocol: str, address: str, path: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.sender", protocol, address, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        if self._process.stdout.readline().strip() != "ready":
            raise RuntimeError("the sender did not start")

    def send(self) -> Sent:
        """Sends everything; returns when the last answer came."""
        answer, _ = self._process.communicate("go\n")
        if self._process.returncode:
            raise RuntimeError("the sender failed; see above")
        return Sent(**json.loads(answer.splitlines()[-1]))


def send_http(address: str, bodies: Iterable[bytes]) -> None:
    where = urlsplit(address)
    next_body = iter(bodies)
    lock = threading.Lock()

    def work() -> None:
        connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=120)
        while True:
            with lock:
                body = next(next_body, None)
            if body is None:
                connection.close()
                return
            while True:
                connection.request("POST", "/v1/traces", body, {"Content-Type": "application/x-protobuf"})
                answer = connection.getresponse()
                answer.read()
                if answer.status not in (429, 502, 503, 504):
                    break
                # The spool is full: what OTLP asks a client to do.
                time.sleep(float(answer.headers.get("Retry-After", "1")))
            if answer.status != 200:
                raise RuntimeError(f"the collector answered {answer.status}")

    _in_threads(work)


def send_grpc(address: str, bodies: Iterable[bytes]) -> None:
    next_body = iter(bodies)
    lock = threading.Lock()
    with grpc.insecure_channel(address, options=[("grpc.max_send_message_length", -1)]) as channel:
        export = channel.unary_unary(_EXPORT)

        def work() -> None:
            while True:
                with lock:
                    body = next(next_body, None)
                if body is None:
                    return
                while True:
                    try:
                        export(body, timeout=120)
                        break
                    except grpc.RpcError as error:
                        if error.code() not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED):
                            raise
                        time.sleep(1)

        _in_threads(work)


def _in_threads(work: Callable[[], None]) -> None:
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        for done in [pool.submit(work) for _ in range(CONNECTIONS)]:
            done.result()


def main(protocol: str, address: str, path: str) -> None:
    bodies = list(read_bodies(Path(path)))
    print("ready", flush=True)
    sys.stdin.readline()
    cpu, first = time.process_time(), time.monotonic()
    (send_http if protocol == "http" else send_grpc)(address, bodies)
    sent = {"first_byte": first, "last_answer": time.monotonic(), "cpu_s": time.process_time() - cpu}
    print(json.dumps(sent), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
