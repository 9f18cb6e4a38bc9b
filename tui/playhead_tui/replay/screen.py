"""The screen of a replay: the code and what is there where it stands, breakpoints, frames, values, and what differs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Static

from playhead.errors import PlayheadError
from playhead.printable import printable
from playhead_replay.stepping.breakpoints import Breakpoint
from playhead_replay.stepping.session import Session
from playhead_replay.stepping.stop import Local, Stop
from playhead_tui.ask import AskLine, AskOne
from playhead_tui.header import Header
from playhead_tui.keys import Keys
from playhead_tui.replay.changing import ChangingScreen
from playhead_tui.replay.code import CodePane, place_of
from playhead_tui.replay.driving import LOOK_S
from playhead_tui.replay.head import breakpoints_of, head_of, status_of, used_of
from playhead_tui.replay.opened import OpenedReplay
from playhead_tui.replay.sheets import TABS, Seen, sheet_of, write_printed
from playhead_tui.run.pane import SheetPane
from playhead_tui.run.sheet import Line, Sheet


class HerePane(SheetPane):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("g", "screen.goto", "To a step, by its number", show=False),
    ]


class ReplayScreen(ChangingScreen):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "move('step')", "step"),
        Binding("o", "move('over')", "over"),
        Binding("u", "move('out')", "out"),
        Binding("c", "move('continue')", "go on"),
        Binding("b", "move('back')", "back"),
        Binding("t", "stop_at", "break"),
        Binding("T", "breakpoints", "Breakpoints: list, take away", show=False),
        Binding("e", "edit", "edit"),
        Binding("F", "fork", "fork"),
        Binding("B", "move('prompt')", "back to prompt"),
        Binding("g", "goto", "To a step, by its number", show=False),
        Binding("x", "stop", "stop"),
        Binding("D", "difference", "diff"),
        Binding("w", "frames", "frames"),
        Binding("p", "evaluate", "value"),
        *(Binding(str(number), f"tab('{tab}')", tab, show=False) for number, tab in enumerate(TABS, 1)),
        Binding("escape,q", "leave", "back", key_display="q"),
    ]

    @dataclass
    class SheetCame(Message):
        tab: str
        lines: list[Line]
        keep: bool

    @dataclass
    class BreakpointsCame(Message):
        breakpoints: dict[int, Breakpoint]

    @dataclass
    class WrongExpression(Message):
        text: str
        why: str

    @dataclass
    class LocalsCame(Message):
        frame: int
        locals: Sequence[Local]

    @dataclass
    class ValueCame(Message):
        value: Local

    @dataclass
    class NotesCame(Message):
        notes: Sequence[str]

    def __init__(self, run: str | Path, step_id: str | None = None, number: int | None = None) -> None:
        super().__init__(run, step_id, number)
        self._breakpoints: dict[int, Breakpoint] = {}

    def compose(self) -> ComposeResult:
        yield Header()
        yield Static("opening …", id="replay-head")
        yield Static(id="replay-status")
        with Horizontal(id="replay"):
            with Vertical(id="replay-left"):
                yield CodePane(id="code")
                yield HerePane(("printed",), id="printed")
            yield HerePane(TABS, id="here")
        yield Static(id="breakpoints")
        yield Static(id="so-far")
        yield Keys()

    @property
    def _code(self) -> CodePane:
        return self.query_one(CodePane)

    @property
    def _here(self) -> HerePane:
        return self.query_one("#here", HerePane)

    def on_mount(self) -> None:
        self._code.focus()
        self.set_interval(LOOK_S, self.look)
        self.call_after_refresh(self.open)

    def on_resize(self) -> None:
        self.call_after_refresh(self.show, keep=True)

    @on(SheetPane.Widened)
    def _widened(self) -> None:
        self._ask_for_sheet(keep=True)

    # Breakpoints

    def action_stop_at(self) -> None:
        self._ask_for_breakpoint("stop at steps such as kind=tool and tool=refund, cost>0.5, status=error", "")

    def _ask_for_breakpoint(self, question: str, text: str) -> None:
        def stop_at(expression: str | None) -> None:
            if expression is not None:
                self.beside("breakpoint", lambda: self._add_breakpoint(expression))

        self.app.push_screen(AskLine(question, text), stop_at)

    def _add_breakpoint(self, expression: str) -> Message:
        def add(session: Session) -> Message:
            try:
                session.stop_at(expression)
            except PlayheadError as error:
                return self.WrongExpression(expression, str(error))
            return self.BreakpointsCame(dict(session.breakpoints))

        return self.asked(add)

    @on(WrongExpression)
    def _wrong_expression(self, event: WrongExpression) -> None:
        self._ask_for_breakpoint(printable(event.why), event.text)

    @on(BreakpointsCame)
    def _breakpoints_came(self, event: BreakpointsCame) -> None:
        self._breakpoints = event.breakpoints
        self._show_breakpoints()

    def action_breakpoints(self) -> None:
        if not self._breakpoints:
            self.tell("there are no breakpoints: t adds one")
            return
        options = [(str(number), one.text) for number, one in self._breakpoints.items()]
        self.app.push_screen(AskOne("take a breakpoint away", options), self._forget)

    def _forget(self, number: str | None) -> None:
        if number is None:
            return

        def forget(session: Session) -> Message:
            session.forget(int(number))
            return self.BreakpointsCame(dict(session.breakpoints))

        self.beside("breakpoint", lambda: self.asked(forget))

    # What is there

    def action_frames(self) -> None:
        stop = self.stopped
        if stop is None or not stop.frames:
            self.tell("there is no frame of the agent's here")
            return
        folder = self.opened.entry.folder if self.opened is not None and self.opened.entry is not None else None
        options = [(str(number), place_of(frame, folder)) for number, frame in enumerate(stop.frames, 1)]
        self.app.push_screen(AskOne("frames of the agent's code, innermost first", options), self._choose_frame)

    def _choose_frame(self, number: str | None) -> None:
        if number is not None and self.stopped is not None:
            frame = int(number) - 1
            self.beside("look", lambda: self.asked(lambda session: self.LocalsCame(frame, session.locals(frame))))

    @on(LocalsCame)
    def _locals_came(self, event: LocalsCame) -> None:
        if self.seen is not None and self.stopped is not None:
            self.seen = replace(self.seen, frame=event.frame, locals=event.locals)
            self.show()

    def action_evaluate(self) -> None:
        if self.stopped is None or not self.stopped.frames:
            self.tell("there is no frame of the agent's here in which an expression has a value")
        else:
            self.app.push_screen(AskLine("the value of an expression here; it changes nothing"), self._evaluate)

    def _evaluate(self, expression: str | None) -> None:
        seen = self.seen
        if expression is not None and seen is not None and self.stopped is not None:
            frame = seen.frame
            self.beside("look", lambda: self.asked(lambda session: self.ValueCame(session.value(expression, frame))))

    @on(ValueCame)
    def _value_came(self, event: ValueCame) -> None:
        if self.seen is not None:
            self.seen = replace(self.seen, values=(event.value, *self.seen.values))
            self._to_tab("here")

    def action_difference(self) -> None:
        def difference(session: Session) -> Message:
            found = session.difference()
            if found is None:
                return self.NotesCame(["so far every step that is over is what was recorded"])
            return self.NotesCame([f"step {found.number} {found.name}: {found.what}", *found.differences])

        if self.opened is None or self.busy_since is not None:
            return
        if self.opened.entry is None:
            self.tell("a playback is the recording: nothing was executed that could differ")
        else:
            self.beside("look", lambda: self.asked(difference))

    @on(NotesCame)
    def _notes_came(self, event: NotesCame) -> None:
        if self.seen is not None:
            self.seen = replace(self.seen, notes=event.notes)
            self._to_tab("here")

    def action_tab(self, tab: str) -> None:
        self._to_tab(tab)

    def _to_tab(self, tab: str) -> None:
        self._here.tab = tab
        self._ask_for_sheet()

    # Showing

    def show(self, *, keep: bool = False) -> None:
        opened, seen = self.opened, self.seen
        if opened is None or not self.is_mounted:
            return
        standing = None if seen is None else seen.standing
        self.query_one("#replay-head", Static).update(head_of(opened, self._width))
        self.query_one("#so-far", Static).update(used_of(standing, self._width), layout=False)
        self._show_status()
        self._show_breakpoints()
        self._show_code(opened, seen)
        self._show_printed()
        self._ask_for_sheet(keep=keep)

    @property
    def _width(self) -> int:
        return self.size.width - 2

    def _show_code(self, opened: OpenedReplay, seen: Seen | None) -> None:
        if seen is None:
            self._code.say("Its steps are read …" if opened.entry is None else "The program is started …")
        elif not isinstance(seen.standing, Stop):
            self._code.say("The program has ended. b goes back into it.")
        elif opened.entry is None:
            title = "playback: its stored steps; no code is executed"
            self._code.show_steps(opened.recording.steps, (seen.standing.number or 1) - 1, title)
        elif not seen.standing.frames:
            self._code.say("No code of the agent's stands here.")
        else:
            self._code.show_frame(seen.standing.frames, seen.frame, opened.entry.folder)

    def show_progress(self) -> None:
        self._show_status()
        self._show_printed()

    def _show_status(self) -> None:
        status = self.query_one("#replay-status", Static)
        if self.busy_since is None:
            status.update(status_of(self.seen.standing if self.seen is not None else None, self._width))
            return
        passed = monotonic() - self.busy_since
        if self.stops:
            words = "stopping at the next place · x again ends the program" if self.stops == 1 else "ending it"
            status.update(Text(f"… {words}", style="yellow"))
        elif passed > LOOK_S:
            status.update(Text(f"… running {passed:.0f}s · x stops it", style="yellow"))

    def _show_breakpoints(self) -> None:
        self.query_one("#breakpoints", Static).update(breakpoints_of(self._breakpoints, self._width))

    def _show_printed(self) -> None:
        pane = self.query_one("#printed", HerePane)
        if not pane.size.width:
            return
        sheet = Sheet(pane.scrollable_content_region.width - 2)
        write_printed(sheet, self.driven.printed.text())
        pane.show(sheet.lines, "printed", keep=True)
        pane.action_last()

    def _ask_for_sheet(self, *, keep: bool = False) -> None:
        opened, seen, tab = self.opened, self.seen, self._here.tab
        if opened is None or seen is None:
            return
        width = self._here.scrollable_content_region.width - 2
        seen = replace(seen, notes=(*seen.notes, *self.changes_in_words))
        printed = self.driven.printed.text()
        self.beside("sheet", lambda: self.SheetCame(tab, sheet_of(opened, seen, tab, printed, width), keep))

    @on(SheetCame)
    def _sheet_came(self, event: SheetCame) -> None:
        self._here.show(event.lines, event.tab, keep=event.keep)
        if event.tab == "printed":
            self._here.action_last()
