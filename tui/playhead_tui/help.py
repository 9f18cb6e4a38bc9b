"""All keys of a screen and of what has the focus, to be read and scrolled by keys.

Textual's panel of keys stands beside the screen and cannot have the focus: in a window of 24 lines what did not fit was
out of reach without a mouse, and that was most of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.table import Table
from textual.app import ComposeResult
from textual.binding import ActiveBinding, Binding, BindingType
from textual.containers import VerticalScroll
from textual.dom import DOMNode
from textual.widgets import Static

from playhead_tui.ask import Question

# Of every list, whether it can be scrolled to the side or not; none of ours can.
_SIDEWAYS = {"scroll_left", "scroll_right", "page_left", "page_right"}


class HelpScreen(Question[None]):
    DEFAULT_CSS = """
    HelpScreen { align: center middle; }
    HelpScreen > VerticalScroll { width: 80%; max-width: 76; height: auto; max-height: 90%; padding: 0 1;
                                  border: round $primary; border-subtitle-color: $text-muted; background: $surface; }
    HelpScreen Static { height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark", "dismiss(None)", "Close"),
        Binding("j", "scroll(1)", "Down", show=False),
        Binding("k", "scroll(-1)", "Up", show=False),
    ]

    def __init__(self, bindings: Iterable[ActiveBinding]) -> None:
        super().__init__()
        self._active = list(bindings)

    def compose(self) -> ComposeResult:
        with VerticalScroll() as scroll:
            scroll.border_title = "keys"
            scroll.border_subtitle = "j k scroll · q closes"
            yield Static(self._keys())

    def _keys(self) -> Table:
        keys: dict[tuple[DOMNode, str, str], list[str]] = {}
        for node, binding, _, _ in self._active:
            if binding.description and not binding.system and binding.action not in _SIDEWAYS:
                shown = keys.setdefault((node, binding.action, binding.description), [])
                shown += [key for key in [self.app.get_key_display(binding)] if key not in shown]
        table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
        table.add_column(justify="right", style="bold", no_wrap=True)
        table.add_column()
        before: DOMNode | None = None
        for (node, _, description), shown in keys.items():
            if before is not None and node is not before:
                table.add_row("", "")
            before = node
            table.add_row(" ".join(shown), description[0].upper() + description[1:])
        return table

    def action_scroll(self, by: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)
