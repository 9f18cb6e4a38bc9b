"""The table of runs: draws those that are here and asks for those that are not."""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text
from textual.message import Message
from textual.reactive import reactive

from playhead_collector.read.runs import Order, PlacedRun, RunRow
from playhead_tui.lines import Lines
from playhead_tui.runs.columns import Layout
from playhead_tui.runs.windows import Wanted, Windows


class RunTable(Lines):
    """Holds no more runs than `Windows` keeps; what is not here is drawn as dots until it is."""

    HEAD = 1
    order: reactive[Order] = reactive(Order())
    marked: reactive[str] = reactive("")
    """A run that another is to be compared with."""

    @dataclass
    class PieceWanted(Message):
        """Some of the lines on the screen are not here."""

        wanted: Wanted

    @dataclass
    class OrderWanted(Message):
        """A column's title was clicked."""

        by: str

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.windows = Windows()
        self.words: dict[str, str] = {}
        self._asked: set[int] = set()
        self._layout = Layout.within(80)

    @property
    def run(self) -> RunRow | None:
        """The one under the cursor."""
        return self.windows.row(self.cursor)

    def start(self, count: int, rows: list[PlacedRun]) -> None:
        """Another list, or the same one anew: its first piece is here. The cursor stays on its run where it can."""
        kept = self.run
        self.windows.clear()
        self._asked.clear()
        self.windows.count = count
        self.windows.put(0, rows)
        self.set_count(self.windows.count)
        line = self.windows.line_of(kept.run_id) if kept is not None and self.cursor else 0
        if line is not None:
            self.go_to(line)
        self.ask_for_missing()

    def put(self, number: int, rows: list[PlacedRun]) -> None:
        self._asked.discard(number)
        self.windows.put(number, rows)
        if self.windows.count != self.count:
            self.set_count(self.windows.count)
        self.refresh()
        self.ask_for_missing()

    def give_up(self, number: int) -> None:
        """A piece did not come; it is asked for again when it is looked at."""
        self._asked.discard(number)

    def put_words(self, words: dict[str, str]) -> None:
        if len(self.words) > 20_000:
            self.words.clear()
        self.words |= words
        self.refresh()

    def ask_for_missing(self) -> None:
        # One at a time: the next is asked for from where this one ends.
        seen = self.visible_lines
        # A page to either side, too: who goes on finds it there.
        around = range(max(0, seen.start - self.page_size), min(self.count, seen.stop + self.page_size))
        missing = self.windows.missing(seen) or self.windows.missing(around)
        if missing and self._asked.isdisjoint(missing):
            self._asked.add(missing[0])
            self.post_message(self.PieceWanted(self.windows.ask_for(missing[0])))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self.ask_for_missing()

    def on_resize(self) -> None:
        super().on_resize()
        self._layout = Layout.within(self.scrollable_content_region.width)
        self.ask_for_missing()

    def watch_order(self) -> None:
        self.refresh()

    def draw_head(self, line: int, width: int) -> Text:
        return self._layout.head(self.order.by, self.order.descending)

    def draw(self, line: int, width: int) -> Text:
        row = self.windows.row(line)
        if row is None:
            return Text(" …", style="dim")
        return self._layout.row(row, self.words.get(row.run_id), "A" if row.run_id == self.marked else "")

    def clicked_head(self, x: int) -> None:
        column = self._layout.at(x)
        if column is not None and column.order:
            self.post_message(self.OrderWanted(column.order))
