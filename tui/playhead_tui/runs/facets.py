"""What kinds of runs there are, with how many of each; one chosen becomes part of the query line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.text import Text
from textual import on
from textual.message import Message
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from playhead_collector.read.overview import FIELDS, Facet
from playhead_collector.read.words import count
from playhead_tui.shown import cell

_OPEN_AT_FIRST = ("status", "agent", "version")
_BARS = " ▂▃▅▇"
_NAME = 14


@dataclass(frozen=True, slots=True)
class _Value:
    field: str
    value: str


class Facets(Tree[_Value]):
    """Fields, and below each its values."""

    DEFAULT_CSS = "Facets { width: 27; padding: 0; scrollbar-size-vertical: 1; scrollbar-size-horizontal: 0; }"

    @dataclass
    class ValueChosen(Message):
        field: str
        value: str

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__("facets", id=id)
        self.show_root = False
        self.guide_depth = 2
        self.show_guides = False
        self._fields: dict[str, TreeNode[_Value]] = {}

    def on_mount(self) -> None:
        self._fields = {field: self.root.add(field, expand=field in _OPEN_AT_FIRST) for field in FIELDS}

    def show(self, facets: Mapping[str, Sequence[Facet]], chosen: Mapping[str, str]) -> None:
        """Values anew; what is folded stays so, and the cursor on its line."""
        line = self.cursor_line
        for field, node in self._fields.items():
            values = facets[field]
            asked = chosen.get(field, "")
            said = cell(asked, _NAME) if asked and not node.is_expanded else ""
            node.set_label(Text.assemble((field, "bold"), f" {said}" if said else ("", "")))
            node.remove_children()
            most = max((facet.runs for facet in values), default=1)
            for facet in values:
                sign = "•" if facet.value == asked else " "
                bar = _BARS[max(1, round(facet.runs / most * 4))]
                label = Text.assemble(
                    (f"{sign}{cell(facet.value, _NAME)} ", "bold" if sign == "•" else ""),
                    f"{count(facet.runs):>6} ",
                    (bar, "cyan"),
                )
                node.add_leaf(label, _Value(field, facet.value))
        self.call_after_refresh(self._back_to, line)

    def _back_to(self, line: int) -> None:
        self.cursor_line = line

    @on(Tree.NodeSelected)
    def _choose(self, event: Tree.NodeSelected[_Value]) -> None:
        event.stop()
        if event.node.data is not None:
            self.post_message(self.ValueChosen(event.node.data.field, event.node.data.value))
