"""What somebody says of a run from the screen: how it went, in scores, labels and a note."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.message import Message

from playhead.errors import PlayheadError, UsageError
from playhead.feedback import Feedback
from playhead_tui.ask import AskLines
from playhead_tui.reading import QuestionRefused
from playhead_tui.screen import PlayheadScreen


class ScoringScreen(PlayheadScreen):
    BINDINGS: ClassVar[list[BindingType]] = [Binding("S", "score", "Score, label or note", show=False)]

    @dataclass
    class Said(Message):
        words: str

    @property
    def about(self) -> tuple[str, str]:
        """The run, and the step of it, under the cursor; empty where there is none."""
        raise NotImplementedError

    def action_reload(self) -> None:
        """Something new is known: it is asked for."""
        raise NotImplementedError

    def action_score(self) -> None:
        run, step = self.about
        if not run:
            self.tell("no run is under the cursor")
            return

        # Only here: it knows of alerts, and what asks them takes as long to load as all the rest of the first screen.
        from playhead_collector.alerts.marker import this_user

        def said(lines: tuple[str, ...]) -> list[Feedback]:
            return _said_in(run, step, *lines, user=this_user())

        def answer(lines: tuple[str, ...] | None) -> None:
            if lines is not None:
                self.beside("say", lambda: self._said(said(lines)))

        about = f"run {run[:12]}" + (f", step {step}" if step else "")
        asked = {"scores and labels: helpful=0.8 tone=bad refund-bug": "", "note": "", "by": this_user()}
        self.app.push_screen(AskLines(f"how did it go? {about}", asked, said), answer)

    def _said(self, said: list[Feedback]) -> Message:
        try:
            self.host.say(said)
        except UsageError:
            raise
        except PlayheadError as error:
            raise QuestionRefused(str(error)) from error
        return self.Said(f"said of run {said[0].run[:12]}: {', '.join(_words(one) for one in said)}")

    @on(Said)
    def _was_said(self, event: Said) -> None:
        self.tell(event.words)
        self.action_reload()


def _said_in(run: str, step: str, line: str, note: str, by: str, *, user: str) -> list[Feedback]:
    """Raises ValueError or UsageError where the line is not understood, or nothing is said."""
    from playhead_collector.saying import said_of

    words = shlex.split(line)
    scores, labels = [word for word in words if "=" in word], [word for word in words if "=" not in word]
    return said_of(run, step, scores=scores, labels=labels, note=note, by=by or user, via="terminal")


def _words(one: Feedback) -> str:
    value = f"{one.value:g}" if isinstance(one.value, (int, float)) else one.value
    return f"{one.name} {value}" if value is not None else "a note"
