"""A fork under way: what it prints, what it asks before it changes the world, and what came of it; then the diff."""

from __future__ import annotations

from dataclasses import dataclass
from queue import SimpleQueue
from typing import ClassVar

from clickhouse_connect.driver.client import Client
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Button, Checkbox, Input, Label, Static

from playhead.errors import PlayheadError, UsageError
from playhead.printable import printable, several
from playhead_collector.read.run import find_run
from playhead_replay.beside import Beside
from playhead_replay.fork import Forked, ForkWanted, fork
from playhead_replay.recording.recording import Recording
from playhead_tui.ask import AskOne, Question
from playhead_tui.header import Header
from playhead_tui.keys import Keys
from playhead_tui.replay.printed import Printed
from playhead_tui.replay.sheets import write_printed
from playhead_tui.run.pane import SheetPane
from playhead_tui.run.sheet import Sheet
from playhead_tui.screen import PlayheadScreen
from playhead_tui.shown import one_line

_LIVE = "live: the world answers where the recording does not"
_NOT_LIVE = "not live: it ends where no answer is recorded"
_LOOK_S = 0.25
# A collector keeps a moment what it took before it stores it.
_MOST_LOOKS = 60


@dataclass(frozen=True, slots=True)
class HowToFork:
    live: bool
    model: str
    max_cost_usd: float | None


class Live(Checkbox):
    """Textual's own has its cross always, and tells by a colour alone whether it is meant; enter would turn it, too."""

    BUTTON_INNER = " "
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "screen.fork", "Fork", show=False)]

    def watch_value(self) -> None:
        super().watch_value()
        self.BUTTON_INNER = "X" if self.value else " "
        self.label = _LIVE if self.value else _NOT_LIVE


