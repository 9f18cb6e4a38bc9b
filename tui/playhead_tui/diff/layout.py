"""What differs in each pair of steps, as lines for a window: side by side where it is wide, else one below the other.

Texts of megabytes are compared and wrapped here: called in a worker.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest

from rich.console import Console
from rich.text import Text

from playhead.printable import printable
from playhead_collector.read.telling import losses_of
from playhead_replay.commands import diff_telling as telling
from playhead_replay.commands.diff_values import Room, lines_of, sides_of
from playhead_replay.diff.outline import Begun, Ended, Entry, Folded
from playhead_replay.diff.run import Pair
from playhead_tui.run.sheet import LONGEST

# In narrower windows two columns are too narrow to be read.
_WIDE = 98
# Left of all: the sign of what kind of difference it is, and where the cursor is.
GUTTER = 3
_INDENT = 2
RULE = "┃"
"""Between two columns; the thin one guides the eye along a tree."""

Beside = tuple[Text, Text | None]
"""A line of A and one of B; without the second it is one of both."""
Said = dict[Begun | Ended, list[Beside]]


@dataclass(frozen=True, slots=True)
class Layout:
    width: int
    words: bool = False
    """Whether changed texts and values are shown whole."""

    @property
    def wide(self) -> bool:
        return self.width >= _WIDE

    @property
    def column(self) -> int:
        """What either side has; or both, where they are not beside each other."""
        return (self.width - GUTTER - 2) // 2 if self.wide else self.width - GUTTER - 1

    @property
    def room(self) -> Room:
        return Room(self.column - _INDENT, self.words, whole=self.words)


def said_of(pairs: tuple[Pair, ...], entries: Iterable[Entry], layout: Layout) -> Said:
    """By entry; of those that are folded nothing is said."""
    wrap = Wrap(layout.column - _INDENT)
    return {
        entry: [_indented(line) for line in _lines(pairs[entry.place], isinstance(entry, Ended), layout, wrap)]
        for entry in entries
        if not isinstance(entry, Folded)
    }


class Wrap:
    """Wraps at a width; what is longer than anybody reads on a screen is cut, and says so."""

    def __init__(self, width: int) -> None:
        self.width = max(8, width)
        self._console = Console(width=self.width, file=io.StringIO())

    def __call__(self, text: Text) -> list[Text]:
        rest = len(text.plain) - LONGEST
        shown = text[:LONGEST] if rest > 0 else text
        if "\t" in shown.plain:
            shown.expand_tabs(4)
        # Wrapping takes 100 µs, which most lines do not need.
        short = shown.cell_len <= self.width and "\n" not in shown.plain
        lines = [shown] if short else list(shown.wrap(self._console, self.width))
        if rest > 0:
            lines.append(Text(f"… {rest:,} more characters: enter opens the step", style="italic"))
        return lines


def _indented(line: Beside) -> Beside:
    a, b = (None if text is None else Text(" " * _INDENT).append_text(text) for text in line)
    assert a is not None
    return a, b


def _lines(pair: Pair, ended: bool, layout: Layout, wrap: Wrap) -> Iterator[Beside]:
    if pair.a is None or pair.b is None:
        style = telling.MARKS[pair.verdict][1]
        for words in telling.alone(pair.content, layout.room):
            yield from _on_side(pair, layout, wrap(Text(printable(words), style=style)))
    else:
        yield from _changes(pair, ended, layout, wrap)
    for content, side in ((pair.a, "A"), (pair.b, "B")):
        for lost in losses_of(content.node) if content is not None else ():
            yield Text(f"{side}: {lost}", style="magenta"), None


def _changes(pair: Pair, ended: bool, layout: Layout, wrap: Wrap) -> Iterator[Beside]:
    changes = telling.changes_of(pair, ended=ended)
    news = [change for change in changes if not change.handed_on]
    for change in news:
        what = telling.named(change)
        lines: list[Beside] = []
        for one in change.differences:
            if layout.wide:
                a, b = sides_of(what, one, layout.room)
                lines += zip_longest(wrap(a), wrap(b), fillvalue=Text())
            else:
                lines += ((line, None) for told in lines_of(what, one, layout.room) for line in wrap(told))
        shown = lines if layout.words else lines[: telling.MOST_LINES]
        yield from shown
        if len(lines) > len(shown):
            more = f"… and {len(lines) - len(shown)} more lines of {printable(what)}; w shows all"
            yield Text(more, style="dim"), None
    carried = telling.carried_on(changes, news)
    if carried:
        yield Text(carried, style="dim"), None


def _on_side(pair: Pair, layout: Layout, lines: list[Text]) -> Iterator[Beside]:
    for line in lines:
        if not layout.wide:
            yield line, None
        else:
            yield (Text(), line) if pair.a is None else (line, Text())
