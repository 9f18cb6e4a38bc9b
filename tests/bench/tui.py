"""`make bench-tui`: what a user of the terminal waits for, with a million steps in an embedded store and more arriving.

`start_ratio`: start to first rows, over Textual's own empty app plus one query, each in a process of its own. `key_ms`:
a key to the next paint of its line. `open_10k_ms`: enter on a run of 10,000 steps to its tree on the screen.
`diff_pause_ms`: the longest that nothing moves while two such runs, no step of which is as in the other, are compared.
`rss_growth_mb`: of a session that opens run after run, from the hundredth to the last. PLAYHEAD_BENCH_STEPS=20000
gives a quick look.
"""

from __future__ import annotations

import asyncio
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from rich.console import RenderableType
from tests.bench.folder import measure
from tests.bench.recent import START_NS
from tests.bench.subject import Subject, running
from tests.tui.told import Told
from textual.screen import Screen

from playhead_collector.read.source import open_source
from playhead_collector.send import send
from playhead_collector.store.address import parse_address
from playhead_tui.app import PlayheadApp, Start
from playhead_tui.diff.pairs import Pairs
from playhead_tui.lines import Lines
from playhead_tui.reading import Reader
from playhead_tui.run.steps import Steps
from playhead_tui.runs.table import RunTable

_STEPS = int(os.environ.get("PLAYHEAD_BENCH_STEPS", "1000000"))
_STARTS = 7
_KEYS = 200
_WALKED = int(os.environ.get("PLAYHEAD_BENCH_WALKED", "1000"))
_DEEP = 10_000
_SIZE = (120, 36)
_LOOK_S = 0.002
_PATIENCE_S = 1_800.0


def main() -> None:
    measure(_run)


def _run(folder: Path) -> dict[str, float]:
    with running(folder) as subject:
        fill = [sys.executable, "-m", "tests.bench.fill", subject.http]
        steps = int(subprocess.run([*fill, str(_STEPS)], stdout=subprocess.PIPE, text=True, check=True).stdout)
        say(f"{steps:,} steps sent")
        deep, other = _deep(0x7777, 0), _deep(0x8888, _DEEP)
        send([deep.body(), other.body()], subject.http, None)
        subject.wait_for_steps(steps + 2 * _DEEP, _PATIENCE_S)
        say(f"{steps + 2 * _DEEP:,} steps stored")
        store = f"chdb://{folder / 'store'}"
        figures: dict[str, float] = {"steps": steps + 2 * _DEEP}
        # Merges may go on: it is memory that is measured here.
        figures |= asyncio.run(_walk(store))
        subject.settle()
        say("merged")
        figures["start_ratio"] = _start_ratio(store)
        figures |= asyncio.run(_compare(store, deep.run_id, other.run_id))
        # From here on more arrives, as fast as it is taken.
        with subprocess.Popen([*fill, "100000000"], stdout=subprocess.DEVNULL) as filling:
            try:
                figures |= asyncio.run(_keys(store, subject))
                figures["open_10k_ms"] = asyncio.run(_open(store, deep.run_id))
            finally:
                filling.terminate()
    return figures


_BEGAN = time.monotonic()


def say(words: str) -> None:
    print(f"{time.monotonic() - _BEGAN:4.0f} s  {words}", file=sys.stderr, flush=True)


def _deep(number: int, first: int) -> Told:
    told = Told(number, datetime.fromtimestamp(START_NS / 1e9, UTC))
    root = told.root((0, 3000))
    for step in range(_DEEP - 1):
        told.tool(root, (step * 0.3, step * 0.3 + 0.2), f"tool_{step % 7}", {"n": first + step}, {"ok": True})
    return told


def _start_ratio(store: str) -> float:
    def seconds(what: str) -> float:
        began = time.monotonic()
        command = [sys.executable, "-m", "tests.bench.tui_start", what, store]
        return float(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout) - began

    pairs = [(seconds("app"), seconds("empty")) for _ in range(_STARTS)]
    app, empty = (statistics.median(times) for times in zip(*pairs, strict=True))
    say(f"start to first rows {app * 1000:.0f} ms; an empty app and one query {empty * 1000:.0f} ms")
    return float(round(app / empty, 2))


