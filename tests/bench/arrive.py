"""New runs of this moment, sent until it is ended: `python -m tests.bench.arrive ADDRESS STEPS_A_SECOND`.

At a rate they come in requests of a hundred steps, as from agents that go on beside each other. At rate 0 they come in
large requests, as fast as the collector takes them. No step is one that was sent before: runs that come again with
other times are another load, whose copies every recomputation has to tell apart.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from itertools import islice

from tests.bench.sender import send_http
from tests.bench.traffic import light

# As many runs a second as a rate of 2,000 steps has.
_RUN_EVERY_NS = 10_000_000
_MANY = 10**9
_BATCHES_A_REQUEST = 20


def main(address: str, rate: int) -> None:
    send_http(address, _steadily(rate) if rate else _as_fast_as_taken())


def _steadily(rate: int) -> Iterator[bytes]:
    began, sent = time.monotonic(), 0
    for batch in light(_MANY, seed=time.time_ns(), start_ns=time.time_ns(), run_every_ns=_RUN_EVERY_NS):
        time.sleep(max(0.0, began + sent / rate - time.monotonic()))
        sent += batch.spans
        yield batch.body


def _as_fast_as_taken() -> Iterator[bytes]:
    batches = light(_MANY, seed=time.time_ns(), start_ns=time.time_ns(), run_every_ns=_RUN_EVERY_NS)
    while True:
        # Requests one after the other are one request, too.
        yield b"".join(batch.body for batch in islice(batches, _BATCHES_A_REQUEST))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
