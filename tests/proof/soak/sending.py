"""Sends the soak's runs at a steady rate, in a process of its own, through OpenTelemetry's exporters (HTTP and gRPC).

    python -m tests.proof.soak.sending GRPC URL TOKEN SEED STEPS_PER_SECOND LEDGER

Sends until its input ends, and then what was still to come late. LEDGER has a line for each run of which every step was
acknowledged, and nothing else; what was made but never acknowledged makes it fail.
"""

from __future__ import annotations

import heapq
import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any

from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpanExporter
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpanExporter
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from tests.proof.soak.traffic import STEPS, TOOK_NS, Told, late_ones, spans

SPANS_A_REQUEST = 256
_TICK_S = 0.25
# The rest of a run comes this long after its first steps; what is late, between these.
_REST_AFTER_S = 2.0
_LATE_AFTER_S = (20.0, 60.0)
_PATIENCE_S = 60


@dataclass(frozen=True, slots=True)
class Sent:
    """What the sender says at its end."""

    runs: int
    spans: int
    late_spans: int
    seconds: float
    behind_s: float
    """The most that it was behind its own rate: what it lacked of the machine."""


def exporters(grpc: str, url: str, token: str) -> list[SpanExporter]:
    said = {"authorization": f"Bearer {token}"}
    return [
        HttpSpanExporter(f"{url}/v1/traces", headers=said, timeout=_PATIENCE_S, compression=Compression.Gzip),
        GrpcSpanExporter(grpc, insecure=True, headers=said, timeout=_PATIENCE_S),
    ]


def export(exporter: SpanExporter, batch: Sequence[ReadableSpan]) -> None:
    if exporter.export(batch) is not SpanExportResult.SUCCESS:
        raise RuntimeError("an exporter gave up; the collector's log says why")


class Sending:
    """The other process, as the soak sees it."""

    def __init__(self, up: tuple[str, str], token: str, seed: int, rate: float, ledger: Path) -> None:
        words = [*up, token, str(seed), str(rate), str(ledger)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.proof.soak.sending", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def end(self) -> Sent:
        """When all is acknowledged."""
        answer, _ = self._process.communicate(timeout=300)
        if self._process.returncode:
            raise RuntimeError("the sender failed; see above")
        return Sent(**json.loads(answer.splitlines()[-1]))

    def kill(self) -> None:
        if self.alive:
            self._process.kill()
            self._process.communicate()


def read_ledger(path: Path) -> Iterator[Told]:
    with path.open(encoding="ascii") as file:
        for line in file:
            number, start_ns = map(int, line.split())
            yield Told(number, start_ns)


@dataclass(frozen=True, slots=True, order=True)
class _Due:
    at: float
    number: int
    place: int
    span: ReadableSpan


class _Sender:
    def __init__(self, to: Sequence[SpanExporter], seed: int, rate: float, ledger: Path) -> None:
        self._to, self._seed, self._rate = to, seed, rate
        self._ledger = ledger
        self._due: list[_Due] = []
        self._missing: Counter[int] = Counter()
        self._told: dict[int, Told] = {}
        self._lock = threading.Lock()
        self.late = self.behind_s = 0.0
        self.runs = 0

    def run(self, enough: threading.Event) -> float:
        began = time.monotonic()
        with self._ledger.open("w", encoding="ascii") as self._file, ThreadPoolExecutor(len(self._to)) as pool:
            while not enough.is_set():
                now = time.monotonic()
                while self.runs * STEPS < (now - began) * self._rate:
                    self._begin(now)
                self._flush(pool, now)
                self.behind_s = max(self.behind_s, time.monotonic() - now - _TICK_S)
                enough.wait(max(0.0, now + _TICK_S - time.monotonic()))
            took = time.monotonic() - began
            self._flush(pool, float("inf"))
        if self._told:
            raise RuntimeError(f"{len(self._told)} runs were not acknowledged whole")
        return took

    def _begin(self, now: float) -> None:
        told = Told(self.runs, time.time_ns() - TOOK_NS)
        self.runs += 1
        self._told[told.number], self._missing[told.number] = told, STEPS
        late, rng = late_ones(self._seed, told), Random(told.number)
        for place, span in enumerate(spans(self._seed, told)):
            after = rng.uniform(*_LATE_AFTER_S) if place in late else _REST_AFTER_S * (place >= STEPS // 2)
            heapq.heappush(self._due, _Due(now + after, told.number, place, span))
        self.late += len(late)

    def _flush(self, pool: ThreadPoolExecutor, now: float) -> None:
        """Exports what is due, and waits for the answers: what cannot hold its rate falls behind, and says so."""
        ready = []
        while self._due and self._due[0].at <= now:
            ready.append(heapq.heappop(self._due))
        batches = [ready[at : at + SPANS_A_REQUEST] for at in range(0, len(ready), SPANS_A_REQUEST)]
        for done in [pool.submit(self._export, n, batch) for n, batch in enumerate(batches)]:
            done.result()
        self._file.flush()

    def _export(self, number: int, batch: Iterable[_Due]) -> None:
        batch = list(batch)
        export(self._to[number % len(self._to)], [due.span for due in batch])
        with self._lock:
            for due in batch:
                self._missing[due.number] -= 1
                if not self._missing[due.number]:
                    told = self._told.pop(due.number)
                    del self._missing[due.number]
                    self._file.write(f"{told.number} {told.start_ns}\n")


def main(grpc: str, url: str, token: str, seed: str, rate: str, ledger: str) -> None:
    enough = threading.Event()

    def until_the_input_ends() -> None:
        sys.stdin.read()
        enough.set()

    threading.Thread(target=until_the_input_ends, daemon=True).start()
    to: list[Any] = exporters(grpc, url, token)
    sender = _Sender(to, int(seed), float(rate), Path(ledger))
    took = sender.run(enough)
    for one in to:
        one.shutdown()
    sent = Sent(sender.runs, sender.runs * STEPS, int(sender.late), round(took, 1), round(sender.behind_s, 2))
    print(json.dumps(asdict(sent)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
