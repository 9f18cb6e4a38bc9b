"""The step tree beside the waterfall: a line a step, of which only those on the screen are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType

from playhead_collector.read.run import Node, Step
from playhead_collector.read.signs import LETTERS, SIGNS
from playhead_collector.read.telling import title_of
from playhead_collector.read.words import count, duration
from playhead_tui.lines import Lines
from playhead_tui.run.opened import OpenedRun
from playhead_tui.shown import cell, one_line

# Where a tree goes deeper, its lines say how deep.
_DEEPEST = 8
_TREE_SHARE = 0.55


class Steps(Lines):
    """`unfolded` are the nodes that no folded one hides."""

    HEAD = 1
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "fold", "fold"),
        Binding("enter", "choose", "Read it", show=False),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.opened: OpenedRun | None = None
        self.unfolded: Sequence[int] = ()
        self.found: set[int] = set()
        """Nodes that hold what was looked for."""
        self._folded: set[str] = set()

    @property
    def place(self) -> int | None:
        """The node under the cursor."""
        return self.unfolded[self.cursor] if self.cursor < len(self.unfolded) else None

    @property
    def step(self) -> Step | None:
        """The step under the cursor."""
        return self.opened.nodes[self.place].step if self.opened is not None and self.place is not None else None

    @property
    def step_to_score(self) -> str:
        """The one that is scored here: none where it is the first, which is the run, or what somebody said."""
        step = self.step
        return step.step_id if step is not None and self.place and not step.from_outside else ""

    def show(self, opened: OpenedRun) -> None:
        """A run, or the same one with more in it: the cursor stays on its step."""
        kept = self.step.step_id if self.step is not None else None
        self.opened = opened
        self._lay_out()
        place = opened.place_of(kept) if kept is not None else None
        if place is not None:
            self.go_to_place(place)

    def go_to_place(self, place: int) -> None:
        """To a node; what hides it is unfolded."""
        assert self.opened is not None
        nodes = self.opened.nodes
        depth = nodes[place].depth
        for above in range(place - 1, -1, -1):
            if nodes[above].depth < depth:
                depth = nodes[above].depth
                self._folded.discard(nodes[above].step.step_id)
            if depth == 0:
                break
        self._lay_out()
        self.go_to(self.unfolded.index(place))

    def action_fold(self) -> None:
        place = self.place
        if self.opened is None or place is None:
            return
        if not self.opened.children[place]:
            return
        self._folded ^= {self.opened.nodes[place].step.step_id}
        self._lay_out()

    def _lay_out(self) -> None:
        assert self.opened is not None
        nodes, children = self.opened.nodes, self.opened.children
        visible: Sequence[int] = range(len(nodes))
        if self._folded:
            visible, place = [], 0
            while place < len(nodes):
                visible.append(place)
                place += 1 + (children[place] if nodes[place].step.step_id in self._folded else 0)
        self.unfolded = visible
        self.set_count(len(visible))

    def draw_head(self, line: int, width: int) -> Text:
        if self.opened is None:
            return Text(" steps")
        tree, bars = self._widths(width)
        lanes = self.opened.timeline.lane_count
        title = f" steps · {lanes} lanes" if lanes > 1 else " steps"
        critical = duration(self.opened.timeline.critical_seconds)
        title += f" · critical path {critical}" if tree > 44 else f" · █ {critical}"
        return Text(cell(title, tree)).append(self._axis(bars))

    def _axis(self, width: int) -> str:
        assert self.opened is not None
        whole = self.opened.timeline.seconds
        marks = max(1, width // 16)
        text = ""
        for mark in range(marks + 1):
            label = duration(whole * mark / marks) if mark else "0s"
            at = round(mark / marks * width)
            at = min(at, width - len(label))
            text = text.ljust(at)[: max(0, at)] + label if at >= len(text) else text
        return text[:width].ljust(width)

    def _widths(self, width: int) -> tuple[int, int]:
        tree = max(30, int(width * _TREE_SHARE))
        return tree, max(0, width - tree)

    def draw(self, line: int, width: int) -> Text:
        assert self.opened is not None
        place = self.unfolded[line]
        tree, bars = self._widths(width)
        text = self._tree(place, tree)
        if bars:
            text.append_text(self._bar(place, bars))
        return text

    def _tree(self, place: int, width: int) -> Text:
        assert self.opened is not None
        node = self.opened.nodes[place]
        step = node.step
        letter, colour = LETTERS[step.kind]
        sign, sign_colour = SIGNS[step.status]
        line = Text(no_wrap=True)
        line.append("»" if place in self.found else " ", style="bold yellow")
        line.append(self._guides(node, place), style="dim")
        hidden = self.opened.children[place] if step.step_id in self._folded else 0
        line.append(letter, style=colour).append(" ")
        right = Text(no_wrap=True)
        if step.status != "ok":
            right.append(f" {sign}", style=sign_colour)
        same = self.opened.equal_calls.get(step.step_id)
        if same is not None:
            right.append(f" ×{same.index(place) + 1}", style="yellow")
        if step.kind == "prompt" and (step.input_tokens is not None or step.output_tokens is not None):
            right.append(f" {count(step.input_tokens)}→{count(step.output_tokens)}", style="dim")
        if node.orphan:
            right.append(" ?", style="magenta")
        if hidden:
            right.append(f" +{hidden}", style="bold")
        room = width - line.cell_len - right.cell_len - 1
        line.append(cell(title_of(node), max(4, room)))
        line.append_text(right).append(" ")
        line.truncate(width)
        return line

    def _guides(self, node: Node, place: int) -> str:
        assert self.opened is not None
        if not node.depth:
            return ""
        if node.depth > _DEEPEST:
            return f"{'│ ' * (_DEEPEST - 2)}({node.depth}) "
        return "│ " * (node.depth - 1) + ("└ " if self.opened.lasts[place] else "├ ")

    def _bar(self, place: int, width: int) -> Text:
        """Where it lies in time; solid on the critical path, its lane's number where there are several lanes."""
        assert self.opened is not None
        timeline = self.opened.timeline
        whole = timeline.seconds or 1.0
        room = width - 1
        first = min(room - 1, int(timeline.starts[place] / whole * room))
        last = min(room, max(first + 1, round(timeline.ends[place] / whole * room)))
        step = self.opened.nodes[place].step
        colour = "red" if step.status == "error" else LETTERS[step.kind][1]
        block = "█" if place in timeline.critical else "▒"
        lane = timeline.lanes[place]
        line = Text(" " * first, no_wrap=True)
        line.append(block * (last - first), style=colour)
        if step.status == "open":
            line.append("…", style="yellow")
        if timeline.lane_count > 1 and lane and line.cell_len < width - 3:
            line.append(f" {one_line(str(lane + 1), 3)}", style="dim")
        line.truncate(width)
        line.append(" " * max(0, width - line.cell_len))
        return line
