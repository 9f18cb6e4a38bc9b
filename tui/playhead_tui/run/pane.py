"""The pane that shows a sheet: its tabs, folding, and where one is in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.message import Message

from playhead_tui.lines import Lines
from playhead_tui.run.sheet import Line


class SheetPane(Lines):
    """A sheet; folded parts take one line."""

    HEAD = 1
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space,enter", "fold", "fold"),
    ]

    class Widened(Message):
        """It is of another width than before: what is in it was written for that."""

    def __init__(self, tabs: Sequence[str], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._width = 0
        self._tabs = tabs
        self.tab = tabs[0]
        self._sheet: list[Line] = []
        self._visible: list[int] = []

    def on_resize(self) -> None:
        if self.outer_size.width != self._width:
            self._width = self.outer_size.width
            self.post_message(self.Widened())

    @property
    def sheet_line(self) -> Line | None:
        """What is under the cursor."""
        return self._sheet[self._visible[self.cursor]] if self.cursor < len(self._visible) else None

    def show(self, sheet: list[Line], tab: str, *, keep: bool) -> None:
        """Another sheet; `keep` where it is of the same step, only newer or of another width."""
        self.tab = tab
        self._sheet = sheet
        if not keep:
            self.set_reactive(Lines.cursor, 0)
            self.scroll_to(y=0, animate=False, force=True)
        self._lay_out()

    def _lay_out(self) -> None:
        visible: list[int] = []
        place = 0
        while place < len(self._sheet):
            visible.append(place)
            line = self._sheet[place]
            place += 1 + (line.below if line.folded else 0)
        self._visible = visible
        self.set_count(len(visible))

    def draw_head(self, line: int, width: int) -> Text:
        text = Text(" ")
        if len(self._tabs) == 1:
            return text.append(self.tab)
        for number, tab in enumerate(self._tabs, 1):
            text.append(f"{number} {tab}", style="bold reverse" if tab == self.tab else "").append("  ")
        return text

    def draw(self, line: int, width: int) -> Text:
        held = self._sheet[self._visible[line]]
        text = held.text
        if held.below:
            text = text.copy()
            mark = "▸" if held.folded else "▾"
            if text.plain.startswith("▾"):
                text.plain = mark + text.plain[1:]
            elif held.folded:
                text.append(" ▸", style="dim")
        return Text.assemble(" ", text)

    def action_fold(self) -> None:
        """What is under the cursor, or what it is part of."""
        if not self._visible:
            return
        place = self._visible[self.cursor]
        if not self._sheet[place].below:
            around = [above for above in range(place) if above + self._sheet[above].below >= place]
            if not around:
                return
            place = around[-1]
        self._sheet[place].folded = not self._sheet[place].folded
        self._lay_out()
        self.go_to(self._visible.index(place))

    def action_choose(self) -> None:
        self.action_fold()
