"""What is only read: text above the screen it belongs to, scrolled by keys, however small the window."""

from __future__ import annotations

from typing import ClassVar

from rich.console import RenderableType
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from playhead_tui.ask import Question


class Scrolled(Question[None]):
    """Subclasses say what is in it."""

    DEFAULT_CSS = """
    Scrolled { align: center middle; }
    Scrolled > VerticalScroll { width: 80%; max-width: 76; height: auto; max-height: 90%; padding: 0 1;
                                border: round $primary; border-subtitle-color: $text-muted; background: $surface; }
    Scrolled Static { height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss(None)", "Close"),
        Binding("j", "scroll(1)", "Down", show=False),
        Binding("k", "scroll(-1)", "Up", show=False),
    ]
    ABOUT = ""
    """Its title."""

    def content(self) -> RenderableType:
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        with VerticalScroll() as scroll:
            scroll.border_title = self.ABOUT
            scroll.border_subtitle = "j k scroll · q closes"
            yield Static(self.content())

    def action_scroll(self, by: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)
