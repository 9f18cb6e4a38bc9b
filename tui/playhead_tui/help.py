"""All keys of a screen and of what has the focus, to be read and scrolled by keys.

Textual's panel of keys stands beside the screen and cannot have the focus: in a window of 24 lines what did not fit was
out of reach without a mouse, and that was most of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.table import Table
from textual.binding import ActiveBinding, Binding, BindingType
from textual.dom import DOMNode

from playhead_tui.scrolled import Scrolled

# Of every list, whether it can be scrolled to the side or not; none of ours can.
_SIDEWAYS = {"scroll_left", "scroll_right", "page_left", "page_right"}


class HelpScreen(Scrolled):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "dismiss(None)", "Close", show=False),
    ]
    ABOUT = "keys"

    def __init__(self, bindings: Iterable[ActiveBinding]) -> None:
        super().__init__()
        self._active = list(bindings)

    def content(self) -> Table:
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
