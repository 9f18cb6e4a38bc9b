"""`make bench-tui`: what a user of the terminal waits for, with a million steps in an embedded store and more arriving.

`start_ratio`: start to first rows, over Textual's own empty app plus one query, each in a process of its own. `key_ms`:
a key to the next paint. `open_10k_ms`: enter on a run of 10,000 steps to its tree on the screen. `rss_growth_mb`: of a
session that opens run after run, from the hundredth to the last. PLAYHEAD_BENCH_STEPS=20000 gives a quick look.
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
from datetime import UTC, datetime
from pathlib import Path

from rich.console import RenderableType
from tests.bench.folder import measure
from tests.bench.recent import START_NS
from tests.bench.subject import Subject, running
from tests.tui.told import Told
from textual.pilot import Pilot
from textual.screen import Screen

from playhead_collector.read.source import open_source
from playhead_collector.send import send
from playhead_collector.store.address import parse_address
from playhead_tui.app import PlayheadApp, Start
from playhead_tui.reading import Reader
from playhead_tui.run.steps import Steps
from playhead_tui.runs.table import RunTable

_STEPS = int(os.environ.get("PLAYHEAD_BENCH_STEPS", "1000000"))
_STARTS = 7
_KEYS = 200
_WALKED = int(os.environ.get("PLAYHEAD_BENCH_WALKED", "1000"))
_DEEP = 10_000
_SIZE = (120, 36)


def main() -> None:
    measure(_run)


def _run(folder: Path) -> dict[str, float]:
    with running(folder) as subject:
        fill = [sys.executable, "-m", "tests.bench.fill", subject.http]
        steps = int(subprocess.run([*fill, str(_STEPS)], stdout=subprocess.PIPE, text=True, check=True).stdout)
        deep = _deep()
        send([deep.body()], subject.http, None)
        subject.wait_for_steps(steps + _DEEP)
        subject.settle()
        print(f"{steps + _DEEP:,} steps stored", flush=True)
        store = f"chdb://{folder / 'store'}"
        figures: dict[str, float] = {"steps": steps + _DEEP, "start_ratio": _start_ratio(store)}
        figures |= _walk(store)
        # From here on more arrives, as fast as it is taken.
        with subprocess.Popen([*fill, "100000000"], stdout=subprocess.DEVNULL) as filling:
            try:
                figures |= _keys(store, subject, deep.run_id)
            finally:
                filling.terminate()
    return figures


def _deep() -> Told:
    told = Told(0x7777, datetime.fromtimestamp(START_NS / 1e9, UTC))
    root = told.root((0, 3000))
    for number in range(_DEEP - 1):
        told.tool(root, (number * 0.3, number * 0.3 + 0.2), f"tool_{number % 7}", {"n": number}, {"ok": True})
    return told


def _start_ratio(store: str) -> float:
    def seconds(what: str) -> float:
        began = time.perf_counter()
        subprocess.run([sys.executable, "-m", "tests.bench.tui_start", what, store], check=True)
        return time.perf_counter() - began

    pairs = [(seconds("app"), seconds("empty")) for _ in range(_STARTS)]
    app, empty = (statistics.median(times) for times in zip(*pairs, strict=True))
    print(f"start to first rows {app * 1000:.0f} ms; an empty app and one query {empty * 1000:.0f} ms", flush=True)
    return float(round(app / empty, 2))


class Watched(PlayheadApp):
    """Says when it painted."""

    def __init__(self, store: str, query: str = "") -> None:
        address = parse_address(store)
        super().__init__(Start(store, query=query), Reader(lambda again: open_source(address)))
        self.painted: list[float] = []

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        super()._display(screen, renderable)
        self.painted.append(time.perf_counter())


async def until(pilot: Pilot[None], there: Callable[[], bool]) -> None:
    while not there():
        await pilot.pause(0.005)


def _keys(store: str, subject: Subject, deep: str) -> dict[str, float]:
    async def use() -> dict[str, float]:
        app = Watched(store)
        times: list[float] = []
        async with app.run_test(size=_SIZE) as pilot:
            await until(pilot, lambda: app.screen.query_one(RunTable).count > _KEYS)
            before = subject.count("SELECT count() FROM step_rows")
            for number in range(_KEYS):
                began = time.perf_counter()
                await pilot.press("pagedown" if number % 10 == 9 else "j")
                times.append(next(moment for moment in app.painted if moment > began) - began)
            arrived = subject.count("SELECT count() FROM step_rows") - before
        opening = [await _open(store, deep) for _ in range(5)]
        print(f"{arrived:,} steps arrived meanwhile; slowest key {max(times) * 1000:.0f} ms", flush=True)
        return {
            "key_ms": round(statistics.median(times) * 1000, 1),
            "open_10k_ms": round(statistics.median(opening) * 1000, 1),
        }

    return asyncio.run(use())


async def _open(store: str, run_id: str) -> float:
    app = Watched(store, f"run:{run_id}")
    async with app.run_test(size=_SIZE) as pilot:
        await until(pilot, lambda: app.screen.query_one(RunTable).count == 1)
        began = time.perf_counter()
        await pilot.press("enter")
        await until(pilot, lambda: any(steps.count for steps in app.screen.query(Steps)))
        shown = time.perf_counter()
        await until(pilot, lambda: app.painted[-1] > shown)
        return app.painted[-1] - began


def _walk(store: str) -> dict[str, float]:
    def rss_mb() -> float:
        found = re.search(r"VmRSS:\s+(\d+) kB", Path("/proc/self/status").read_text())
        return int(found[1]) / 1024 if found else 0.0

    async def use() -> dict[str, float]:
        app = Watched(store, "steps<1000")
        early = 0.0
        async with app.run_test(size=_SIZE) as pilot:
            await until(pilot, lambda: app.screen.query_one(RunTable).run is not None)
            for number in range(_WALKED):
                await until(pilot, lambda: app.screen.query_one(RunTable).run is not None)
                await pilot.press("enter")
                await until(pilot, lambda: any(steps.count for steps in app.screen.query(Steps)))
                await pilot.press("t", "p", "q", "j")
                app.painted.clear()
                if number == _WALKED // 10:
                    early = rss_mb()
            return {"rss_mb": round(rss_mb()), "rss_growth_mb": round(rss_mb() - early, 1), "walked": _WALKED}

    return asyncio.run(use())


if __name__ == "__main__":
    main()
