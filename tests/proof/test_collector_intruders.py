"""Whatever comes in, a collector goes on: nonsense, floods, slow senders, broken lines, beside clients that are right.

make proof-collector
"""

from __future__ import annotations

import gzip
import http.client
import signal
import socket
import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import grpc
from google.protobuf import json_format
from tests.e2e.running import Up, again, up
from tests.proof.accounts import account, peak_rss_mb
from tests.proof.emitters import PROTOBUF, Http, Ledger, Sent, records, spans, until_taken
from tests.proof.floods import FLOODS, SLOW, flooded
from tests.proof.test_collector import metric, until_stored

from playhead_collector.receive.signal import Signal

_grpc: Any = grpc  # untyped
FUZZED_HTTP = 10_000
FUZZED_GRPC = 1_000
NEIGHBOUR_EVERY = 50
FLOOD_S = 20.0
# 430 of it are the embedded engine, waiting for something to do.
MOST_MEMORY_MB = 1280


class Mangler:
    """Bodies that were right once: bytes changed, cut, repeated, spliced into one another, or never right at all."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._good = [make(rng, count).body for make in (spans, records) for count in (1, 2, 5) for _ in range(5)]

    def body(self) -> bytes:
        rng = self._rng
        body = bytearray(rng.choice(self._good))
        for _ in range(rng.choice((1, 1, 2, 8))):
            at = rng.randrange(len(body) + 1)
            match rng.randrange(7):
                case 0 if body:
                    body[at % len(body)] ^= 1 << rng.randrange(8)
                case 1 if body:
                    body[at % len(body)] = rng.choice((0, 1, 0x7F, 0x80, 0xFF))
                case 2:
                    del body[at:]
                case 3:
                    body[at:at] = rng.randbytes(rng.randrange(1, 20))
                case 4:
                    del body[at : at + rng.randrange(1, 20)]
                case 5:
                    other = rng.choice(self._good)
                    body[at:] = other[rng.randrange(len(other)) :]
                case _:
                    piece = body[at : at + rng.randrange(1, 200)]
                    body[at:at] = piece * rng.randrange(1, 5)
        return bytes(body) if rng.random() < 0.95 else rng.randbytes(rng.randrange(300))

    def request(self) -> tuple[str, bytes, dict[str, str]]:
        """Path, body and headers, which need not fit together."""
        rng = self._rng
        path = rng.choice(("/v1/traces", "/v1/traces", "/v1/logs", "/v1/metrics"))
        body = self.body()
        headers = dict(PROTOBUF)
        if rng.random() < 0.3:
            headers["Content-Type"] = "application/json"
            body = self._as_json(body)
        if rng.random() < 0.2:
            packed = bytearray(gzip.compress(body, 1))
            if rng.random() < 0.5:
                packed[rng.randrange(len(packed))] ^= 1 << rng.randrange(8)
            headers["Content-Encoding"] = rng.choice(("gzip", "gzip", "deflate", "zstd"))
            body = bytes(packed)
        return path, body, headers

    def _as_json(self, otherwise: bytes) -> bytes:
        rng = self._rng
        try:
            parsed = Signal.TRACES.request.FromString(rng.choice(self._good))
        except ValueError:
            return otherwise
        text = json_format.MessageToJson(parsed, indent=None)
        at = rng.randrange(len(text))
        piece = rng.choice(
            ('"', "{", "}", "[", "null", "1e999", "\\ud800", "\x00", "-1", '"traceId":5,', "NaN", "," * 9)
        )
        return str(text[:at] + piece + text[at + rng.randrange(3) :]).encode("utf-8", "surrogatepass")


def test_ten_thousand_fuzzed_bodies(tmp_path: Path, seed: int, rng: Random) -> None:
    mangler, ledger = Mangler(rng), Ledger()
    answers: Counter[str] = Counter()
    with up(tmp_path) as collector:
        grpc_port, http_port, clickhouse_port = collector.ports
        neighbour = Http(http_port)
        connection = http.client.HTTPConnection("127.0.0.1", http_port, timeout=30)
        for number in range(FUZZED_HTTP):
            path, body, headers = mangler.request()
            try:
                connection.request("POST", path, body, headers)
                answer = connection.getresponse()
                answer.read()
                answers[f"HTTP {answer.status}"] += 1
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                answers[type(error).__name__] += 1
            if number % NEIGHBOUR_EVERY == 0:
                until_taken(neighbour, rng.choice((spans, records))(rng, 3), ledger)
        connection.close()
        with _grpc.insecure_channel(f"127.0.0.1:{grpc_port}") as channel:
            for number in range(FUZZED_GRPC):
                service = rng.choice((Signal.TRACES, Signal.LOGS)).service
                try:
                    channel.unary_unary(f"/{service}/Export")(mangler.body(), timeout=30)
                    answers["gRPC OK"] += 1
                except grpc.RpcError as error:
                    answers[f"gRPC {error.code().name}"] += 1  # type: ignore[attr-defined]
                if number % NEIGHBOUR_EVERY == 0:
                    until_taken(neighbour, spans(rng, 3), ledger)
        neighbour.close()
        until_stored(collector)
        found = account(ledger, clickhouse_port)
        quarantined = metric(collector, "playhead_quarantined_bodies")
        assert collector.process.poll() is None
        told = dict(sorted(answers.items()))
    print(f"{FUZZED_HTTP} fuzzed bodies over HTTP, {FUZZED_GRPC} over gRPC (seed {seed}): {told}; neighbours: {found}")
    assert set(told) <= {"HTTP 200", "HTTP 400", "HTTP 413", "gRPC OK", "gRPC INVALID_ARGUMENT"}
    assert quarantined == 0, "what the check lets through, the store can read"
    assert (found.lost, found.twice) == (0, 0)
    assert found.acknowledged > 300
    assert "Traceback" not in collector.log


def test_floods_and_slow_senders_beside_a_good_client(tmp_path: Path, seed: int) -> None:
    slowest = 0.0
    ledger = Ledger()
    with up(tmp_path) as collector:
        http_port = collector.ports[1]
        good, rng = Http(http_port), Random(seed)
        until_taken(good, spans(rng), ledger)
        # In a process of its own: what makes floods must not take the good client's time.
        with flooded(http_port, FLOOD_S, seed) as flood:
            while flood.poll() is None:
                began = time.monotonic()
                until_taken(good, spans(rng), ledger)
                slowest = max(slowest, time.monotonic() - began)
            told = flood.communicate()[0].strip()
        good.close()
        until_stored(collector)
        peak = peak_rss_mb(collector.process.pid)
        found = account(ledger, collector.ports[2])
        assert flood.returncode == 0
    print(
        f"{len(FLOODS)} floods and {SLOW} slow senders for {FLOOD_S:g} s (seed {seed}): the good client had "
        f"{ledger.requests} requests taken, the slowest in {slowest:.2f} s, {ledger.again} told to try later; "
        f"{found.lost} lost, {found.twice} twice\n  peak {peak} MB; the floods were told {told}"
    )
    assert (found.lost, found.twice) == (0, 0)
    assert ledger.requests > 50
    assert peak <= MOST_MEMORY_MB
    assert "500" not in told


def test_broken_lines(tmp_path: Path, seed: int, rng: Random) -> None:
    """Cut in the middle of a body, or when all is sent and no answer read; then the same comes again."""
    ledger = Ledger()
    cut: Counter[str] = Counter()
    with up(tmp_path) as first:
        ups = [first]
        for round_ in range(3):
            waiting: list[Sent] = []
            for _ in range(100):
                sent = rng.choice((spans, records))(rng, 5)
                waiting.append(sent)
                cut[_cut_off(sent, ups[-1], rng)] += 1
            if round_ == 1:
                ups[-1].end(signal.SIGKILL)
                ups.append(again(ups[-1]))
            transport = Http(ups[-1].ports[1])
            for sent in waiting:
                until_taken(transport, sent, ledger)
            transport.close()
        until_stored(ups[-1])
        found = account(ledger, ups[-1].ports[2])
        for one in ups[1:]:
            one.end()
    print(f"300 lines cut (seed {seed}: {dict(cut)}): {found}")
    assert found.acknowledged == found.stored
    assert found.exact


def _cut_off(sent: Sent, collector: Up, rng: Random) -> str:
    head = f"POST {sent.signal.path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n"
    whole = f"{head}Content-Length: {len(sent.body)}\r\n\r\n".encode() + sent.body
    how = rng.choice(("in the body", "before the answer", "by a reset"))
    with socket.create_connection(("127.0.0.1", collector.ports[1]), timeout=10) as line:
        if how == "by a reset":
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        line.sendall(whole[: rng.randrange(len(whole) - len(sent.body), len(whole))] if how == "in the body" else whole)
    return how