class Watched(PlayheadApp):
    """Says when it painted, and where the cursor of its list stood then."""

    def __init__(self, store: str, query: str = "", *, diff: tuple[str, str] | None = None) -> None:
        address = parse_address(store)
        super().__init__(Start(store, query=query, diff=diff), Reader(lambda again: open_source(address)))
        self.painted: list[tuple[float, int]] = []

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        super()._display(screen, renderable)
        self.painted.append((time.perf_counter(), self.line))

    @property
    def line(self) -> int:
        return next((lines.cursor for lines in self.screen.query(Lines)), -1)

    @property
    def table(self) -> RunTable | None:
        return next(iter(self.screen.query(RunTable)), None)

    async def rows(self) -> None:
        await until(lambda: self.table is not None and self.table.run is not None)

    async def press(self, key: str) -> float:
        """Presses it; how long until the line that it leads to was painted."""
        began, before = time.perf_counter(), self.line
        self.simulate_key(key)
        await until(lambda: any(moment > began and line != before for moment, line in self.painted[-20:]))
        return next(moment for moment, line in self.painted if moment > began and line != before) - began

    async def open(self) -> float:
        """Enter on a run; how long until its steps were painted."""
        began = time.perf_counter()
        self.simulate_key("enter")
        await until(lambda: any(steps.count for steps in self.screen.query(Steps)))
        shown = time.perf_counter()
        await until(lambda: self.painted[-1][0] > shown)
        return self.painted[-1][0] - began


async def until(there: Callable[[], bool], timeout_s: float = 120.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not there():
        if time.monotonic() > deadline:
            raise TimeoutError("the terminal does not show what it was asked for")
        await asyncio.sleep(_LOOK_S)


async def _keys(store: str, subject: Subject) -> dict[str, float]:
    app = Watched(store)
    async with app.run_test(size=_SIZE):
        await until(lambda: app.table is not None and app.table.count > _KEYS)
        before = subject.count("SELECT count() FROM step_rows")
        times = [await app.press("pagedown" if number % 10 == 9 else "j") for number in range(_KEYS)]
        # Of someone who looks at what comes, too.
        await asyncio.sleep(1)
        arrived = subject.count("SELECT count() FROM step_rows") - before
    say(f"{arrived:,} steps arrived meanwhile; slowest key {max(times) * 1000:.0f} ms")
    return {"key_ms": round(statistics.median(times) * 1000, 1)}


async def _open(store: str, run_id: str) -> float:
    times = []
    for _ in range(5):
        app = Watched(store, f"run:{run_id}")
        async with app.run_test(size=_SIZE):
            await app.rows()
            times.append(await app.open())
    say(f"10,000 steps opened in {', '.join(f'{taken * 1000:.0f}' for taken in times)} ms")
    return round(statistics.median(times) * 1000, 1)


async def _compare(store: str, a: str, b: str) -> dict[str, float]:
    app = Watched(store, diff=(a, b))
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        last = time.perf_counter()
        while True:
            await asyncio.sleep(_LOOK_S)
            longest, last = max(longest, time.perf_counter() - last), time.perf_counter()

    began = time.perf_counter()
    async with app.run_test(size=_SIZE):
        watching = asyncio.create_task(watch())
        await until(lambda: any(pairs.count for pairs in app.screen.query(Pairs)))
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
    took = time.perf_counter() - began
    say(f"two runs of 10,000 steps compared in {took:.1f} s, in which nothing moved for {longest * 1000:.0f} ms")
    return {"diff_s": round(took, 1), "diff_pause_ms": round(longest * 1000, 1)}


async def _walk(store: str) -> dict[str, float]:
    def rss_mb() -> float:
        found = re.search(r"VmRSS:\s+(\d+) kB", Path("/proc/self/status").read_text())
        return int(found[1]) / 1024 if found else 0.0

    app = Watched(store, "steps<1000")
    early = 0.0
    async with app.run_test(size=_SIZE):
        for number in range(_WALKED):
            await app.rows()
            await app.open()
            await app.press("t")
            await app.press("p")
            app.simulate_key("q")
            await until(lambda: app.table is not None)
            await app.press("j")
            app.painted.clear()
            if number == _WALKED // 10:
                early = rss_mb()
            if not (number + 1) % 100:
                say(f"{number + 1} runs walked, {rss_mb():.0f} MB")
        return {"rss_mb": round(rss_mb()), "rss_growth_mb": round(rss_mb() - early, 1), "walked": _WALKED}


if __name__ == "__main__":
    main()
