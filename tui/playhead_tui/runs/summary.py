"""What the lines below the table say of the run under the cursor: what is remarkable, how far it can be replayed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from clickhouse_connect.driver.client import Client
from rich.text import Text
from textual import on
from textual.message import Message
from textual.widgets import Static

from playhead.printable import several
from playhead_collector.read.recordings import processes_of
from playhead_collector.read.remarks import Remark, remarks_on
from playhead_collector.read.runs import RunRow
from playhead_tui.replayable import PLAYBACK, Replayable, replayable
from playhead_tui.shown import one_line

if TYPE_CHECKING:
    from playhead_tui.screen import PlayheadScreen

# How long the cursor stays on a run until its recording is looked into.
REST_S = 0.3
_MOST_KNOWN = 5_000


class Summary(Static):
    """Two lines, filled as answers come; what was learned of a run's recording is kept, and what is remarkable of one
    that has ended, too, as long as the list is the same: to ask was 120 ms of processor time each time one came back.
    """

    @dataclass
    class Remarked(Message):
        row: RunRow
        remarks: list[Remark]
        is_recorded: bool

    @dataclass
    class ReplayableCame(Message):
        run_id: str
        replayable: Replayable

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._row: RunRow | None = None
        self._words = ""
        self._remarks: list[Remark] = []
        self._known: dict[str, Replayable] = {}
        self._seen: dict[str, Summary.Remarked] = {}

    def show(self, row: RunRow, words: str) -> None:
        """Of this run from now on."""
        was, self._row, self._words = self._row, row, words
        if was is None or was.run_id != row.run_id:
            self._remarks = []
        self._draw()
        if row == was:
            # Only its words came.
            return
        seen = self._seen.get(row.run_id)
        if seen is not None and seen.row == row:
            self._remarked(seen)
            return
        screen = cast("PlayheadScreen", self.screen)
        now = screen.host.now()

        def question(client: Client) -> Message:
            remarks = remarks_on(client, [row], now).get(row.run_id, [])
            return self.Remarked(row, remarks, bool(processes_of(client, row.run_id)))

        screen.ask_at_rest("remarks", question, to=self)

    def forget_remarks(self) -> None:
        """The list is asked for anew, and what arrived since may have more to say."""
        self._seen.clear()

    def say(self, words: str) -> None:
        """Of no run."""
        self._row = None
        self.update(words, layout=False)

    def on_resize(self) -> None:
        self._draw()

    @on(Remarked)
    def _remarked(self, event: Remarked) -> None:
        if event.row.status != "open" and len(self._seen) < _MOST_KNOWN:
            self._seen[event.row.run_id] = event
        if not self._is_of(event.row.run_id):
            return
        self._remarks = event.remarks
        if not event.is_recorded:
            self._keep(event.row.run_id, PLAYBACK)
        elif event.row.status != "open" and event.row.run_id not in self._known:
            # A recording takes a moment to read: not while one goes past its run.
            self.set_timer(REST_S, lambda: self._ask_how_far(event.row.run_id))
        self._draw()

    def _ask_how_far(self, run_id: str) -> None:
        if self._is_of(run_id):
            screen = cast("PlayheadScreen", self.screen)
            screen.ask("replayable", lambda client: self.ReplayableCame(run_id, replayable(client, run_id)), to=self)

    @on(ReplayableCame)
    def _replayable_came(self, event: ReplayableCame) -> None:
        self._keep(event.run_id, event.replayable)
        self._draw()

    def _keep(self, run_id: str, known: Replayable) -> None:
        if len(self._known) > _MOST_KNOWN:
            self._known.clear()
        self._known[run_id] = known

    def _is_of(self, run_id: str) -> bool:
        return self._row is not None and self._row.run_id == run_id

    def _draw(self) -> None:
        if self._row is not None:
            known = self._known.get(self._row.run_id)
            # Its size never changes; a layout would draw the whole screen anew, 12 ms a key.
            self.update(_lines(self._row, self._remarks, known, self._words, self.content_size.width), layout=False)


def _lines(row: RunRow, remarks: list[Remark], known: Replayable | None, words: str, width: int) -> Text:
    first = Text(no_wrap=True)
    first.append(several(row.steps, "step"), style="bold")
    for remark in remarks:
        first.append(" · ").append(one_line(remark.text, 80), style="bold red" if remark.grave else "yellow")
    if not remarks and row.error:
        first.append(" · ").append(one_line(row.error, 160), style="bold red")
    second = Text(no_wrap=True)
    if known is not None:
        second.append(one_line(known.words, 60), style=known.style).append(" · ", style="dim")
    facts = [row.run_id[:12]]
    facts += [
        f"{name} {one_line(value, 24)}" for name, value in (("session", row.session), ("user", row.user)) if value
    ]
    if row.models:
        facts.append(", ".join(one_line(model, 30) for model in row.models[:3]))
    if words:
        facts.append(f"“{one_line(words, 300)}”")
    second.append(one_line(" · ".join(facts), max(20, width - second.cell_len)), style="dim")
    for line in (first, second):
        line.truncate(width, overflow="ellipsis")
    return first.append("\n").append_text(second)
