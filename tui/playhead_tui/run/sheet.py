"""A sheet of lines that can be folded: headings, texts, markdown and JSON, wrapped to a width.

What traces hold may be megabytes and may be hostile. Everything is made harmless here, and what is longer than anybody
reads on a screen is cut, said so, and there for $PAGER and export.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console
from rich.markdown import Markdown
from rich.text import Text

from playhead.printable import printable
from playhead_collector.read.value import Data
from playhead_tui.shown import one_line

LONGEST = 20_000
MOST_LINES = 3_000


@dataclass(slots=True)
class Line:
    text: Text
    below: int = 0
    """How many of the next lines it hides when it is folded; 0 where it cannot be."""
    folded: bool = False


class Sheet:
    """Filled from top to bottom."""

    def __init__(self, width: int) -> None:
        self.width = max(10, width)
        self.lines: list[Line] = []
        self._console = Console(
            width=self.width, file=io.StringIO(), force_terminal=True, color_system="truecolor", legacy_windows=False
        )

    def heading(self, words: str, style: str = "bold") -> int:
        """Begins what can be folded; `close` ends it."""
        self.lines.append(Line(Text(one_line(words, self.width - 2), style=style)))
        return len(self.lines) - 1

    def close(self, heading: int, *, folded: bool = False) -> None:
        self.lines[heading].below = len(self.lines) - heading - 1
        self.lines[heading].folded = folded

    def text(self, text: str, style: str = "", indent: int = 0) -> None:
        """As it is, wrapped."""
        shown, rest = text[:LONGEST], len(text) - LONGEST
        body = Text(printable(shown).expandtabs(4), style=style)
        self._add(body.wrap(self._console, max(8, self.width - indent), tab_size=4), indent)
        self._say_rest(rest, indent)

    def markdown(self, text: str, indent: int = 0) -> None:
        shown, rest = text[:LONGEST], len(text) - LONGEST
        # A link would be an escape sequence of its own; it is shown with its address instead.
        body = Markdown(printable(shown), hyperlinks=False, code_theme="ansi_dark")
        options = self._console.options.update(width=max(8, self.width - indent))
        rows = self._console.render_lines(body, options, pad=False)
        lines = [
            Text.assemble(*((segment.text, segment.style or "") for segment in row if not segment.control))
            for row in rows
        ]
        while lines and not lines[-1].plain.strip():
            lines.pop()
        self._add(lines, indent)
        self._say_rest(rest, indent)

    def json(self, value: Data, key: str = "", indent: int = 0) -> None:
        """Containers fold; keys and values are as they were sent, but for what a terminal obeys."""
        if len(self.lines) >= MOST_LINES:
            return
        name = f"{one_line(key, 60)}  " if key else ""
        pad = " " * indent
        if isinstance(value, (dict, list)) and value:
            what = f"{{{len(value)}}}" if isinstance(value, dict) else f"[{len(value)}]"
            self.lines.append(Line(Text.assemble(pad, (name, "cyan"), (what, "dim"))))
            opened = len(self.lines) - 1
            self.members(value, indent + 1)
            self.close(opened)
        elif isinstance(value, str) and len(value) > self.width - indent - len(name):
            self.lines.append(Line(Text.assemble(pad, (name, "cyan"))))
            opened = len(self.lines) - 1
            self.text(value, "green", indent + 2)
            self.close(opened)
        else:
            said, style = _scalar(value)
            self.lines.append(Line(Text.assemble(pad, (name, "cyan"), (said, style))))

    def members(self, value: dict[str, Data] | list[Data], indent: int = 0) -> None:
        """What a container holds, without itself."""
        pairs: Iterable[tuple[str, Data]] = (
            value.items() if isinstance(value, dict) else ((str(place), one) for place, one in enumerate(value))
        )
        for key, one in pairs:
            if len(self.lines) >= MOST_LINES:
                self.note("… more of it: o opens all of it in $PAGER")
                break
            self.json(one, key, indent)

    def note(self, words: str, style: str = "dim italic") -> None:
        self.text(words, style)

    def _add(self, lines: Iterable[Text], indent: int) -> None:
        for line in lines:
            self.lines.append(Line(Text.assemble(" " * indent, line) if indent else line))

    def _say_rest(self, rest: int, indent: int) -> None:
        if rest > 0:
            self.lines.append(Line(Text(f"{' ' * indent}… {rest:,} more characters: o opens them in $PAGER", "italic")))


def _scalar(value: Data) -> tuple[str, str]:
    if isinstance(value, str):
        return (f'"{" ".join(printable(value).splitlines())}"' if value else '""'), "green"
    if value is None:
        return "null", "dim"
    if isinstance(value, bool):
        return str(value).lower(), "magenta"
    if isinstance(value, bytes):
        return f"{len(value)} bytes {value[:32].hex(' ')}{' …' if len(value) > 32 else ''}", "magenta"
    if isinstance(value, (dict, list)):
        return "{}" if isinstance(value, dict) else "[]", "dim"
    return str(value), "magenta"
