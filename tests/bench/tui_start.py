"""One start, to first rows: `python -m tests.bench.tui_start app|empty STORE`; `empty` is Textual and one query.

Says when (monotonic, one clock for all processes): of the terminal when rows were painted, of the empty app when its
query was answered. What leaving takes is not part of it.
"""

from __future__ import annotations

import sys
import time

from playhead_collector.read.source import open_source
from playhead_collector.store.address import parse_address


def empty(store: str) -> None:
    from textual.app import App

    from playhead_collector.read.filter import RunFilter
    from playhead_collector.read.runs import list_runs

    class Empty(App[None]):
        def on_ready(self) -> None:
            with open_source(parse_address(store)) as source:
                if not list_runs(source.client, RunFilter(limit=100)):
                    raise SystemExit("there are no runs")
                tell()
            self.exit()

    Empty().run(headless=True)


def app(store: str) -> None:
    from playhead_tui.reading import Reader

    address = parse_address(store)
    reader = Reader(lambda again: open_source(address))
    reader.open_soon()

    # As in `playhead tui`.
    from rich.console import RenderableType
    from textual.screen import Screen

    from playhead_tui.app import PlayheadApp, Start
    from playhead_tui.runs.table import RunTable

    class Leaving(PlayheadApp):
        """At the first paint that has rows in it."""

        has_left = False

        def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
            super()._display(screen, renderable)
            painted = any(table.run is not None for table in screen.query(RunTable))
            if painted and not self.has_left:
                tell()
                self.has_left = True
                self.exit()

    Leaving(Start(store), reader).run(headless=True)


def tell() -> None:
    print(time.monotonic(), flush=True)


if __name__ == "__main__":
    {"app": app, "empty": empty}[sys.argv[1]](sys.argv[2])
