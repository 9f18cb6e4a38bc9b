"""Makes and sends many steps, in a process of its own (`python -m tests.bench.fill ADDRESS STEPS`); says how many."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from itertools import chain, islice

from tests.bench.recent import DAYS, START_NS
from tests.bench.sender import send_http
from tests.bench.subject import Subject
from tests.bench.traffic import LONG_STEPS, light, long

LONG_RUNS = 40
_STEPS_A_RUN = 20
# How the steps come is not what is measured.
_BATCHES_A_REQUEST = 20
_SPREAD_NS = DAYS * 86_400 * 1_000_000_000


def fill(subject: Subject, steps: int) -> int:
    """Returns how many it became, when all of them are there and can be read."""
    command = [sys.executable, "-m", "tests.bench.fill", subject.http, str(steps)]
    sent = int(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)
    subject.wait_for_steps(sent)
    return sent


def main(address: str, steps: int) -> None:
    runs = max(1, (steps - LONG_RUNS * LONG_STEPS) // _STEPS_A_RUN)
    batches = chain(
        long(LONG_RUNS, seed=2, start_ns=START_NS, run_every_ns=_SPREAD_NS // LONG_RUNS),
        light(runs, start_ns=START_NS, run_every_ns=_SPREAD_NS // runs),
    )
    sent = 0

    def bodies() -> Iterator[bytes]:
        nonlocal sent
        while many := list(islice(batches, _BATCHES_A_REQUEST)):
            sent += sum(batch.spans for batch in many)
            # Requests one after the other are one request, too.
            yield b"".join(batch.body for batch in many)

    send_http(address, bodies())
    print(sent, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
