"""`make bench-tui`: what a user of the terminal waits for, with a million steps in an embedded store and more arriving.

`start_ratio`: start to first rows, over Textual's own empty app plus one query, each in a process of its own.
`key_ms`: a key to the next paint of its line, median; five follow one another at once, as from a key that is held, then
there is a pause, in which what belongs to the run under the cursor is asked for. `open_10k_ms`: enter on a run of
10,000 steps until its tree and what its first step said are on the screen, with a tree in which the end key goes to the
last step at once; enter comes with the first rows of the list, whose other questions are still under way. Both while
new runs arrive at a steady rate, `ingest_per_s` steps of them each second as the store counts them; and again
(`key_flood_ms`, `open_10k_flood_ms`, `ingest_flood_per_s`) while they are sent as fast as the collector takes them,
which leaves no core idle. Sender, collector and terminal share the machine.

`diff_pause_ms`: the longest that nothing moves while two such runs, no step of which is as in the other, are compared.
`rss_growth_mb`: of a session that opens run after run, from a tenth of the way to its end. PLAYHEAD_BENCH_STEPS=20000
gives a quick look, and words after the command name the only parts wanted (walk, start, diff, quiet, steady, flood).
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
from playhead_tui.run.pane import SheetPane
from playhead_tui.run.steps import Steps
from playhead_tui.runs.table import RunTable

_STEPS = int(os.environ.get("PLAYHEAD_BENCH_STEPS", "1000000"))
_STARTS = 7
_KEYS = 200
# Keys that follow upon one another, and the pause after them.
_HELD, _PAUSE_S = 5, 0.4
_OPENED = 7
# Steps a second that arrive steadily: much for two cores that share the work with their reader.
_RATE = 2_000
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
        if _wanted("walk"):
            # Merges may go on: it is memory that is measured here.
            figures |= asyncio.run(_walk(store))
        subject.settle()
        say("merged")
        if _wanted("start"):
            figures["start_ratio"] = _start_ratio(store)
        if _wanted("diff"):
            figures |= asyncio.run(_compare(store, deep.run_id, other.run_id))
        if _wanted("quiet"):
            figures |= _used(store, deep.run_id, "quiet_")
        for load, rate, infix in (("steady", _RATE, ""), ("flood", 0, "flood_")):
            if _wanted(load):
                figures |= _while_more_arrives(subject, rate, store, deep.run_id, infix)
    return figures


def _wanted(part: str) -> bool:
    return not sys.argv[1:] or part in sys.argv[1:]


def _while_more_arrives(subject: Subject, rate: int, store: str, deep: str, infix: str) -> dict[str, float]:
    """At so many steps a second; at none: as many as are taken."""
    command = [sys.executable, "-m", "tests.bench.arrive", subject.http, str(rate)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as arriving:
        try:
            # What is stored is looked at from the moment on at which something arrives.
            before = subject.wait_for_more_steps()
            began = time.monotonic()
            figures = _used(store, deep, infix)
            arrived = round((subject.steps() - before) / (time.monotonic() - began))
        finally:
            arriving.terminate()
    say(f"{arrived:,} steps a second arrived meanwhile{f', of {rate:,} sent' if rate else ', as fast as taken'}")
    return {**figures, f"ingest_{infix}per_s": arrived}


def _used(store: str, deep: str, infix: str) -> dict[str, float]:
    keys = asyncio.run(_keys(store))
    opened = asyncio.run(_open(store, deep))
    median, late = statistics.median(keys), statistics.quantiles(keys, n=20)[-1]
    return {
        f"key_{infix}ms": median,
        f"key_{infix}p95_ms": late,
        f"open_10k_{infix}ms": statistics.median(opened),
    }


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
        """Presses it; how many milliseconds until the line that it leads to was painted."""
        began, before = time.perf_counter(), self.line
        self.simulate_key(key)
        await until(lambda: any(moment > began and line != before for moment, line in self.painted[-20:]))
        painted = next(moment for moment, line in self.painted if moment > began and line != before)
        return (painted - began) * 1000

    async def open(self) -> float:
        """Enter on a run; how many milliseconds until its steps, and what the first of them said, were painted."""
        began = time.perf_counter()
        self.simulate_key("enter")
        await until(lambda: any(steps.count for steps in self.screen.query(Steps)))
        await until(lambda: any(said.count for said in self.screen.query(SheetPane)))
        shown = time.perf_counter()
        await until(lambda: self.painted[-1][0] > shown)
        return (self.painted[-1][0] - began) * 1000

    async def end(self) -> None:
        """To the last step of a run that was opened, and until all that its steps said is there: the next one is opened
        by somebody who read this one.
        """
        steps = self.screen.query_one(Steps)
        self.simulate_key("end")
        await until(lambda: steps.cursor == steps.count - 1)
        await until(lambda: steps.opened is not None and steps.opened.is_whole)
        if steps.count != _DEEP:
            raise RuntimeError(f"a run of {_DEEP} steps was opened, and {steps.count} are in its tree")


async def until(there: Callable[[], bool], timeout_s: float = 120.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not there():
        if time.monotonic() > deadline:
            raise TimeoutError("the terminal does not show what it was asked for")
        await asyncio.sleep(_LOOK_S)


async def _keys(store: str) -> list[float]:
    """How many milliseconds each took."""
    app = Watched(store)
    times = []
    async with app.run_test(size=_SIZE):
        await until(lambda: app.table is not None and app.table.count > _KEYS)
        for number in range(_KEYS):
            # Down and back up: a quick look has few runs.
            line, page = ("j", "pagedown") if number < _KEYS // 2 else ("k", "pageup")
            times.append(await app.press(page if number % 10 == 9 else line))
            if number % _HELD == _HELD - 1:
                # Someone who looks at what comes.
                await asyncio.sleep(_PAUSE_S)
    say(f"keys: median {statistics.median(times):.0f} ms, slowest {max(times):.0f} ms")
    return times


async def _open(store: str, run_id: str) -> list[float]:
    times = []
    for _ in range(_OPENED):
        app = Watched(store, f"run:{run_id}")
        async with app.run_test(size=_SIZE):
            await app.rows()
            times.append(await app.open())
            await app.end()
    say(f"10,000 steps opened in {', '.join(f'{taken:.0f}' for taken in times)} ms")
    return times


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
    early, began = 0.0, time.perf_counter()
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
        say(f"a run took {(time.perf_counter() - began) / _WALKED:.2f} s to be opened, read in three places, and left")
        return {"rss_mb": round(rss_mb()), "rss_growth_mb": round(rss_mb() - early, 1), "walked": _WALKED}


if __name__ == "__main__":
    main()
