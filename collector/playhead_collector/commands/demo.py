"""`playhead demo`: a collector on an embedded store, a few dozen runs of a real agent, and a look at them.

It needs no network and no keys.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from shutil import which

from playhead.cli import main
from playhead_collector import config, demo
from playhead_collector.commands.common import say
from playhead_collector.demo.shift import shift
from playhead_collector.demo.tickets import LETTERS, NEW
from playhead_collector.errors import StoreUnavailable
from playhead_collector.read.filter import RunFilter
from playhead_collector.read.runs import list_runs
from playhead_collector.read.source import open_source
from playhead_collector.service import Collector, Ports
from playhead_collector.store.address import data_directory

SHOWN = "silent-failure"
SPENT = "SELECT model, sum(cost_usd) FROM calls GROUP BY model"
# Story, and what to look for in it.
TROUBLE = (
    ("silent-failure", "a silent failure: the tool says no, the agent says done"),
    ("refund-loop", "a loop, which the agent's own limit stopped"),
    ("context-blowout", "a context that blew up"),
    ("crash", "a crash: the run has no end"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--folder", type=Path, help="where the demo's store lives (default: under the data directory)")
    parser.add_argument("--keep", action="store_true", help="leave the collector running until Ctrl-C")


def run(arguments: argparse.Namespace) -> int:
    folder = arguments.folder or data_directory() / "demo"
    settings = config.load(
        {
            "store": f"chdb://{folder.resolve() / 'store'}",
            "grpc_port": 0,
            "http_port": 0,
            "clickhouse_port": 0,
            "log_level": "warning",
        },
        environment={},
    )
    say(f"demo: starting a collector on an embedded store in {folder}")
    collector = Collector(settings)
    started = threading.Event()
    bound: list[Ports] = []
    failed: list[BaseException] = []
    loop = asyncio.new_event_loop()

    def live() -> None:
        asyncio.set_event_loop(loop)
        try:
            bound.append(loop.run_until_complete(collector.start()))
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits
            failed.append(error)
        started.set()
        if not failed:
            loop.run_forever()

    thread = threading.Thread(target=live, name="demo-collector", daemon=True)
    thread.start()
    started.wait()
    if failed:
        raise failed[0]
    try:
        endpoint, journal = f"http://127.0.0.1:{bound[0].http}", folder / "journal"
        say(f"demo: a support agent answers {len(LETTERS)} letters in two processes; one of them will crash")
        began = datetime.now(UTC)
        shift(endpoint, journal)
        say("demo: 'playhead ship' sends what the crashed one left in its journal:")
        main(["ship", "--journal", str(journal), "--endpoint", endpoint])
        _wait_until_stored(collector)
        _look(settings, began)
        if arguments.keep:
            say("\ndemo: the collector runs until Ctrl-C")
            threading.Event().wait()
    finally:
        asyncio.run_coroutine_threadsafe(collector.stop(), loop).result(60)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
    return 0


def _look(settings: config.Settings, began: datetime) -> None:
    """The commands themselves, in processes of their own, as a user would type them; they find the store alone."""
    with open_source(settings.address) as source:
        runs = list_runs(source.client, RunFilter(since=began, limit=len(LETTERS)))
    steps = sum(run.steps for run in runs)
    say(f"demo: {len(runs)} runs of {steps} steps are stored; this is what 'playhead runs' shows:\n")
    latest = {run.session: run.run_id for run in runs}
    shown = {one.story: latest[one.session][:12] for one in LETTERS if one.version == NEW}
    store = settings.store
    _playhead(store, "runs", "--limit", str(len(runs)))
    say(f"\ndemo: and one of them, 'playhead show {shown[SHOWN]}':\n")
    _playhead(store, "show", shown[SHOWN])
    called = _as_called()
    say("\ndemo: look at the others, or for something of your own:\n")
    say(f"  export PLAYHEAD_STORE={store}")
    say(f"  {called} tui    # all of them, full-screen: enter opens one, r replays it, ? has the keys")
    for story, words in TROUBLE:
        say(f"  {called} show {shown[story]}    # {words}")
    say(f"  {called} replay {shown[SHOWN]}    # that run executed again, every answer out of its recording")
    say(f"  {called} runs --status error --since 1d")
    say(f'  {called} runs --text "picking has begun"')
    say(f"  {called} sql {SPENT!r}")
    say(
        f"\nThe agent to copy: {Path(demo.__file__).with_name('agent.py')}\n"
        f"Your own agents: '{called} up', then playhead.init() in them, or, where they speak OpenTelemetry\n"
        "already, OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318"
    )


def _as_called() -> str:
    """As this user can call it again from here."""
    called = sys.argv[0]
    if Path(called).name != "playhead":
        return f"{sys.executable} -m playhead"
    found = which("playhead")
    return "playhead" if found is not None and Path(found).samefile(called) else called


def _playhead(store: str, *words: str) -> None:
    sys.stdout.flush()
    subprocess.run([sys.executable, "-m", "playhead", *words], env={**os.environ, "PLAYHEAD_STORE": store}, check=True)


def _wait_until_stored(collector: Collector) -> None:
    assert collector.spool is not None
    assert collector.drain is not None
    collector.spool.flush()
    deadline = time.monotonic() + 60
    while collector.spool.segments:
        if time.monotonic() > deadline:
            raise StoreUnavailable(f"the store did not take the runs within a minute: {collector.drain.trouble}")
        time.sleep(0.02)
