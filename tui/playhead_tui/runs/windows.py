"""A sorted list of runs of which only pieces are here: which piece to ask for next, and how.

A piece is asked for from the end of the one beside it, so that runs which arrive meanwhile move nothing; only a leap
into the middle counts lines. Old pieces are let go.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from playhead_collector.read.runs import END, Place, PlacedRun, RunRow

SIZE = 100
KEPT = 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """A piece that is not here, as `page_of_runs` takes it."""

    number: int
    limit: int = SIZE
    after: Place | None = None
    before: Place | None = None
    skip: int = 0


class Windows:
    """The pieces that are here, by number."""

    def __init__(self, size: int = SIZE, kept: int = KEPT) -> None:
        self.count = 0
        """How many runs there are in all, as far as is known."""
        self._size = size
        self._kept = kept
        self._pieces: OrderedDict[int, list[PlacedRun]] = OrderedDict()

    def clear(self) -> None:
        self._pieces.clear()

    def row(self, line: int) -> RunRow | None:
        """The run of a line, if it is here."""
        number, place = divmod(line, self._size)
        piece = self._pieces.get(number)
        if piece is None or place >= len(piece):
            return None
        self._pieces.move_to_end(number)
        return piece[place].row

    def line_of(self, run_id: str) -> int | None:
        """Where a run is, if it is here."""
        for number, piece in self._pieces.items():
            for place, one in enumerate(piece):
                if one.row.run_id == run_id:
                    return number * self._size + place
        return None

    def missing(self, lines: range) -> list[int]:
        """Numbers of the pieces that these lines need."""
        if not lines:
            return []
        numbers = range(lines[0] // self._size, lines[-1] // self._size + 1)
        return [number for number in numbers if number not in self._pieces]

    def ask_for(self, number: int) -> Wanted:
        before, after = self._pieces.get(number - 1), self._pieces.get(number + 1)
        if before:
            return Wanted(number, self._size, after=before[-1].place)
        if after:
            return Wanted(number, self._size, before=after[0].place)
        first, last = number * self._size, (number + 1) * self._size
        beyond = self.count - last
        if beyond >= first:
            return Wanted(number, self._size, skip=first)
        # Nearer to the end: counted from there. The last piece is a short one.
        return Wanted(number, self._size + min(0, beyond), before=END, skip=max(0, beyond))

    def put(self, number: int, rows: list[PlacedRun]) -> None:
        self._pieces[number] = rows
        self._pieces.move_to_end(number)
        end = number * self._size + len(rows)
        # A short piece is the last one, whatever was counted before.
        self.count = end if len(rows) < self._size else max(self.count, end)
        while len(self._pieces) > self._kept:
            self._pieces.popitem(last=False)