class AskHowToFork(Question[HowToFork | None]):
    DEFAULT_CSS = """
    AskHowToFork { align: center middle; }
    AskHowToFork > Vertical { width: 80%; max-width: 90; height: auto; max-height: 90%; padding: 0 1;
                              border: round $primary; background: $surface; }
    AskHowToFork Label { width: 100%; height: auto; }
    AskHowToFork #no-limit { color: $error; height: auto; }
    AskHowToFork .hint { color: $text-muted; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Cancel")]

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Label(Text(printable(self._title)))
            yield Live(_NOT_LIVE, id="live", compact=True)
            yield Input(placeholder="another model from here on (needs live)", id="model", compact=True)
            yield Input(placeholder="at most so many USD for live calls", id="most", compact=True)
            yield Label(id="no-limit")
            yield Button("fork", id="fork", variant="primary", compact=True)
            yield Label("space: live or not · tab goes on · enter forks · escape leaves it", classes="hint")

    @on(Button.Pressed)
    @on(Input.Submitted)
    def action_fork(self) -> None:
        said = self.query_one("#most", Input).value.strip().removeprefix("$")
        try:
            most = float(said) if said else None
        except ValueError:
            most = 0.0
        if most is not None and not most > 0:
            self.query_one("#no-limit", Label).update("a limit is a number above 0")
            return
        live, model = self.query_one("#live", Checkbox).value, self.query_one("#model", Input).value.strip()
        self.dismiss(HowToFork(live, model, most))


class ForkScreen(PlayheadScreen):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "end", "end it"),
        Binding("d", "diff", "diff with the original"),
        Binding("escape,q", "leave", "back", key_display="q"),
    ]

    @dataclass
    class Asked(Message):
        """Before it changes the world."""

        call: str

    @dataclass
    class Ended(Message):
        forked: Forked

    @dataclass
    class Impossible(Message):
        why: str

    @dataclass
    class Stored(Message):
        is_stored: bool
        is_alone: bool = False
        """The run that it is of is not: that was replayed from a file."""

    def __init__(self, recording: Recording, wanted: ForkWanted) -> None:
        super().__init__()
        self._recording = recording
        self._wanted = wanted
        self._printed = Printed()
        self._answers: SimpleQueue[str] = SimpleQueue()
        self._beside = Beside(self._printed.file, self._ask)
        self._forked: Forked | None = None
        self._is_over = False
        self._is_left = False
        self._looks = 0

    def compose(self) -> ComposeResult:
        yield Header()
        yield Static(self._head(), id="fork-head")
        yield Static(Text("… it runs up to the step, and goes its own way from there", "yellow"), id="fork-status")
        with Vertical(id="fork-printed"):
            yield SheetPane(("printed",), id="printed")
        yield Keys()

    def _head(self) -> Text:
        wanted = self._wanted
        line = Text("fork", style="bold", no_wrap=True)
        line.append(f" of run {self._recording.run[:12]} at step {wanted.at.number + 1}, ", style="not bold")
        line.append(one_line(wanted.at.own_name, 40))
        line.append(" · live" if wanted.live else " · from the recording alone", style="not bold")
        if wanted.max_cost_usd is not None:
            line.append(f" · at most ${wanted.max_cost_usd:g}", style="not bold")
        for name, value in wanted.set.items():
            line.append(f"\n  {name} = {one_line(str(value), 100)}", style="not bold yellow")
        return line

    def on_mount(self) -> None:
        self.query_one(SheetPane).focus()
        self.set_interval(_LOOK_S, self._show_printed)
        self.beside("fork", self._run)

    def on_unmount(self) -> None:
        self._is_left = True
        self._beside.end()
        self._answers.put("n")
        if self._is_over:
            self._printed.close()

    def _run(self) -> Message:
        """In a worker, which sees it to its end also when the screen is left."""
        start = self.host.start
        try:
            return self.Ended(
                fork(
                    self._recording, self._wanted, (), start.python,
                    checkout=start.checkout, run=self._beside, asks=self._beside.asks,
                )
            )  # fmt: skip
        except PlayheadError as error:
            return self.Impossible(str(error))
        finally:
            self._beside.close()
            if self._is_left:
                self._printed.close()

    # What it asks

    def _ask(self, call: str) -> str:
        """In a thread of its own; waits for whoever sits at the terminal."""
        self.post_message(self.Asked(call))
        return self._answers.get()

    @on(Asked)
    def _asked_by_it(self, event: Asked) -> None:
        options = [
            ("y", "call it"),
            ("n", "do not: the fork ends here"),
            ("all", "call it, and do not ask again"),
        ]
        question = f"{one_line(event.call, 200)} changes the world. Call it?"
        self.app.push_screen(AskOne(question, options), lambda answer: self._answers.put(answer or "n"))

    # Its end

    @on(Impossible)
    def _impossible(self, event: Impossible) -> None:
        self._is_over = True
        self._say(f"✗ {event.why}", "bold red")
        self._show_printed()

    @on(Ended)
    def _ended(self, event: Ended) -> None:
        self._is_over = True
        self._forked = forked = event.forked
        self._show_printed()
        if not forked.run:
            lines = [f"✗ no fork: {forked.what}", *forked.differences]
            self._say("\n".join(lines), "bold red")
            return
        asked = f", {forked.asked_world} calls asked of the world" if forked.asked_world else ""
        what = f" · {forked.what}" if forked.what else ""
        words = f"⑂ {forked.run[:12]}: {forked.status}, {several(forked.steps, 'step')}{asked}{what}"
        if forked.where:
            words += (
                f"\nno collector answers, so it is kept in {forked.where}; 'playhead import {forked.where}' stores it"
            )
        self._say(words, "bold green" if forked.status == "done" else "bold yellow")
        if not forked.where:
            self._look_for_it()

    def _look_for_it(self) -> None:
        run = self._forked.run if self._forked is not None else ""
        parent = self._recording.run

        def question(client: Client) -> Message:
            try:
                find_run(client, run)
            except UsageError:
                return self.Stored(False)
            try:
                find_run(client, parent)
            except UsageError:
                return self.Stored(True, is_alone=True)
            return self.Stored(True)

        self._looks += 1
        self.ask("stored", question)

    @on(Stored)
    def _stored(self, event: Stored) -> None:
        if event.is_alone:
            run = self._recording.run[:12]
            self.tell(f"run {run} is not stored: 'playhead import' of its file, then d compares them")
        elif event.is_stored:
            self.action_diff()
        elif self._looks < _MOST_LOOKS:
            self.set_timer(_LOOK_S, self._look_for_it)
        else:
            self.tell(
                "the collector took the fork, and it is not in this store: does it write to another?", is_error=True
            )

    def action_diff(self) -> None:
        forked = self._forked
        if forked is None or not forked.run:
            self.tell("there is no fork to compare yet")
        elif forked.where:
            self.tell(f"'playhead import {forked.where}' stores it; then it can be compared")
        else:
            self.host.open_diff(forked.of, forked.run)

    def action_end(self) -> None:
        if self._is_over:
            self.tell("it has ended")
        else:
            self._beside.end()

    # Showing

    def _say(self, words: str, style: str) -> None:
        self.query_one("#fork-status", Static).update(Text(printable(words), style=style))

    def _show_printed(self) -> None:
        pane = self.query_one(SheetPane)
        sheet = Sheet(pane.scrollable_content_region.width - 2)
        write_printed(sheet, self._printed.text())
        pane.show(sheet.lines, "printed", keep=True)
        pane.action_last()
