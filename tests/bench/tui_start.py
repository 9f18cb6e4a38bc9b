"""One start, to first rows: `python -m tests.bench.tui_start app|empty STORE`; `empty` is Textual and one query."""

from __future__ import annotations

import sys

from textual.app import App
from textual.pilot import Pilot

from playhead_collector.read.filter import RunFilter
from playhead_collector.read.runs import list_runs
from playhead_collector.read.source import open_source
from playhead_collector.store.address import parse_address


def empty(store: str) -> None:
    class Empty(App[None]):
        def on_ready(self) -> None:
            with open_source(parse_address(store)) as source:
                if not list_runs(source.client, RunFilter(limit=100)):
                    raise SystemExit("there are no runs")
            self.exit()

    Empty().run(headless=True)


def app(store: str) -> None:
    from playhead_tui.app import PlayheadApp, Start
    from playhead_tui.reading import Reader
    from playhead_tui.runs.table import RunTable

    address = parse_address(store)
    subject = PlayheadApp(Start(store), Reader(lambda again: open_source(address)))

    async def leave(pilot: Pilot[object]) -> None:
        while not subject.screen.query(RunTable) or subject.screen.query_one(RunTable).run is None:
            await pilot.pause(0.005)
        subject.exit()

    subject.run(headless=True, auto_pilot=leave)


if __name__ == "__main__":
    {"app": app, "empty": empty}[sys.argv[1]](sys.argv[2])
