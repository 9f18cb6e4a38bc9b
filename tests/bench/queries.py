"""`make bench-queries`: what a reader waits for, at two million steps in an embedded store.

Filled by traffic through a real collector, as in life, and then asked through the port that readers use, with the
product's own functions and queries (read/ and store/queries/). The collector is started anew before it is asked, and
the system is told to forget the store's files, so each question's first time is a cold one. A question is asked with
other values each time. PLAYHEAD_BENCH_STEPS=100000 gives a quick look.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from clickhouse_connect.driver.client import Client
from tests.bench.fill import fill
from tests.bench.folder import measure
from tests.bench.subject import Subject, running
from tests.bench.traffic import LONG_STEPS
from tests.bench.words import vocabulary

from playhead_collector.read.filter import RunFilter
from playhead_collector.read.run import read_run
from playhead_collector.read.runs import list_runs
from playhead_collector.read.usage import usage_by_model

_STEPS = int(os.environ.get("PLAYHEAD_BENCH_STEPS", "2000000"))
_TIMES = 40
_FILTERS = [
    RunFilter(agent=agent, status="ok", model=model)
    for agent in ("support-agent", "researcher", "coder", "billing-agent", "planner")
    for model in ("gpt-5", "gpt-4o*", "claude-*", "")
]


@dataclass(frozen=True, slots=True)
class Question:
    name: str
    what: str
    ask: Callable[[Client, int], int]
    """Asks for the n-th time; returns how much it found, which must never be nothing."""


def main() -> None:
    measure(_run)


def _run(folder: Path) -> dict[str, object]:
    steps, filling_s = _fill(folder)
    print(f"{steps:,} steps stored in {filling_s:.0f} s; asked through the collector's ClickHouse port")
    with running(folder) as subject:
        long_runs = _long_runs(subject)
    found: dict[str, object] = {"steps": steps, "filling_s": round(filling_s, 1)}
    print(f"{'':60}{'median ms':>12}{'slowest':>12}{'cold first':>12}{'found':>10}")
    for question in _questions(long_runs):
        # A new process for each, so that none warms another's files.
        _forget_files(folder / "store")
        with running(folder) as subject:
            times: list[float] = []
            sizes: list[int] = []
            for number in range(_TIMES + 1):
                began = time.perf_counter()
                sizes.append(question.ask(subject.client, number))
                times.append((time.perf_counter() - began) * 1000)
        if not all(sizes):
            raise RuntimeError(f"{question.name} found nothing: {sizes}")
        cold, *warm = times
        median = statistics.median(warm)
        print(
            f"{question.what:60}{median:12.1f}{max(warm):12.1f}{cold:12.1f}{round(statistics.mean(sizes)):>10}",
            flush=True,
        )
        found |= {f"{question.name}_ms": round(median, 1), f"{question.name}_cold_ms": round(cold, 1)}
    return found


def _questions(long_runs: list[str]) -> list[Question]:
    # Of 20,000 words, the rarest thousand.
    rare = Random("rare words").sample(vocabulary()[-1000:], _TIMES + 1)
    return [
        Question(
            "runs",
            "latest 50 runs of an agent and a model, ended well",
            lambda client, n: len(list_runs(client, _FILTERS[n % len(_FILTERS)])),
        ),
        Question(
            "run",
            f"one run of {LONG_STEPS} steps, whole: spans, messages, tree",
            lambda client, n: _whole(client, long_runs[n % len(long_runs)]),
        ),
        Question(
            "word",
            "latest 50 runs with a rare word in any input or output",
            lambda client, n: len(list_runs(client, RunFilter(text=rare[n]))),
        ),
        Question("models", "tokens and cost by model and day", lambda client, n: len(usage_by_model(client))),
    ]


def _whole(client: Client, run_id: str) -> int:
    """The steps of a run, each with its span put together from its pieces, which readers do as they come to it."""
    return sum(node.stored is not None and bool(node.stored.span.name) for node in read_run(client, run_id).nodes)


def _fill(folder: Path) -> tuple[int, float]:
    began = time.monotonic()
    with running(folder) as subject:
        steps = fill(subject, _STEPS)
        filled = time.monotonic()
        subject.settle()
        if (there := subject.count("SELECT count() FROM steps")) != steps:
            raise RuntimeError(f"{steps} steps were sent, and there are {there}")
    return steps, filled - began


def _long_runs(subject: Subject) -> list[str]:
    query = f"SELECT run_id FROM runs WHERE steps = {LONG_STEPS} ORDER BY run_id"
    return [str(run_id) for (run_id,) in subject.client.query(query).result_rows]


def _forget_files(folder: Path) -> None:
    """Out of the system's memory, as after a restart of the machine; what is not written yet stays."""
    os.sync()
    for path in folder.rglob("*"):
        if path.is_file():
            handle = os.open(path, os.O_RDONLY)
            try:
                os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(handle)


if __name__ == "__main__":
    main()
