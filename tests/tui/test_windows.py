"""A long list is fetched piece by piece, from wherever one looks at it."""

from __future__ import annotations

from random import Random

from tests.collector.read.rows import row

from playhead_collector.read.runs import END, Place, PlacedRun
from playhead_tui.runs.windows import Wanted, Windows


def run(number: int) -> PlacedRun:
    one = row(f"run{number:06}")
    return PlacedRun(one, Place(number, "", one.run_id))


class Stored:
    """A list as the store would answer for it."""

    def __init__(self, count: int) -> None:
        self.all = [run(number) for number in range(count)]

    def page(self, wanted: Wanted) -> list[PlacedRun]:
        if wanted.before is not None:
            end = len(self.all) if wanted.before == END else self.all.index(
                next(one for one in self.all if one.place == wanted.before)
            )  # fmt: skip
            end -= wanted.skip
            return self.all[max(0, end - wanted.limit) : end]
        start = 0 if wanted.after is None else wanted.after.number + 1
        start += wanted.skip
        return self.all[start : start + wanted.limit]


def test_wherever_one_looks_the_right_runs_are_there() -> None:
    rng = Random("windows")
    for count in (1, 9, 10, 11, 95, 100, 101, 1234):
        stored, windows = Stored(count), Windows(size=10, kept=7)
        windows.count = count
        windows.put(0, stored.page(Wanted(0, 10)))
        for _ in range(60):
            first = rng.choice([0, count - 1, rng.randrange(count)])
            lines = range(first, min(count, first + 15))
            while missing := windows.missing(lines):
                windows.put(missing[0], stored.page(windows.ask_for(missing[0])))
            for line in lines:
                there = windows.row(line)
                assert there is not None and there.run_id == f"run{line:06}"
                assert windows.line_of(there.run_id) == line
            assert windows.count == count


def test_a_leap_to_the_end_counts_from_the_end() -> None:
    windows = Windows(size=100)
    windows.count = 1_000_050
    assert windows.ask_for(10_000) == Wanted(10_000, 50, before=END)
    assert windows.ask_for(9_999) == Wanted(9_999, 100, before=END, skip=50)
    assert windows.ask_for(3) == Wanted(3, 100, skip=300)


def test_old_pieces_are_let_go() -> None:
    stored, windows = Stored(1000), Windows(size=10, kept=3)
    windows.count = 1000
    for number in range(10):
        windows.put(number, stored.page(Wanted(number, 10, skip=number * 10)))
    assert windows.row(0) is None and windows.row(99) is not None
