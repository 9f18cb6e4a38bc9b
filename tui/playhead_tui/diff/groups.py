"""The screen of two groups of runs: where they part, how often each branch is taken, and what it costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Static

from playhead.errors import UsageError
from playhead_collector.read.run import read_steps
from playhead_collector.read.runs import list_runs
from playhead_replay.commands.diff_groups_page import GroupLine, lines_of_groups, who_is_compared
from playhead_replay.commands.diff_values import Room
from playhead_replay.diff.group import GroupDiff, Member, diff_groups
from playhead_replay.diff.members import MOST_MEMBERS, group_of, read_members
from playhead_tui.diff.comparing import ComparingScreen
from playhead_tui.diff.layout import Wrap
from playhead_tui.header import Header
from playhead_tui.keys import Keys
from playhead_tui.lines import Lines
from playhead_tui.shown import one_line

_HANGING = 6
# Lines above the first branch when it is shown first.
_ABOVE = 6


class Branches(Lines):
    """What `playhead diff --group` prints; lines that runs stand for can be opened."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows: list[tuple[GroupLine, Text]] = []

    def show(self, lines: Sequence[GroupLine], width: int, *, is_new: bool) -> None:
        kept = self.pair
        self._rows = list(_wrapped(lines, width))
        self.set_count(len(self._rows))
        first = next((at for at, (line, _) in enumerate(self._rows) if line.clear), 0)
        self.go_to(first if is_new else next((at for at in self.openable if self._rows[at][0].pair == kept), first))
        if is_new:
            self.scroll_to(y=max(0, first - _ABOVE), animate=False, force=True)

    @property
    def pair(self) -> tuple[str, str]:
        """Runs that show what is under the cursor; empty where there are none."""
        return self._rows[self.cursor][0].pair if self.cursor < len(self._rows) else ("", "")

    @property
    def openable(self) -> list[int]:
        """Of each line that can be opened the first row."""
        starts = [at for at, (line, _) in enumerate(self._rows) if not at or self._rows[at - 1][0] is not line]
        return [at for at in starts if all(self._rows[at][0].pair)]

    def draw(self, line: int, width: int) -> Text:
        return Text.assemble(" ", self._rows[line][1], no_wrap=True)


def _wrapped(lines: Sequence[GroupLine], width: int) -> Iterator[tuple[GroupLine, Text]]:
    wrap, rest = Wrap(width - 2), Wrap(width - 2 - _HANGING)
    for line in lines:
        first, *more = wrap(line.text)
        yield line, first
        if more:
            left = line.text[len(first.plain) :]
            yield from ((line, Text(" " * _HANGING).append_text(one)) for one in rest(left))


class GroupsScreen(ComparingScreen):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "branch(1)", "next branch"),
        Binding("N", "branch(-1)", "Branch before", show=False),
        Binding("w", "words", "words"),
        Binding("x", "whole", "all branches"),
        Binding("R", "reload", "Read them again", show=False),
        Binding("escape,q", "back", "back", key_display="q"),
    ]

    @dataclass
    class ComparedCame(Message):
        diff: GroupDiff

    def __init__(self, query: str, a: str, b: str) -> None:
        """Two groups, each in the words of the query line, within what a query says."""
        super().__init__()
        self._query = query
        self._groups = a, b
        self._diff: GroupDiff | None = None
        self._words = False
        self._whole = False

    def compose(self) -> ComposeResult:
        yield Header()
        yield Static("reading …", id="groups-head", classes="compared")
        yield Branches(id="branches")
        yield Keys()

    @property
    def _branches(self) -> Branches:
        return self.query_one(Branches)

    def on_mount(self) -> None:
        self._branches.focus()
        self.call_after_refresh(self.action_reload)

    def on_resize(self) -> None:
        self.call_after_refresh(self._show)

    # The diff

    def action_reload(self) -> None:
        query, groups = self._query, self._groups
        self.compare(lambda say: self.ComparedCame(self._compared(query, groups, say)))

    def _compared(self, query: str, groups: tuple[str, str], say: Callable[[str], None]) -> GroupDiff:
        members = [self._members(query, line, side, say) for side, line in zip("AB", groups, strict=True)]
        say("comparing …")
        return diff_groups(*members)

    def _members(self, query: str, line: str, side: str, say: Callable[[str], None]) -> list[Member]:
        """The store is asked for some runs at a time, so that others are answered between."""
        reader, wanted = self.host.reader, group_of(line, self.host.now(), within=query)
        rows = reader.ask(lambda client: list_runs(client, wanted))
        if not rows:
            raise UsageError(f"no run matches {line!r}{f' within {query!r}' if query else ''}")
        return read_members(
            rows,
            lambda run_ids: reader.ask(lambda client: read_steps(client, run_ids)),
            lambda done: say(f"{done} of {len(rows)} runs of {side} are read …"),
        )

    @on(ComparedCame)
    def _compared_came(self, event: ComparedCame) -> None:
        self._diff = event.diff
        self.has_come = True
        head = Text("\n").join(who_is_compared(event.diff, self._groups))
        if self._query:
            head.append(f"\n  within {one_line(self._query, 100)}", style="dim")
        if MOST_MEMBERS in (event.diff.a.runs, event.diff.b.runs):
            head.append(f"\n  no more than the latest {MOST_MEMBERS} of each", style="dim")
        self.head.update(head)
        self._show(is_new=True)

    def _show(self, *, is_new: bool = False) -> None:
        if self._diff is not None:
            width = self._branches.size.width - 1
            room = Room(width - 10, self._words, self._whole)
            lines = list(lines_of_groups(self._diff, room, "x shows"))
            self._branches.show(lines, width, is_new=is_new)

    # Keys

    @on(Lines.Chosen, "#branches")
    def _chosen(self) -> None:
        pair = self._branches.pair
        if all(pair):
            self.host.open_diff(*pair)
        else:
            self.tell("enter on a branch compares a run of each group that shows it; n goes to the next")

    def action_branch(self, by: int) -> None:
        lines = [line for line in self._branches.openable if (line - self._branches.cursor) * by > 0]
        if lines:
            self._branches.go_to(lines[0] if by > 0 else lines[-1])
        else:
            self.tell(f"no {'further' if by > 0 else 'earlier'} branch")

    def action_words(self) -> None:
        self._words = not self._words
        self._show()

    def action_whole(self) -> None:
        self._whole = not self._whole
        self._show()
