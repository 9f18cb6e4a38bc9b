"""What a fork from the step under way is to have otherwise: collected here, by the names of `playhead fork --set`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from playhead.errors import UsageError
from playhead.printable import printable
from playhead.recorder.changes import ARGUMENTS, MESSAGES, MODEL, RESULT, SYSTEM
from playhead_replay.changing import names_at, recorded_text, value_of
from playhead_replay.fork import ANSWER, ForkWanted
from playhead_replay.recording.steps import RecordedStep
from playhead_tui.ask import AskOne
from playhead_tui.replay.driving import DrivingScreen
from playhead_tui.replay.editing import EditScreen
from playhead_tui.replay.forking import AskHowToFork, ForkScreen, HowToFork
from playhead_tui.shown import one_line

_TOLD = {
    RESULT: "what the tool gives; it is not called",
    ARGUMENTS: "what the tool is called with",
    ANSWER: "what the model answers",
    SYSTEM: "the system prompt, from here on (needs live)",
    MESSAGES: "the messages of this prompt (needs live)",
}


class ChangingScreen(DrivingScreen):
    def __init__(self, run: str | Path, step_id: str | None = None, number: int | None = None) -> None:
        super().__init__(run, step_id, number)
        self._changed: RecordedStep | None = None
        self._texts: dict[str, str] = {}
        """As they were edited, by name."""

    @property
    def changes_in_words(self) -> Sequence[str]:
        """Of the step where it stands."""
        texts = self._texts_at(self.stopped.step) if self.stopped is not None else {}
        return [f"changed: {name} = {one_line(text, 200)} · F forks" for name, text in texts.items()]

    def action_edit(self) -> None:
        step = self._step("change")
        if step is None:
            return
        names = names_at(step)
        if not names:
            self.tell("tools and prompts can be changed; F forks from here without a change")
            return

        def edit(name: str | None) -> None:
            if name is not None:
                self._edit(step, name, self._texts_at(step).get(name) or recorded_text(step, name))

        question = f"what is to be another at step {step.number + 1}, {one_line(step.own_name, 40)}"
        self.app.push_screen(AskOne(question, [(name, _TOLD[name]) for name in names]), edit)

    def _edit(self, step: RecordedStep, name: str, text: str) -> None:
        def take(edited: str | None) -> None:
            if edited is None or edited == printable(text):
                return
            try:
                value_of(name, edited)
            except UsageError as error:
                self.tell(str(error), is_error=True)
                self._edit(step, name, edited)
                return
            # A fork has one step at which it changes something.
            self._texts = {**self._texts_at(step), name: edited}
            self._changed = step
            self.show(keep=True)

        self.app.push_screen(EditScreen(f"{name} of {step.own_name}", text), take)

    def action_fork(self) -> None:
        step = self._step("fork from")
        if step is None or self.opened is None:
            return
        recording = self.opened.recording
        changes: Mapping[str, Any] = {name: value_of(name, text) for name, text in self._texts_at(step).items()}

        def fork(how: HowToFork | None) -> None:
            if how is not None:
                model = {MODEL: how.model} if how.model else {}
                wanted = ForkWanted(step, {**changes, **model}, how.live, how.max_cost_usd)
                self.app.push_screen(ForkScreen(recording, wanted))

        with_changes = f", with another {' and '.join(changes)}" if changes else ", without a change"
        title = f"fork from step {step.number + 1}, {one_line(step.own_name, 40)}{with_changes}"
        self.app.push_screen(AskHowToFork(title), fork)

    def _step(self, what: str) -> RecordedStep | None:
        """Where it stands; else it is said why there is none."""
        if self.opened is not None and self.opened.entry is None:
            self.tell("a playback cannot be forked: no code is executed")
            return None
        step = self.stopped.step if self.stopped is not None else None
        if step is None:
            self.tell(f"there is no step here to {what}")
        return step

    def _texts_at(self, step: RecordedStep | None) -> dict[str, str]:
        return self._texts if step is not None and step is self._changed else {}
