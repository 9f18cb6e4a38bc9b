"""The line of keys at the bottom: Textual's own, made anew only where it says something else.

Textual makes it anew at each change of the focus, and styles each key twice: at the start that took as long as asking
for the first runs.
"""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Footer


class Keys(Footer):
    """The keys of the screen and of what has the focus."""

    def __init__(self, *, show_command_palette: bool = True) -> None:
        super().__init__(compact=True, show_command_palette=show_command_palette)
        self._said: list[tuple[str, str, str, bool]] = []

    async def recompose(self) -> None:
        if not self.is_attached:
            # Called after the refresh in which its screen was closed.
            return
        said = [
            (binding.key, binding.action, binding.description, is_enabled)
            for _, binding, is_enabled, _ in self.screen.active_bindings.values()
            if binding.show
        ]
        if said != self._said:
            self._said = said
            await super().recompose()

    def compose(self) -> ComposeResult:
        for key in super().compose():
            # Before it is mounted; set after that, it is styled once more.
            key.set_class(True, "-compact", update=False)
            yield key
