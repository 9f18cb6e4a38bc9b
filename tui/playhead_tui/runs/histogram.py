"""When runs began, as a row of bars; one of them chosen, or several drawn over, narrows the search to their time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from playhead.printable import several
from playhead_collector.read.overview import Histogram

_BLOCKS = " ▁▂▃▄▅▆▇█"


class TimeBars(Widget, can_focus=True):
    """Two lines: bars, and between which times they stand."""

    DEFAULT_CSS = """
    TimeBars { height: 2; padding: 0 1; color: $text; }
    TimeBars:focus { background: $boost; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1)", "Bar before", show=False),
        Binding("right", "move(1)", "Next bar", show=False),
        Binding("shift+left", "move(-1, True)", "Draw to the left", show=False),
        Binding("shift+right", "move(1, True)", "Draw to the right", show=False),
        Binding("enter", "narrow", "Narrow to it"),
        Binding("backspace", "widen", "Any time"),
    ]

    histogram: reactive[Histogram | None] = reactive(None)
    cursor: reactive[int] = reactive(0)
    drawn_from: reactive[int | None] = reactive(None)

    @dataclass
    class Narrowed(Message):
        """Only runs that began within; None for both: any time."""

        since: datetime | None
        until: datetime | None

    @property
    def room(self) -> int:
        """How many bars fit."""
        return max(10, self.content_size.width)

    def watch_histogram(self, histogram: Histogram | None) -> None:
        self.drawn_from = None
        if histogram is not None:
            self.cursor = len(histogram.bars) - 1

    def render(self) -> Text:
        histogram = self.histogram
        if histogram is None:
            return Text()
        highest = max((bar.runs for bar in histogram.bars), default=0) or 1
        first, last = self._chosen()
        bars = Text(no_wrap=True)
        for place, bar in enumerate(histogram.bars):
            block = _BLOCKS[max(1, round(bar.runs / highest * 8))] if bar.runs else " "
            style = Style(color="red" if bar.failed else "cyan")
            if self.has_focus and first <= place <= last:
                style += Style(reverse=True)
                block = block if bar.runs else "·"
            bars.append(block * (self._cell_of(place + 1) - self._cell_of(place)), style=style)
        return bars.append("\n").append_text(self._axis(histogram))

    def _cell_of(self, bar: int) -> int:
        """Where a bar begins: together they fill the line."""
        assert self.histogram is not None
        return bar * self.room // len(self.histogram.bars)

    def _axis(self, histogram: Histogram) -> Text:
        if self.has_focus:
            first, last = self._chosen()
            chosen = histogram.bars[first : last + 1]
            runs, failed = sum(bar.runs for bar in chosen), sum(bar.failed for bar in chosen)
            start, end = histogram.start_of(first), histogram.start_of(last + 1)
            told = f"{_when(start)} – {_when(end)} · {several(runs, 'run')}, {failed} failed"
            return Text(told, style="bold")
        left, right = _when(histogram.first), _when(histogram.start_of(len(histogram.bars)))
        room = self.room - len(left) - len(right) - 2
        return Text(f"{left} {'─' * max(1, room)} {right}", style="dim", no_wrap=True)

    def _chosen(self) -> tuple[int, int]:
        other = self.cursor if self.drawn_from is None else self.drawn_from
        return min(self.cursor, other), max(self.cursor, other)

    def action_move(self, by: int, draws: bool = False) -> None:
        if self.histogram is None:
            return
        if draws and self.drawn_from is None:
            self.drawn_from = self.cursor
        elif not draws:
            self.drawn_from = None
        self.cursor = max(0, min(len(self.histogram.bars) - 1, self.cursor + by))

    def action_narrow(self) -> None:
        if self.histogram is not None:
            first, last = self._chosen()
            self.post_message(self.Narrowed(self.histogram.start_of(first), self.histogram.start_of(last + 1)))

    def action_widen(self) -> None:
        self.post_message(self.Narrowed(None, None))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        place = self._bar_at(event)
        if place is not None:
            self.cursor = place
            self.drawn_from = place
            self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        place = self._bar_at(event)
        if place is not None and self.app.mouse_captured is self:
            self.cursor = place

    def on_mouse_up(self, event: events.MouseUp) -> None:
        if self.app.mouse_captured is self:
            self.release_mouse()
            self.action_narrow()

    def _bar_at(self, event: events.MouseEvent) -> int | None:
        place = event.get_content_offset_capture(self)
        if self.histogram is None:
            return None
        bars = len(self.histogram.bars)
        return max(0, min(bars - 1, ((place.x + 1) * bars - 1) // self.room))


def _when(moment: datetime) -> str:
    text = moment.strftime("%b %d %H:%M:%S" if moment.second or moment.microsecond else "%b %d %H:%M")
    return text + (f".{moment.microsecond // 100_000}" if moment.microsecond else "")
