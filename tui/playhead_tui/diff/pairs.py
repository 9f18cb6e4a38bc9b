"""The steps of two runs beside or below each other: what is equal folded, what differs under its step."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType

from playhead_collector.read.run import Step
from playhead_replay.commands import diff_telling as telling
from playhead_replay.diff.content import Content
from playhead_replay.diff.outline import Begun, Ended, Folded
from playhead_replay.diff.run import Pair
from playhead_tui.diff.compared import Compared
from playhead_tui.diff.layout import GUTTER, RULE, Beside, Layout, Said
from playhead_tui.lines import Lines
from playhead_tui.shown import cell, one_line

Side = Literal["A", "B"]
# Of a line, what its step's name keeps whatever else there is to say.
_NAME = 16
# Lines above the first divergence when it is shown first.
_ABOVE = 2


@dataclass(frozen=True, slots=True)
class _Row:
    """A line: a step, what is said below it, some that are folded, or where the runs part."""

    place: int
    entry: Begun | Ended | Folded | None = None
    said: Beside | None = None

    @property
    def is_rule(self) -> bool:
        return self.entry is None and self.said is None


class Pairs(Lines):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "fold", "fold"),
        Binding("tab", "side", "side"),
        Binding("left,h", "side('A')", "The side of A", show=False),
        Binding("right,l", "side('B')", "The side of B", show=False),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.side: Side = "B"
        self._compared: Compared | None = None
        self._layout = Layout(80)
        self._said: Said = {}
        self._rows: list[_Row] = []
        self._whole = False
        self._unfolded: set[Folded] = set()
        self.differences: list[int] = []
        """The lines with which differences begin."""

    # What is shown

    def show(self, compared: Compared, layout: Layout, said: Said) -> None:
        """At first where the runs part; read or laid out anew, where one was."""
        is_new = self._compared is None
        self._compared, self._layout, self._said = compared, layout, said
        self._lay_out()
        if is_new:
            self._go_to_first()

    def action_fold(self) -> None:
        """What is folded under the cursor, or what it was folded with."""
        row = self._row
        if row is None or self._compared is None:
            return
        folds = [one for one in self._compared.entries if isinstance(one, Folded) and row.place in one.places]
        if folds:
            self._unfolded ^= {folds[0]}
            self._lay_out()

    def toggle_equal(self) -> None:
        """All that is folded, unfolded; or folded again."""
        self._whole = not self._whole
        self._unfolded.clear()
        self._lay_out()

    def _lay_out(self) -> None:
        row = self._row
        self._rows = list(self._made()) if self._compared is not None else []
        self.differences = [line for line, made in enumerate(self._rows) if self._is_difference(made)]
        self.set_count(len(self._rows))
        if row is not None:
            # Of what is no longer there its step, or what that is folded in.
            self.go_to(next((at for at in range(self.count) if self._is_at(self._rows[at], row.place)), 0))
            self.go_to(next((at for at in range(self.count) if self._rows[at] == row), self.cursor))

    @staticmethod
    def _is_at(row: _Row, place: int) -> bool:
        return place in row.entry.places if isinstance(row.entry, Folded) else row.place == place and not row.is_rule

    def _made(self) -> Iterator[_Row]:
        assert self._compared is not None
        for entry in self._compared.entries:
            if isinstance(entry, Folded):
                if self._whole or entry in self._unfolded:
                    yield from (_Row(place, Begun(place)) for place in entry.places)
                else:
                    yield _Row(entry.places[0], entry)
                continue
            if entry == self._compared.first:
                yield _Row(entry.place)
            yield _Row(entry.place, entry)
            yield from (_Row(entry.place, None, line) for line in self._said.get(entry, ()))

    # Where the cursor is

    @property
    def _row(self) -> _Row | None:
        return self._rows[self.cursor] if self.cursor < len(self._rows) else None

    @property
    def pair(self) -> Pair | None:
        """Under the cursor; None on what is folded."""
        row = self._row
        if row is None or self._compared is None or isinstance(row.entry, Folded):
            return None
        return self._compared.diff.pairs[row.place]

    @property
    def step(self) -> Step | None:
        """On the side of the cursor; where there is none, on the other."""
        return self._step_of(self.pair)

    @property
    def first_step(self) -> Step | None:
        """As `step`, where the runs part."""
        first = self._compared.first if self._compared is not None else None
        return self._step_of(self._compared.diff.pairs[first.place]) if self._compared and first is not None else None

    def _step_of(self, pair: Pair | None) -> Step | None:
        if pair is None:
            return None
        content = (pair.a or pair.b) if self.side == "A" else (pair.b or pair.a)
        assert content is not None
        return content.step

    def _is_difference(self, row: _Row) -> bool:
        assert self._compared is not None
        if isinstance(row.entry, Ended):
            return True
        return row.entry is not None and self._compared.diff.pairs[row.place].verdict not in ("equal", "handed on")

    def go_to_difference(self, by: int) -> bool:
        """To the next or the one before; whether there is one."""
        beyond = (
            bisect_right(self.differences, self.cursor) if by > 0 else bisect_left(self.differences, self.cursor) - 1
        )
        if not 0 <= beyond < len(self.differences):
            return False
        line = self.differences[beyond]
        self.go_to(line)
        self._show_below(line)
        return True

    def _go_to_first(self) -> None:
        first = self._compared.first if self._compared is not None else None
        line = next((line for line, row in enumerate(self._rows) if first is not None and row.entry == first), 0)
        self.go_to(line)
        self.scroll_to(y=max(0, line - 1 - _ABOVE), animate=False, force=True)

    def _show_below(self, line: int) -> None:
        """What differs there, as much of it as the window takes."""
        end = line + 1
        while end < self.count and self._rows[end].said is not None:
            end += 1
        if end > round(self.scroll_y) + self.page_size:
            self.scroll_to(y=min(line, end - self.page_size), animate=False, force=True)

    def action_side(self, side: Side | None = None) -> None:
        self.side = side or ("A" if self.side == "B" else "B")
        self.refresh_line(self.cursor)
        self.post_message(self.Moved(self, self.cursor))

    def action_choose(self) -> None:
        if self._row is not None and isinstance(self._row.entry, Folded):
            self.action_fold()
        else:
            super().action_choose()

    def on_click(self, event: events.Click) -> None:
        place = event.get_content_offset(self)
        if place is not None and self._layout.wide:
            self.side = "A" if place.x < GUTTER + self._layout.column else "B"
        super().on_click(event)

    # How it looks

    def draw(self, line: int, width: int) -> Text:
        assert self._compared is not None
        row, at_cursor = self._rows[line], line == self.cursor
        pair = self._compared.diff.pairs[row.place]
        if row.said is not None:
            return self._beside("", "", row.said, pair if at_cursor else None)
        if isinstance(row.entry, Folded):
            return Text(f"   {telling.folded(row.entry)}", style="dim", no_wrap=True)
        if row.is_rule:
            words = one_line(f" {telling.parting(self._compared.diff)} ", width - 4)
            return Text(f"──▼ {words} ".ljust(width, "─"), style="bold yellow", no_wrap=True)
        mark, style = ("≠", "yellow") if isinstance(row.entry, Ended) else telling.MARKS[pair.verdict]
        return self._beside(mark, style, self._titles(pair, isinstance(row.entry, Ended)), pair if at_cursor else None)

    def _titles(self, pair: Pair, ended: bool) -> Beside:
        room = self._layout.column
        if not self._layout.wide:
            numbers = {number: None for number in (pair.number_a, pair.number_b) if number is not None}
            steps = [content.step for content in (pair.a, pair.b) if content is not None]
            return self._title(pair.content, list(numbers), steps, room, ended), None
        a, b = (
            Text() if content is None or number is None else self._title(content, [number], [content.step], room, ended)
            for content, number in ((pair.a, pair.number_a), (pair.b, pair.number_b))
        )
        return a, b

    @staticmethod
    def _title(content: Content, numbers: list[int], steps: list[Step], room: int, ended: bool) -> Text:
        line = telling.title(content)
        if ended:
            line.append(" · what came of it", style="dim")
        figures = f"{' '.join(f'#{number}' for number in numbers)}  {telling.figures_of(*steps)}"
        right = one_line(figures, max(0, room - _NAME - 2))
        line.truncate(max(_NAME, room - len(right) - 2), overflow="ellipsis", pad=True)
        return line.append(f"  {right}", style="dim")

    def _beside(self, mark: str, style: str, said: Beside, cursor_on: Pair | None) -> Text:
        """`cursor_on` is given where the cursor is: it stands on one side."""
        side = ""
        if cursor_on is not None:
            side = self.side if cursor_on.a is not None and cursor_on.b is not None else "BA"[cursor_on.a is not None]
        line = Text(cell(mark, GUTTER - 1), style=style, no_wrap=True)
        a, b = said
        if not self._layout.wide:
            return line.append(f"{side or ' '} ", style="bold").append_text(a)
        line.append("▸" if side == "A" else " ", style="bold")
        if b is None:
            return line.append_text(a)
        left = a.copy()
        left.truncate(self._layout.column, pad=True)
        line.append_text(left).append(RULE, style="dim")
        return line.append("▸" if side == "B" else " ", style="bold").append_text(b)
