"""The line of keys at the bottom: Textual's own, made anew only where it says something else, and never cut.

Textual makes it anew at each change of the focus, and styles each key twice: at the start that took as long as asking
for the first runs. It lets what does not fit run out of the window: at 80 columns no screen said how to leave it, or
that `?` has the other keys.
"""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Footer
from textual.widgets._footer import FooterKey

# These are there at any width: how to leave, and what else there is.
_LAST = 2


class Keys(Footer):
    """The keys of the screen and of what has the focus, as many as there is room for."""

    def __init__(self, *, show_command_palette: bool = True) -> None:
        super().__init__(compact=True, show_command_palette=show_command_palette)
        self._said: tuple[int, list[tuple[str, str, str, bool]]] | None = None

    async def on_resize(self) -> None:
        if self._said is not None:
            await self.recompose()

    async def recompose(self) -> None:
        if not self.is_attached:
            # Called after the refresh in which its screen was closed.
            return
        said = [
            (binding.key, binding.action, binding.description, is_enabled)
            for _, binding, is_enabled, _ in self.screen.active_bindings.values()
            if binding.show
        ]
        if (self._width, said) != self._said:
            self._said = self._width, said
            await super().recompose()

    @property
    def _width(self) -> int:
        return self.size.width or self.app.size.width

    def compose(self) -> ComposeResult:
        keys = [key for key in super().compose() if isinstance(key, FooterKey)]
        palette = [key for key in keys if key.has_class("-command-palette")]
        others = [key for key in keys if key not in palette]
        always = others[-_LAST:]
        room = self._width - sum(_cells(key) for key in always + palette) - len(palette)
        for key in others:
            if key not in always:
                if _cells(key) > room:
                    continue
                room -= _cells(key)
            yield _compact(key)
        for key in palette:
            yield _compact(key)


def _cells(key: FooterKey) -> int:
    """With what stands between it and the next one."""
    return len(key.key_display) + 1 + len(key.description) + 1


def _compact(key: FooterKey) -> FooterKey:
    # Before it is mounted; set after that, it is styled once more.
    key.set_class(True, "-compact", update=False)
    return key
