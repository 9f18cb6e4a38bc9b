"""The pane with the agent's code around the line under way; of a playback the steps; or why there is neither."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap
from typing import ClassVar

from rich.syntax import Syntax
from rich.text import Text
from textual.binding import Binding, BindingType

from playhead.printable import printable
from playhead_collector.read.signs import LETTERS
from playhead_replay.recording.steps import RecordedStep
from playhead_replay.stepping.stop import Frame
from playhead_tui.lines import Lines
from playhead_tui.shown import one_line

# More than a screen has.
AROUND = 40
_NUMBER = 5


class CodePane(Lines):
    HEAD = 1
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("g", "screen.goto", "To a step, by its number", show=False),
        Binding("enter", "screen.frames", "Frames", show=False),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._title = ""
        self._said = ""
        self._lines: list[Text] = []

    def show_frame(self, frames: Sequence[Frame], chosen: int, folder: Path | None) -> None:
        """One of the frames; its line in the middle."""
        frame = frames[chosen]
        of = f" ({chosen + 1}/{len(frames)})" if len(frames) > 1 else ""
        self._said = "" if frame.source else "its source is not here"
        self._title = f"{place_of(frame, folder)}{of}"
        if not frame.source:
            self._wrap()
            return
        code = Syntax("", "python", theme="ansi_dark").highlight(
            "\n".join(printable(line.text).expandtabs(4) for line in frame.source)
        )
        self._lines = []
        for line, text in zip(frame.source, code.split("\n", allow_blank=True), strict=False):
            is_here = line.number == frame.line
            mark = Text(f"{'▶' if is_here else ' '}{line.number:{_NUMBER}}  ", "bold yellow" if is_here else "dim")
            if is_here:
                text.stylize("bold")
            self._lines.append(Text.assemble(mark, text))
        self._centre(frame.line - frame.source[0].number)

    def show_steps(self, steps: Sequence[RecordedStep], here: int, title: str) -> None:
        """In place of code, where none is executed: those around the one under way."""
        self._said, self._title = "", title
        first = max(0, here - AROUND)
        self._lines = [
            Text.assemble(
                (f"{'▶' if place == here else ' '}{place + 1:{_NUMBER}}  ", "bold yellow" if place == here else "dim"),
                LETTERS.get(step.kind, LETTERS["other"]),
                f" {one_line(step.own_name, 80)}",
                (f"  ✗ {one_line(step.error, 80)}" if step.failed else "", "red"),
            )
            for place, step in enumerate(steps[first : here + AROUND], first)
        ]
        self._centre(here - first)

    def _centre(self, here: int) -> None:
        self.set_count(len(self._lines))
        self.go_to(here)
        self.scroll_to(y=max(0, here - self.page_size // 2), animate=False, force=True)
        self.refresh()

    def say(self, words: str, title: str = "") -> None:
        """In place of code."""
        self._said, self._title = words, title
        self._wrap()

    def _wrap(self) -> None:
        width = max(20, self.scrollable_content_region.width - 2)
        paragraphs = printable(self._said).split("\n")
        self._lines = [Text(f" {line}") for paragraph in paragraphs for line in wrap(paragraph, width) or [""]]
        self.scroll_to(y=0, animate=False, force=True)
        self.set_count(len(self._lines))

    def on_resize(self) -> None:
        if self._said:
            self._wrap()
        super().on_resize()

    def draw_head(self, line: int, width: int) -> Text:
        return Text(f" {one_line(self._title, width - 1)}")

    def draw(self, line: int, width: int) -> Text:
        return self._lines[line]


def place_of(frame: Frame, folder: Path | None) -> str:
    """As one would say it: within the agent's folder without that."""
    path = Path(frame.file)
    if folder is not None and path.is_relative_to(folder):
        path = path.relative_to(folder)
    return f"{path}:{frame.line} in {frame.function}{'' if frame.is_own else ' (a package)'}"
