"""The line on top of every screen: which store, how much is in it, whether it answers, and what fires."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from playhead.printable import several
from playhead_collector.read.words import count
from playhead_tui.shown import one_line

if TYPE_CHECKING:
    from playhead_tui.app import PlayheadApp


@dataclass(frozen=True, slots=True)
class StoreState:
    """What is known of the store."""

    name: str
    project: str
    """Empty until it is known."""
    runs: int | None = None
    steps: int | None = None
    open_runs: int = 0
    trouble: str = ""
    """Why it is lost; empty while it answers."""
    opened_here: bool = False
    firing: int | None = None
    """How many alerts fire; None where nobody knows, as in a store that no alerts were asked about."""
    seen: int = 0
    """How many of them somebody acknowledged, or silenced for now."""


class Header(Vertical):
    """The app shows it what becomes of the store. (Watching the app would keep the headers of closed screens alive.)"""

    DEFAULT_CSS = """
    Header { height: auto; }
    Header > #where { height: 1; background: $panel; padding: 0 1; }
    Header > #trouble { height: auto; max-height: 3; background: $error 30%; padding: 0 1; display: none; }
    Header.-lost > #trouble { display: block; }
    """

    def compose(self) -> ComposeResult:
        yield Static(id="where")
        yield Static(id="trouble")

    def on_mount(self) -> None:
        self.show(cast("PlayheadApp", self.app).store)

    def on_resize(self) -> None:
        self.show(cast("PlayheadApp", self.app).store)

    def show(self, store: StoreState) -> None:
        self.set_class(bool(store.trouble), "-lost")
        self.query_one("#where", Static).update(self._where(store))
        self.query_one("#trouble", Static).update(Text(one_line(f"✗ {store.trouble}; trying again", 400)))

    def _where(self, store: StoreState) -> Text:
        width = self.size.width - 2
        left = Text.assemble(("playhead", "bold"), "  ", one_line(store.project or "…", 20), " ▸ ")
        right = Text()
        if store.runs is None:
            right.append("lost ✗" if store.trouble else "opening …", style="bold")
        else:
            word = "run" if store.runs == 1 else "runs"
            right.append(f"{store.runs:,} {word}" if width > 90 else f"{count(store.runs)} {word}")
            if width > 90:
                right.append(f" · {count(store.steps)} {'step' if store.steps == 1 else 'steps'}")
            if store.open_runs:
                right.append(f" · {count(store.open_runs)} open")
            state = "lost ✗" if store.trouble else ("no collector ○" if store.opened_here else "live ●")
            right.append(f" · {state}", style="bold red" if store.trouble else "green")
        right.append("   ").append_text(_badge(store.firing, store.seen, "alert" if width > 90 else ""))
        room = width - left.cell_len - right.cell_len - 1
        name = one_line(store.name, max(8, room))
        left.append(name)
        left.append(" " * max(1, width - left.cell_len - right.cell_len))
        return left.append_text(right)


def _badge(firing: int | None, seen: int, what: str) -> Text:
    if firing is None:
        return Text("alerts ?", style="dim")
    if not firing:
        return Text("no alerts", style="dim")
    if firing == seen:
        return Text(f"{_several(firing, what)} firing, seen", style="bold")
    more = f" +{seen} seen" if seen else ""
    return Text(f" {_several(firing - seen, what)} firing{more} ", style="bold reverse red")


def _several(number: int, what: str) -> str:
    return several(number, what) if what else str(number)
