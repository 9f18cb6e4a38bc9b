"""The screen of one run: steps beside their times, what the one under the cursor said, and how far the run had come."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, cast

from clickhouse_connect.driver.client import Client
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input, Static

from playhead.printable import printable, several
from playhead_collector.read.acting import acting
from playhead_collector.read.redacted import redacted_in
from playhead_collector.read.remarks import Remark, remarks_on
from playhead_collector.read.run import Run
from playhead_tui.entry import Entry
from playhead_tui.header import Header
from playhead_tui.keys import Keys
from playhead_tui.lines import Lines
from playhead_tui.replayable import Replayable, replayable
from playhead_tui.run.details import TABS, Tab, places_told, sheet_of
from playhead_tui.run.find import holding
from playhead_tui.run.head import head_of, so_far
from playhead_tui.run.opened import OpenedRun, hear_said, open_run
from playhead_tui.run.pane import SheetPane
from playhead_tui.run.sheet import Line
from playhead_tui.run.steps import Steps
from playhead_tui.run.taking import TAKING, TakingScreen
from playhead_tui.run.told import KEY, ToldScreen, found_in, said_of
from playhead_tui.screen import WIDE

# How often a run that has not ended is read again.
AGAIN_S = 2.0
# Of the head; app.tcss gives it no more.
_LINES, _NARROW_LINES = 5, 3


class RunScreen(TakingScreen):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "jump('error', 1)", "error"),
        Binding("t", "jump('tool', 1)", "tool"),
        Binding("p", "jump('prompt', 1)", "prompt"),
        Binding("N", "jump('error', -1)", "Error before", show=False),
        Binding("T", "jump('tool', -1)", "Tool before", show=False),
        Binding("P", "jump('prompt', -1)", "Prompt before", show=False),
        Binding("slash", "find", "find", key_display="/", priority=True),
        Binding("f", "found(1)", "Next found", show=False),
        Binding("F", "found(-1)", "Found before", show=False),
        *(Binding(str(number), f"tab('{tab}')", tab, show=False) for number, tab in enumerate(TABS, 1)),
        Binding("r", "replay", "replay"),
        Binding("d", "diff", "diff"),
        *TAKING,
        Binding(KEY, "told", "All that is said of the run", show=False),
        Binding("R", "reload", "Read it again", show=False),
        Binding("escape,q", "back", "back", key_display="q"),
    ]

    @dataclass
    class RunCame(Message):
        opened: OpenedRun

    @dataclass
    class RemarksCame(Message):
        remarks: list[Remark]

    @dataclass
    class ReplayableCame(Message):
        replayable: Replayable

    @dataclass
    class SheetCame(Message):
        place: int
        tab: Tab
        lines: list[Line]
        keep: bool

    @dataclass
    class FoundCame(Message):
        words: str
        places: list[int]

    def __init__(self, run: str, step_id: str | None, asked: Future[OpenedRun]) -> None:
        """The run was `asked` for before its screen was made, which takes as long as the answer."""
        super().__init__()
        self._run = run
        self._first_step = step_id
        self._asked: Future[OpenedRun] | None = asked
        self._is_asked_whole = False
        self._opened: OpenedRun | None = None
        self._remarks: list[Remark] = []
        self._replayable: Replayable | None = None
        self._shown: tuple[int, Tab] | None = None
        self._again: Timer | None = None

    def compose(self) -> ComposeResult:
        yield Header()
        yield Static("opening …", id="run-head")
        with Horizontal(id="run"):
            yield Steps(id="steps")
            yield SheetPane(TABS, id="details")
        yield Entry(placeholder="words in this run", id="find", compact=True)
        yield Static(id="so-far")
        yield Keys()

    @property
    def _steps(self) -> Steps:
        return self.query_one(Steps)

    @property
    def _details(self) -> SheetPane:
        return self.query_one(SheetPane)

    def on_mount(self) -> None:
        self._steps.focus()
        # Not kept: what is read later takes its place.
        asked, self._asked = self._asked, None
        if asked is not None:
            self.beside("run", lambda: self.RunCame(asked.result()))

    def on_resize(self) -> None:
        if self._opened is not None:
            self._show_head(self._opened)

    @on(SheetPane.Widened)
    def _widened(self) -> None:
        # Also where the run was there sooner than the last layout.
        self._ask_for_sheet(keep=True)

    # The run

    @property
    def about(self) -> tuple[str, str]:
        return self._run, self._steps.step_to_score

    @property
    def here(self) -> tuple[OpenedRun, int] | None:
        opened, place = self._opened, self._steps.place
        return (opened, place) if opened is not None and place is not None else None

    def action_reload(self) -> None:
        self._is_asked_whole = True
        run = self._run
        self.ask("run", lambda client: self.RunCame(open_run(client, run)))

    @on(RunCame)
    def _run_came(self, event: RunCame) -> None:
        if not self._steps.size.width:
            # A short run is read sooner than a screen is laid out.
            self.call_after_refresh(self._run_came, event)
            return
        opened, is_first = event.opened, self._opened is None
        self._opened = opened
        self._run = opened.run.row.run_id
        self._show_head(opened)
        self._steps.show(opened)
        place = opened.place_of(self._first_step) if is_first and self._first_step is not None else None
        if place is not None:
            self._steps.go_to_place(place)
        self._ask_for_sheet(keep=not is_first)
        self._show_so_far()
        if not opened.is_whole:
            if not opened.nodes:
                # No step is looked at whose words would come first.
                self._ask_for_all_of_it()
            return
        self.words_came()
        self._ask_for_remarks(opened.run)
        goes_on = opened.run.row.status == "open"
        if self._replayable is None or not goes_on:
            self.ask("replayable", lambda client: self.ReplayableCame(replayable(client, opened.run.row.run_id)))
        if goes_on and self._again is None:
            self._again = self.set_interval(AGAIN_S, self._read_again)
        elif not goes_on and self._again is not None:
            self._again.stop()
            self._again = None

    def _read_again(self) -> None:
        if self.is_current and not self.host.store.trouble:
            self.action_reload()

    def _ask_for_remarks(self, run: Run) -> None:
        now = self.host.now()

        def question(client: Client) -> Message:
            found = remarks_on(client, [run.row], now).get(run.row.run_id, [])
            return self.RemarksCame(found + acting(run) + redacted_in(run))

        self.ask("remarks", question)

    @on(RemarksCame)
    def _remarks_came(self, event: RemarksCame) -> None:
        self._remarks = event.remarks
        if self._opened is not None:
            self._show_head(self._opened)

    @on(ReplayableCame)
    def _replayable_came(self, event: ReplayableCame) -> None:
        self._replayable = event.replayable
        if self._opened is not None:
            self._show_head(self._opened)

    def _show_head(self, opened: OpenedRun) -> None:
        width, lines = self.size.width - 2, _LINES if self.size.width >= WIDE else _NARROW_LINES
        self.query_one("#run-head", Static).update(head_of(opened, self._remarks, self._replayable, width, lines))

    def action_told(self) -> None:
        opened = self._opened
        if opened is None:
            return
        found, said = found_in(opened, self._remarks, self._replayable), said_of(opened)
        if found or said:
            self.app.push_screen(ToldScreen(found, said))
        else:
            self.tell("nothing is said of this run, beyond its figures")

    def refused(self, why: str) -> None:
        if self._opened is None:
            self.query_one("#run-head", Static).update(Text(f"✗ {printable(why)}", style="bold red"))
        else:
            super().refused(why)

    def store_found(self) -> None:
        self.action_reload()

    # The step under the cursor

    @on(Lines.Moved, "#steps")
    def _moved(self) -> None:
        self._ask_for_sheet(at_rest=True)
        self._show_so_far()

    @on(Lines.Chosen, "#steps")
    def _chosen(self) -> None:
        self._details.focus()

    def _show_so_far(self) -> None:
        opened, place = self._opened, self._steps.place
        if opened is None or place is None:
            return
        meter = opened.meter.at(opened.nodes[place].step)
        words = so_far(meter, f"step {place + 1}/{len(opened.nodes)}", self.size.width - 2)
        self.query_one("#so-far", Static).update(words, layout=False)

    def _ask_for_sheet(self, *, keep: bool = False, at_rest: bool = False) -> None:
        opened, place, tab = self._opened, self._steps.place, cast("Tab", self._details.tab)
        if opened is None or place is None:
            return
        width = self._details.scrollable_content_region.width - 2

        def write() -> Message:
            if not opened.is_whole:
                places = places_told(opened, place, tab)
                self.host.reader.ask(lambda client: hear_said(client, opened, places))
            return self.SheetCame(place, tab, sheet_of(opened, place, tab, width), keep)

        (self.beside_at_rest if at_rest else self.beside)("sheet", write)

    @on(SheetCame)
    def _sheet_came(self, event: SheetCame) -> None:
        is_same = self._shown == (event.place, event.tab)
        self._shown = (event.place, event.tab)
        self._details.show(event.lines, event.tab, keep=event.keep and is_same)
        self._ask_for_all_of_it()

    def _ask_for_all_of_it(self) -> None:
        """Once, and not before what is looked at is painted: reading takes the interpreter."""
        if not self._is_asked_whole and self._opened is not None and not self._opened.is_whole:
            self._is_asked_whole = True
            self.call_after_refresh(self.action_reload)

    def action_tab(self, tab: Tab) -> None:
        self._details.tab = tab
        self._ask_for_sheet()

    def action_jump(self, kind: str, by: int) -> None:
        """To the next failed step, tool or prompt; folded ones, too."""
        opened, here = self._opened, self._steps.place
        if opened is None or here is None:
            return
        places = range(here + 1, len(opened.nodes)) if by > 0 else range(here - 1, -1, -1)
        for place in places:
            step = opened.nodes[place].step
            if step.kind == kind or (kind == "error" and step.status == "error"):
                self._steps.go_to_place(place)
                return
        self.tell(f"no {'further' if by > 0 else 'earlier'} {kind}")

    def action_replay(self) -> None:
        if self._steps.step is not None:
            self.host.open_replay(self._run, self._steps.step.step_id)

    # Find

    def action_find(self) -> None:
        entry = self.query_one("#find", Input)
        entry.add_class("-shown")
        self.set_focus(entry)

    @on(Input.Submitted, "#find")
    def _look_for(self, event: Input.Submitted) -> None:
        words = event.value.strip()
        self._steps.focus()
        if words:
            self._find(words)
        else:
            self._end_find()

    def _find(self, words: str) -> None:
        opened = self._opened
        if opened is None:
            self._end_find()
        elif opened.is_whole:
            self.beside("find", lambda: self.FoundCame(words, holding(opened.nodes, words)))
        else:
            self.wait_for_words(partial(self._find, words))

    @on(FoundCame)
    def _found_came(self, event: FoundCame) -> None:
        self._steps.found = set(event.places)
        self._steps.refresh()
        steps = several(len(event.places), "step")
        self.tell(f"{steps} with {event.words!r}{'; f and F go through them' if event.places else ''}")
        if event.places and self._steps.place not in self._steps.found:
            self.action_found(1)

    def action_found(self, by: int) -> None:
        """To the next of them, and around the end."""
        places, here = sorted(self._steps.found, reverse=by < 0), self._steps.place
        if not places or here is None:
            self.tell("nothing was looked for: / finds words in this run")
            return
        beyond = [place for place in places if (place - here) * by > 0]
        self._steps.go_to_place((beyond or places)[0])

    def _end_find(self) -> None:
        self.wait_no_longer()
        self.query_one("#find", Input).remove_class("-shown")
        self._steps.found = set()
        self._steps.refresh()

    def action_diff(self) -> None:
        """With the run that was marked; else, of a fork, with the run that it is of."""
        if self._opened is not None:
            run_id, marked = self._opened.run.row.run_id, self.host.marked
            if marked and marked != run_id:
                self.host.open_diff(marked, run_id)
            else:
                self.open_diff_with_parent(run_id)

    def no_fork(self, run_id: str) -> None:
        self.host.marked = run_id
        self.tell("no fork, so it is marked as A: d on another run compares them")

    def action_back(self) -> None:
        """Out of what was looked for first, then out of the run."""
        if self.query_one("#find").has_class("-shown"):
            self._steps.focus()
            self._end_find()
        else:
            self.action_leave()
