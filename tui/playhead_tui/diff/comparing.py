"""What the screens share that compare: a head that says what goes on, or why nothing can be compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rich.text import Text
from textual import on
from textual.message import Message
from textual.widgets import Static
from textual.worker import get_current_worker

from playhead.errors import UsageError
from playhead.printable import printable
from playhead_tui.screen import PlayheadScreen


class ComparingScreen(PlayheadScreen):
    @dataclass
    class Going(Message):
        """What takes its time."""

        words: str

    def __init__(self) -> None:
        super().__init__()
        self.has_come = False
        """Whether what was compared is here."""

    @property
    def head(self) -> Static:
        return self.query_one(".compared", Static)

    def compare(self, work: Callable[[Callable[[str], None]], Message]) -> None:
        """In a worker, which tells what goes on; it ends there where nobody waits for it any more."""

        def do() -> Message:
            worker = get_current_worker()

            def say(words: str) -> None:
                if worker.is_cancelled:
                    raise UsageError("no longer wanted")
                self.post_message(self.Going(words))

            return work(say)

        self.beside("compare", do)

    @on(Going)
    def _going(self, event: Going) -> None:
        if not self.has_come:
            self.head.update(event.words)

    def refused(self, why: str) -> None:
        if self.has_come:
            super().refused(why)
        else:
            self.head.update(Text(f"✗ {printable(why)}", style="bold red"))

    def action_reload(self) -> None:
        """Reads and compares, also for the first time."""
        raise NotImplementedError

    def store_found(self) -> None:
        if not self.has_come:
            self.action_reload()

    def action_back(self) -> None:
        self.action_leave()
