"""What the table of runs shows of a run, and which columns go first where the screen is narrow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.text import Text

from playhead_collector.read.runs import RunRow
from playhead_collector.read.signs import LETTERS, SIGNS
from playhead_collector.read.words import cost, duration, tokens
from playhead_tui.shown import cell

_GAP = 1
# What the last column, which takes what is left, is worth.
_ROOM = 17


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    width: int
    text: Callable[[RunRow], str]
    order: str = ""
    """What the list is sorted by where this is clicked."""
    right: bool = False
    dispensable: int = 0
    """Where the screen is narrow, those with the highest number go first; 0 stays."""


COLUMNS = (
    Column("st", 2, lambda row: SIGNS[row.status][0], "status"),
    Column("started", 14, lambda row: row.start_time.strftime("%m-%d %H:%M:%S"), "started"),
    Column("agent", 11, lambda row: row.agent or row.service or row.name, "agent"),
    Column("ver", 6, lambda row: row.version, "version", dispensable=4),
    Column("steps", 5, lambda row: str(row.steps), "steps", right=True, dispensable=1),
    Column("err", 3, lambda row: str(row.errors or ""), "errors", right=True, dispensable=7),
    Column("tokens", 6, lambda row: tokens(row.tokens, row.calls_without_usage), "tokens", right=True),
    Column("cost", 7, lambda row: cost(row.cost_usd, row.unpriced_calls), "cost", right=True),
    Column("time", 6, lambda row: duration(row.seconds), "time", right=True),
    Column("user", 10, lambda row: row.user, "user", dispensable=6),
    Column("shape", 14, lambda row: row.shape, dispensable=3),
)


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns that fit, and what is left for the first words."""

    columns: Sequence[Column]
    rest: int

    @classmethod
    def within(cls, width: int) -> Layout:
        columns = list(COLUMNS)

        def left() -> int:
            return width - sum(column.width + _GAP for column in columns)

        while left() < _ROOM and any(column.dispensable for column in columns):
            columns.remove(max(columns, key=lambda column: column.dispensable))
        return cls(columns, max(0, left()))

    def at(self, x: int) -> Column | None:
        """The column under a cell."""
        for column in self.columns:
            x -= column.width + _GAP
            if x < 0:
                return column
        return None

    def head(self, order: str, descending: bool) -> Text:
        line = Text(no_wrap=True)
        for column in self.columns:
            is_order = column.order == order
            title = column.title[: column.width - 1] + ("▼" if descending else "▲") if is_order else column.title
            line.append(cell(title, column.width, column.right), style="bold underline" if is_order else "")
            line.append(" " * _GAP)
        return line.append(cell("first words", self.rest))

    def row(self, row: RunRow, words: str | None, mark: str) -> Text:
        line = Text(no_wrap=True)
        for column in self.columns:
            if column.title == "st":
                sign, colour = SIGNS[row.status]
                line.append(sign, style=colour).append(mark or " ", style="bold reverse" if mark else "")
            elif column.title == "shape":
                line.append_text(shape(row, column.width))
            else:
                line.append(cell(column.text(row), column.width, column.right))
            line.append(" " * _GAP)
        return line.append(cell(words if words is not None else row.name, self.rest), style="dim")


_COLOURS = {**dict(LETTERS.values()), "x": "bold red"}


def shape(row: RunRow, width: int) -> Text:
    """The run's steps by their letters, a failed one as a cross; its end always in sight."""
    letters = row.shape.replace("\n", "")
    end = SIGNS[row.status][0]
    room = width - 1
    shown = letters if len(letters) <= room else letters[: room - 1] + "…"
    picture = Text(no_wrap=True)
    for letter in shown:
        picture.append("✗" if letter == "x" else letter, style=_COLOURS.get(letter, "dim"))
    picture.append(end, style=SIGNS[row.status][1])
    picture.append(" " * max(0, width - picture.cell_len))
    return picture
