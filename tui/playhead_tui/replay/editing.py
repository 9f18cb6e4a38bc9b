"""Edits a text that a fork is to have in place of the recorded one: here, or in $EDITOR."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult, SuspendNotSupported
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Label, TextArea

from playhead.errors import UsageError
from playhead.printable import printable
from playhead_tui.ask import Question
from playhead_tui.keys import Keys


class EditScreen(Question[str | None]):
    """The text, or None where it is to stay as it is."""

    DEFAULT_CSS = """
    EditScreen { align: center middle; }
    EditScreen > Vertical { width: 90%; height: 80%; border: round $primary; background: $surface; padding: 0 1; }
    EditScreen Label { width: 100%; }
    EditScreen TextArea { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "take", "take it", priority=True),
        Binding("ctrl+e", "editor", "$EDITOR", priority=True),
        Binding("escape", "dismiss(None)", "cancel", priority=True),
    ]

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self._title = title
        self._text = printable(text)
        if self._text != text:
            self._title += " · what a terminal would obey is written out"

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Label(Text(printable(self._title)))
            yield TextArea(self._text, soft_wrap=True, show_line_numbers=False)
            yield Keys(show_command_palette=False)

    def action_take(self) -> None:
        self.dismiss(self.query_one(TextArea).text)

    def action_editor(self) -> None:
        area = self.query_one(TextArea)
        try:
            with self.app.suspend():
                area.text = printable(edited(area.text))
        except SuspendNotSupported:
            self.notify("this terminal cannot be handed over to an editor; edit it here", severity="error")
        except UsageError as error:
            self.notify(printable(str(error)), severity="error", markup=False)
        self.refresh()


def edited(text: str) -> str:
    """Returns when $EDITOR has ended."""
    command = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    with tempfile.TemporaryDirectory(prefix="playhead-edit-") as folder:
        file = Path(folder, "value.txt")
        file.write_text(text, encoding="utf-8")
        try:
            subprocess.run([*command, str(file)], check=False)
        except OSError as error:
            raise UsageError(f"{command[0]!r} cannot be started as $EDITOR: {error.strerror or error}") from None
        # An editor ends a file with a line's end, which is no part of the value.
        written = file.read_text(encoding="utf-8", errors="replace")
        return written if text.endswith("\n") else written.removesuffix("\n")
