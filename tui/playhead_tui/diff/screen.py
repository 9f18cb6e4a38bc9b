"""The screen of two runs: their steps beside each other, and what differs in each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from clickhouse_connect.driver.client import Client
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Static

from playhead_collector.read.run import Step
from playhead_replay.commands import diff_telling as telling
from playhead_tui.diff.compared import Compared, compare
from playhead_tui.diff.comparing import ComparingScreen
from playhead_tui.diff.head import head_of, where
from playhead_tui.diff.layout import Layout, Said, said_of
from playhead_tui.diff.pairs import Pairs
from playhead_tui.garbage import kept_out
from playhead_tui.header import Header
from playhead_tui.keys import Keys
from playhead_tui.lines import Lines
from playhead_tui.shown import one_line


class DiffScreen(ComparingScreen):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "difference(1)", "next"),
        Binding("N", "difference(-1)", "Difference before", show=False),
        Binding("w", "words", "words"),
        Binding("x", "equal", "equal"),
        Binding("r", "replay", "replay"),
        Binding("R", "reload", "Read both again", show=False),
        Binding("escape,q", "back", "back", key_display="q"),
    ]

    @dataclass
    class ComparedCame(Message):
        compared: Compared

    @dataclass
    class SaidCame(Message):
        compared: Compared
        layout: Layout
        said: Said

    @dataclass
    class ReplayCame(Message):
        """Whether the run of a step can be executed here."""

        step: Step
        why_not: str

    def __init__(self, a: str, b: str) -> None:
        super().__init__()
        self._runs = a, b
        self._compared: Compared | None = None
        self._words = False

    def compose(self) -> ComposeResult:
        yield Header()
        yield Static("reading …", id="diff-head", classes="compared")
        yield Pairs(id="pairs")
        yield Static(id="diff-at")
        yield Keys()

    @property
    def _pairs(self) -> Pairs:
        return self.query_one(Pairs)

    def on_mount(self) -> None:
        self._pairs.focus()
        self.call_after_refresh(self.action_reload)

    def on_resize(self) -> None:
        if self._compared is not None:
            self.call_after_refresh(self._lay_out)

    # The diff

    def action_reload(self) -> None:
        (a, b), reader = self._runs, self.host.reader

        def work(say: Callable[[str], None]) -> Message:
            with kept_out():
                return self.ComparedCame(compare(reader, a, b, say))

        self.compare(work)

    @on(ComparedCame)
    def _compared_came(self, event: ComparedCame) -> None:
        self._compared = event.compared
        self.has_come = True
        self._runs = event.compared.diff.a.run_id, event.compared.diff.b.run_id
        self._lay_out()

    def _lay_out(self) -> None:
        compared = self._compared
        if compared is not None:
            # A column is left for the scrollbar, which comes and goes.
            layout = Layout(self._pairs.size.width - 1, self._words)
            self.head.update(head_of(compared, layout))
            if not self._pairs.count:
                self.query_one("#diff-at", Static).update("laying out …")
            pairs, entries = compared.diff.pairs, compared.entries

            def work() -> Message:
                with kept_out():
                    return self.SaidCame(compared, layout, said_of(pairs, entries, layout))

            self.beside("said", work)

    @on(SaidCame)
    def _said_came(self, event: SaidCame) -> None:
        self._pairs.show(event.compared, event.layout, event.said)
        self._show_where()

    # The pair under the cursor

    @on(Lines.Moved, "#pairs")
    def _show_where(self) -> None:
        if self._compared is not None:
            pairs = self._pairs
            words = telling.where(pairs.pair) if pairs.pair is not None else ""
            line = where(self._compared, pairs.differences, pairs.cursor, words, self.size.width - 2)
            self.query_one("#diff-at", Static).update(line, layout=False)

    @on(Lines.Chosen, "#pairs")
    def _chosen(self) -> None:
        step = self._pairs.step
        if step is not None:
            self.host.open_run(step.run_id, step.step_id)

    def action_difference(self, by: int) -> None:
        if not self._pairs.go_to_difference(by):
            self.tell(f"no {'further' if by > 0 else 'earlier'} difference")

    def action_words(self) -> None:
        self._words = not self._words
        self._lay_out()

    def action_equal(self) -> None:
        self._pairs.toggle_equal()

    def action_replay(self) -> None:
        """Of the side's run, from the step under the cursor; on what is folded, from where the runs part."""
        step = self._pairs.step or self._pairs.first_step
        if step is not None:
            self.ask("replay", lambda client: _replay_of(client, step))

    @on(ReplayCame)
    def _replay_came(self, event: ReplayCame) -> None:
        if not self.is_current:
            return
        if not event.why_not:
            self.host.open_replay(event.step.run_id, event.step.step_id)
            return
        a, b = (run[:12] for run in self._runs)
        others = f"'playhead checkout {b} -o FOLDER', then 'playhead replay {a} --in FOLDER': A against B's code"
        self.tell(f"{event.step.run_id[:12]} cannot be executed here: {one_line(event.why_not, 200)}. {others}")


def _replay_of(client: Client, step: Step) -> Message:
    # Only here: what executes programs is not needed to compare runs.
    from playhead_tui.replay.opened import open_replay

    opened = open_replay(client, step.run_id)
    return DiffScreen.ReplayCame(step, "" if opened.entry is not None else opened.why_playback)
