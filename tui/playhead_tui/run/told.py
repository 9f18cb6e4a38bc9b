"""All that is said of a run, each of it whole: its head has room for the beginnings of two or four."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.table import Table
from rich.text import Text

from playhead.printable import printable
from playhead_collector.read.remarks import Remark
from playhead_collector.read.telling import problems_of
from playhead_tui.replayable import PLAYBACK, Replayable
from playhead_tui.run.opened import OpenedRun
from playhead_tui.run.sheet import LONGEST
from playhead_tui.scrolled import Scrolled

KEY = "m"
_MOST = 500


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that must not be overlooked, or that somebody said."""

    words: str
    style: str


def found_in(opened: OpenedRun, remarks: Sequence[Remark], replayable: Replayable | None) -> list[Told]:
    """The gravest first."""
    told = [Told(remark.text, "bold red" if remark.grave else "yellow") for remark in remarks]
    told += [Told(problem, "yellow") for problem in problems_of(opened.run.row)]
    if replayable is not None and replayable is not PLAYBACK and replayable.why:
        told.append(Told(f"{replayable.words}: {replayable.why}", "yellow"))
    return told


def said_of(opened: OpenedRun) -> list[Told]:
    """From outside of it, the earliest first."""
    return [Told(f"{said.words} · {said.at:%m-%d %H:%M}", "bright_green") for said in opened.said]


class ToldScreen(Scrolled):
    ABOUT = "all that is said of this run"

    def __init__(self, found: Sequence[Told], said: Sequence[Told]) -> None:
        super().__init__()
        self._told = [*found, *said[-_MOST:]]
        self._left_out = max(0, len(said) - _MOST)

    def content(self) -> Table:
        table = Table.grid(padding=(0, 1, 0, 0))
        for one in self._told:
            rest = "…" if len(one.words) > LONGEST else ""
            table.add_row("·", Text(printable(one.words[:LONGEST]) + rest, style=one.style))
        if self._left_out:
            table.add_row("·", Text(f"{self._left_out:,} more were said before: all of them are in the tree", "dim"))
        return table
