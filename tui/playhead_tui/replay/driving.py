"""A screen that drives a session: keys go on and back through the run, workers wait for where it stands then.

The session belongs to workers (driven.py), one at a time; a key that is pressed meanwhile waits for its turn. What is
shown of it belongs to the screen itself (screen.py).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic

from rich.text import Text
from textual import on
from textual.message import Message
from textual.widgets import Static

from playhead.errors import PlayheadError
from playhead.printable import printable
from playhead_replay.stepping.session import Session, Standing
from playhead_replay.stepping.stop import Stop
from playhead_tui.ask import AskLine
from playhead_tui.replay.driven import Driven, ReplayLeft
from playhead_tui.replay.opened import OpenedReplay, open_file, open_replay
from playhead_tui.replay.sheets import Seen
from playhead_tui.screen import PlayheadScreen

Command = Callable[[Session], Standing]

LOOK_S = 0.2
_MOST_WAITING = 20
_MOVES: dict[str, Command] = {
    "step": Session.step, "over": Session.over, "out": Session.out, "continue": Session.go_on,
    "back": Session.back, "prompt": Session.back_to_prompt,
}  # fmt: skip


class DrivingScreen(PlayheadScreen):
    @dataclass
    class Opened(Message):
        opened: OpenedReplay

    @dataclass
    class Stood(Message):
        seen: Seen

    @dataclass
    class Stayed(Message):
        """The command could not be done, or there was nowhere to go."""

        why: str

    def __init__(self, run: str | Path, step_id: str | None = None, number: int | None = None) -> None:
        """Begins where this step does, by its id or its number from 1; at the first where there is none."""
        super().__init__()
        self._run = run
        self._step_id = step_id
        self._number = number
        self.opened: OpenedReplay | None = None
        self.driven = Driven()
        self.seen: Seen | None = None
        self._waiting: deque[Command] = deque()
        self.busy_since: float | None = None
        self.stops = 0
        """How often it was asked to stop what goes on."""

    def show(self, *, keep: bool = False) -> None:
        """All that is known; `keep` where it is only another width."""
        raise NotImplementedError

    def show_progress(self) -> None:
        """What goes on."""
        raise NotImplementedError

    def on_unmount(self) -> None:
        self.driven.leave()

    @property
    def stopped(self) -> Stop | None:
        """Where it stands, while nothing goes on."""
        standing = self.seen.standing if self.seen is not None and self.busy_since is None else None
        return standing if isinstance(standing, Stop) else None

    # Opening

    def open(self) -> None:
        run, start = self._run, self.host.start
        if isinstance(run, Path):
            file = run
            self.beside("open", lambda: self.Opened(open_file(file, start.python, start.checkout)))
            return
        self.ask("open", lambda client: self.Opened(open_replay(client, run, start.python, start.checkout)))

    @on(Opened)
    def _came_open(self, event: Opened) -> None:
        self.opened = opened = event.opened
        self.query_one("#replay-head").remove_class("-refused")
        self.show()
        number = self._number
        if self._step_id is not None:
            number = opened.number_of(self._step_id)
            if number is None:
                self.tell("this step is not in the recording; it begins at the first one")
        if number is not None and not 1 <= number <= len(opened.recording.steps):
            self.tell(f"there is no step {number}: the run has {len(opened.recording.steps)}", is_error=True)
            number = None

        def begin(session: Session) -> Standing:
            return session.begin(number, at_first=number is None)

        self.busy_since = monotonic()
        self.beside("open", lambda: self._begun(opened, begin))

    def _begun(self, opened: OpenedReplay, begin: Command) -> Message:
        try:
            self.driven.open(opened)
        except ReplayLeft:
            return self.Stayed("")
        return self._gone(begin)

    def refused(self, why: str) -> None:
        if self.opened is None:
            self._could_not(why)
        else:
            super().refused(why)

    def _could_not(self, why: str) -> None:
        """Begin. There is nothing else to read, so all of it is shown."""
        head = self.query_one("#replay-head", Static)
        head.add_class("-refused")
        head.update(Text(f"✗ {printable(why)}", style="bold red"))

    def store_found(self) -> None:
        if self.opened is None:
            self.open()

    # Going on, and back

    def action_move(self, name: str) -> None:
        self.drive(_MOVES[name])

    def action_goto(self) -> None:
        if self.opened is not None:
            steps = len(self.opened.recording.steps)
            self.app.push_screen(AskLine(f"go to step (1 to {steps})"), self._go_to)

    def _go_to(self, number: str | None) -> None:
        if number is None:
            return
        if number.isdigit():
            self.drive(lambda session: session.go_to(int(number)))
        else:
            self.tell("a step is known by its number", is_error=True)

    def drive(self, command: Command) -> None:
        if self.opened is None or len(self._waiting) >= _MOST_WAITING:
            return
        self._waiting.append(command)
        if self.busy_since is None:
            self._next()

    def _next(self) -> None:
        command = self._waiting.popleft()
        self.busy_since, self.stops = monotonic(), 0
        self.beside("drive", lambda: self._gone(command))

    def _gone(self, command: Command) -> Message:
        """In a worker: where it stands then, and what is to be seen there."""

        def go(session: Session) -> Message:
            before = session.standing_or_none
            standing = command(session)
            if standing is before and isinstance(standing, Stop):
                return self.Stayed("it stays here")
            stop = standing if isinstance(standing, Stop) else None
            content = None if stop is None or stop.step is None else session.content(stop.step)
            shown, rows = (stop.shown, stop.locals) if stop is not None else (0, ())
            return self.Stood(Seen(standing, session.moment, content, session.conversation(), shown, rows))

        try:
            return self._done(go)
        except PlayheadError as error:
            return self.Stayed(str(error))

    def asked(self, do: Callable[[Session], Message]) -> Message:
        """In a worker: what the session says, which stays where it is."""
        try:
            return self._done(do)
        except PlayheadError as error:
            return self.Refused(str(error))

    def _done(self, do: Callable[[Session], Message]) -> Message:
        try:
            return self.driven.do(do)
        except ReplayLeft:
            return self.Stayed("")

    @on(Stood)
    def _stood(self, event: Stood) -> None:
        before, seen = self.seen, event.seen
        if before is not None and seen.moment < before.moment and isinstance(seen.standing, Stop):
            moment = "begins" if seen.standing.begins else "ends"
            self.driven.printed.note(f"── back to where step {seen.standing.number} {moment}")
        if self.stops > 1:
            seen = replace(seen, notes=("its program was ended by x, as it came to no next place",))
        self.seen = seen
        self._rest()
        self.show()

    @on(Stayed)
    def _stayed(self, event: Stayed) -> None:
        self._waiting.clear()
        self._rest()
        if event.why and self.seen is None:
            self._could_not(event.why)
        elif event.why:
            self.tell(event.why)
        self.show_progress()

    def _rest(self) -> None:
        """What was asked for meanwhile comes next."""
        self.busy_since = None
        if self._waiting:
            self._next()

    def action_stop(self) -> None:
        """What goes on stops at its next place; and if it comes to none, it is ended."""
        if self.busy_since is None:
            self.tell("nothing goes on")
            return
        self._waiting.clear()
        self.stops += 1
        (self.driven.pause if self.stops == 1 else self.driven.end)()
        self.show_progress()

    def look(self) -> None:
        """At what takes long."""
        if self.busy_since is not None and monotonic() - self.busy_since > LOOK_S:
            self.show_progress()
