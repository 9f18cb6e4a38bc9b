"""A list of lines of which only those on the screen are ever drawn: a million cost what thirty do.

A line that was drawn is kept until the list, or that line, is refreshed: what scrolls is not drawn anew. What a line is
and how it looks belongs to subclasses; here are the cursor, the keys, the mouse and the scrolling.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

# Lines that are kept once they were drawn: some screens of them.
_KEPT = 500


class Lines(ScrollView, can_focus=True):
    """Subclasses say how a line is drawn, and how many there are with `set_count`."""

    DEFAULT_CSS = """
    Lines {
        scrollbar-size-vertical: 1;
        scrollbar-size-horizontal: 1;
        overflow-x: hidden;
        & > .lines--cursor { background: $panel-lighten-1; }
        &:focus > .lines--cursor { background: $primary-muted; text-style: bold; }
        & > .lines--head { color: $text-muted; background: $panel; text-style: bold; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"lines--cursor", "lines--head"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "go(1)", "Next line", show=False),
        Binding("k,up", "go(-1)", "Line before", show=False),
        Binding("pagedown,ctrl+d", "page(1)", "Page down", show=False),
        Binding("pageup,ctrl+u", "page(-1)", "Page up", show=False),
        Binding("g,home", "first", "First line", show=False),
        Binding("G,end", "last", "Last line", show=False),
        Binding("enter", "choose", "open"),
    ]

    # Its two lines are drawn anew, not the screen.
    cursor: reactive[int] = reactive(0, repaint=False)
    HEAD = 0
    """How many lines on top do not scroll."""

    @dataclass
    class Moved(Message):
        """The cursor stands on another line."""

        lines: Lines
        line: int

        @property
        def control(self) -> Lines:
            return self.lines

    @dataclass
    class Chosen(Message):
        """Enter, or two clicks."""

        lines: Lines
        line: int

        @property
        def control(self) -> Lines:
            return self.lines

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.count = 0
        self._drawn: dict[int, tuple[int, Style, Strip]] = {}
        """By line, at which width and in which style."""

    def draw(self, line: int, width: int) -> Text:
        """One line, of `count`."""
        raise NotImplementedError

    def draw_head(self, line: int, width: int) -> Text:
        raise NotImplementedError

    def set_count(self, count: int) -> None:
        """How many lines there are from now on. The cursor stays within them."""
        self.count = count
        self.virtual_size = Size(self.scrollable_content_region.width, count + self.HEAD)
        self.cursor = max(0, min(self.cursor, count - 1))
        self.refresh()

    @property
    def page_size(self) -> int:
        return max(1, self.scrollable_content_region.height - self.HEAD)

    @property
    def visible_lines(self) -> range:
        top = round(self.scroll_y)
        return range(top, min(self.count, top + self.page_size))

    def on_resize(self) -> None:
        self.virtual_size = Size(self.scrollable_content_region.width, self.count + self.HEAD)
        self.call_after_refresh(self.show_cursor)

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        base = self.rich_style
        if y < self.HEAD:
            style = self.get_component_rich_style("lines--head")
            return self._strip(self.draw_head(y, width), width, style)
        line = round(self.scroll_y) + y - self.HEAD
        if not 0 <= line < self.count:
            return Strip.blank(width, base)
        if line == self.cursor:
            base += self.get_component_rich_style("lines--cursor", partial=True)
        kept = self._drawn.get(line)
        if kept is not None and kept[:2] == (width, base):
            return kept[2]
        strip = self._strip(self.draw(line, width), width, base)
        if len(self._drawn) >= _KEPT:
            self._drawn.clear()
        self._drawn[line] = width, base, strip
        return strip

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        # Of a region only when it scrolls; what is in it is as it was.
        if not regions:
            self._drawn.clear()
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def refresh_line(self, y: int) -> None:
        self._drawn.pop(y - self.HEAD, None)
        super().refresh_line(y)

    def _strip(self, text: Text, width: int, style: Style) -> Strip:
        segments = [segment for segment in text.render(self.app.console) if segment.text != "\n"]
        strip = Strip(Segment.apply_style(segments, style)).adjust_cell_length(width, style)
        return strip.crop(0, width)

    def watch_cursor(self, before: int, now: int) -> None:
        self.refresh_line(before + self.HEAD)
        self.refresh_line(now + self.HEAD)
        self.show_cursor()
        self.post_message(self.Moved(self, now))

    def show_cursor(self) -> None:
        """Scrolls no further than needed."""
        top, page = round(self.scroll_y), self.page_size
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False, force=True)
        elif self.cursor >= top + page:
            self.scroll_to(y=self.cursor - page + 1, animate=False, force=True)

    def go_to(self, line: int) -> None:
        """Moves the cursor, and stays within what there is."""
        self.cursor = max(0, min(line, self.count - 1))

    def action_go(self, by: int) -> None:
        self.go_to(self.cursor + by)

    def action_page(self, by: int) -> None:
        self.go_to(self.cursor + by * self.page_size)

    def action_first(self) -> None:
        self.go_to(0)

    def action_last(self) -> None:
        self.go_to(self.count - 1)

    def action_choose(self) -> None:
        if self.count:
            self.post_message(self.Chosen(self, self.cursor))

    def clicked_head(self, x: int) -> None:
        """A click on what does not scroll."""

    def on_click(self, event: events.Click) -> None:
        place = event.get_content_offset(self)
        if place is None:
            return
        if place.y < self.HEAD:
            self.clicked_head(place.x)
            return
        line = round(self.scroll_y) + place.y - self.HEAD
        if line < self.count:
            self.cursor = line
            if event.chain == 2:
                self.action_choose()
