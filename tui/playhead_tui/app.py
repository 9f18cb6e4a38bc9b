"""The terminal interface: one store, the screens over it, and whether it answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.screen import Screen

from playhead.errors import UsageError
from playhead_collector.read.filter import RunFilter
from playhead_collector.read.overview import Totals, totals_of_runs
from playhead_collector.store.address import DEFAULT_PROJECT
from playhead_tui.header import Header, StoreState
from playhead_tui.lines import Lines
from playhead_tui.reading import QuestionRefused, Reader, StoreLost
from playhead_tui.runs.histogram import TimeBars
from playhead_tui.runs.saved import searches_file
from playhead_tui.runs.screen import RunsScreen
from playhead_tui.screen import REST_S, PlayheadScreen
from playhead_tui.theme import DARK, LIGHT

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from playhead.feedback import Feedback
    from playhead_collector.alerts.marks import Kind
    from playhead_collector.alerts.standing import Standing

# How often the store is asked how much it holds, and, while it is lost, whether it is there again.
LOOK_S = 10.0
RETRY_S = 1.0


Mark = Callable[["Kind", Mapping[str, object]], str]


def _no_mark(kind: Kind, said: Mapping[str, object]) -> str:
    raise UsageError("nothing can be said of alerts from here; 'playhead alerts ack' and 'silence' do")


Say = Callable[[Sequence["Feedback"]], None]


def _no_say(said: Sequence[Feedback]) -> None:
    raise UsageError("nothing can be said of runs from here; 'playhead score' does")


@dataclass(frozen=True, slots=True)
class Start:
    """What the app begins with."""

    store: str
    project: str = DEFAULT_PROJECT
    """Empty where a token alone names it: the store says which that is."""
    query: str = ""
    run: str = ""
    """A run to open at once: its id, or the beginning of it."""
    replay: str | Path = ""
    """A run to replay at once, as `run`, or a file that holds its recording."""
    step: int | None = None
    """Of the replay, where it begins."""
    python: str | None = None
    """The interpreter that replays and forks take; None is this one."""
    checkout: Path | None = None
    """Where the code of what is replayed and forked is, if not where it was recorded."""
    diff: tuple[str, str] | None = None
    """Two runs to compare at once."""
    rules: Path | None = None
    """The folder of rules that alerts are of, beside the shipped ones; this user's where none is named."""
    alert_settings: Path | None = None
    """The file that says which figures rules are asked with; this user's where none is named."""
    objectives: Path | None = None
    """The file of objectives that service levels are held against."""


Whose = Callable[["Client"], str]
"""The project that a client reads."""


class PlayheadApp(App[None]):
    TITLE = "playhead"
    CSS_PATH = Path(__file__).with_name("app.tcss")
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("A", "alerts", "Alerts", show=False),
        Binding("L", "levels", "Service levels", show=False),
        Binding("question_mark", "show_help_panel", "help", key_display="?"),
        Binding("ctrl+t", "switch_theme", "Light or dark", show=False),
        Binding("ctrl+c,ctrl+q", "quit", "Quit", show=False, priority=True),
    ]

    store: reactive[StoreState] = reactive(StoreState("", ""), init=False)

    @dataclass
    class Looked(Message):
        """How much the store holds, and whose that is."""

        totals: Totals
        project: str
        opened_here: bool

    @dataclass
    class AlertsLooked(Message):
        """How many alerts fire, and how many of them were seen; None where nobody knows."""

        firing: int | None
        seen: int

    @dataclass
    class LookFailed(Message):
        why: str

    def __init__(
        self,
        start: Start,
        reader: Reader,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        searches: Path | None = None,
        mark: Mark = _no_mark,
        say: Say = _no_say,
        whose: Whose = lambda client: DEFAULT_PROJECT,
    ) -> None:
        """`mark` says something of alerts where the store is: what, and of which; `say` something of runs; `whose` runs
        these are is asked where it was not named.
        """
        super().__init__()
        self.start = start
        self.reader = reader
        self.now = now
        self.searches = searches or searches_file()
        self.mark = mark
        self.say = say
        self._whose = whose
        self.set_reactive(PlayheadApp.store, StoreState(start.store, start.project))
        self.marked = ""
        """A run that the next one marked is compared with."""
        # Before anything is there: all that is would be styled anew.
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = DARK.name

    def get_default_screen(self) -> RunsScreen:
        return RunsScreen(self.start.query)

    def on_mount(self) -> None:
        if self.start.run:
            self.open_run(self.start.run)
        if self.start.replay:
            self.open_replay(self.start.replay, number=self.start.step)
        if self.start.diff is not None:
            self.open_diff(*self.start.diff)
        self.set_interval(LOOK_S, self.look)
        self.set_interval(RETRY_S, self._retry)

    def on_unmount(self) -> None:
        self.reader.close()

    @work(group="look at rest")
    async def look_at_rest(self) -> None:
        """Once the first rows are there, and whoever goes on at once has gone on."""
        await asyncio.sleep(REST_S)
        self.look()

    @work(thread=True, exclusive=True, group="look")
    def look(self) -> None:
        """At how much the store holds, and what fires."""
        try:
            totals = self.reader.ask(lambda client: totals_of_runs(client, RunFilter()))
            project = self.store.project or self.reader.ask(self._whose)
        except (StoreLost, QuestionRefused, UsageError) as error:
            self.post_message(self.LookFailed(str(error)))
            return
        self.post_message(self.Looked(totals, project, self.reader.opened_here))
        self._look_at_alerts()
        # Whoever looks at runs opens one, and would wait for these for a third of a second; that prices say how many
        # tokens a model takes is asked for where keys are handled.
        import playhead_collector.store.prices  # noqa: F401
        import playhead_tui.run.screen  # noqa: F401

    def _look_at_alerts(self) -> None:
        """A store of an older schema has none, and a user may not be let: then nobody knows, which is not zero."""
        # Only here: the first rows need not wait for it.
        from playhead_collector.alerts.standing import rules_asked, standing_alerts

        now = self.now()
        try:
            alerts = self.reader.ask(lambda client: standing_alerts(client, now))
            is_known = self.reader.ask(rules_asked).is_current
        except (StoreLost, QuestionRefused, UsageError):
            alerts, is_known = [], False
        self.alerts_looked(alerts, is_known=is_known)

    def alerts_looked(self, alerts: Iterable[Standing], *, is_known: bool) -> None:
        """How they stand; where it is not known whether there are more, none is not said to be zero."""
        firing = [one.is_seen for one in alerts if one.fires]
        self.post_message(self.AlertsLooked(len(firing) if firing or is_known else None, sum(firing)))

    def _retry(self) -> None:
        if self.store.trouble:
            self.look()

    @on(Looked)
    def _looked(self, event: Looked) -> None:
        was_lost = bool(self.store.trouble)
        told = event.totals
        self.store = replace(
            self.store, runs=told.runs, steps=told.steps, open_runs=told.open_runs, trouble="",
            project=event.project, opened_here=event.opened_here,
        )  # fmt: skip
        if was_lost:
            for screen in self.screen_stack:
                if isinstance(screen, PlayheadScreen) and screen.is_mounted:
                    # In its turn: a store that comes back at once may find a screen that is not filled yet.
                    screen.call_later(screen.store_found)

    @on(AlertsLooked)
    def _alerts_looked(self, event: AlertsLooked) -> None:
        self.store = replace(self.store, firing=event.firing, seen=event.seen)

    @on(LookFailed)
    def _look_failed(self, event: LookFailed) -> None:
        self.store_lost(event.why)

    def watch_store(self, store: StoreState) -> None:
        for screen in self.screen_stack:
            for header in screen.query(Header):
                header.show(store)

    def store_lost(self, why: str) -> None:
        """Shown on every screen until the store answers."""
        self.store = replace(self.store, trouble=why or "the store does not answer", firing=None)

    def open_run(self, run_id: str, step_id: str | None = None, *, steps: int | None = None) -> None:
        """At a step, where one is named; `steps` where it is known how many there are."""
        # Only here: the first rows need not wait for it, and the first look at the store has loaded it by then.
        from playhead_tui.run.opened import open_first
        from playhead_tui.run.screen import RunScreen

        asked = self.reader.ask_soon(lambda client: open_first(client, run_id, step_id, steps))
        self.push_screen(RunScreen(run_id, step_id, asked))

    def open_replay(self, run: str | Path, step_id: str | None = None, *, number: int | None = None) -> None:
        """Of the store, or of a file. Executed again up to where this step begins, by its id or its number from 1; else
        to its first one.
        """
        from playhead_tui.replay.screen import ReplayScreen

        self.push_screen(ReplayScreen(run, step_id, number))

    def open_runs(self, query: str) -> None:
        """Above the screen that asks for them."""
        # As above.
        from playhead_tui.runs.within import RunsWithin

        self.push_screen(RunsWithin(query))

    def action_alerts(self) -> None:
        # As above.
        from playhead_tui.alerts.screen import AlertsScreen

        self._go_to(AlertsScreen)

    def action_levels(self) -> None:
        # As above.
        from playhead_tui.levels.screen import LevelsScreen

        self._go_to(LevelsScreen)

    def _go_to(self, kind: type[PlayheadScreen]) -> None:
        """Back to one that is open, or to a new one."""
        if not any(isinstance(screen, kind) for screen in self.screen_stack):
            self.push_screen(kind())
        while not isinstance(self.screen, kind):
            self.pop_screen()

    def open_diff(self, a: str, b: str) -> None:
        """Of two runs; what was marked for one is marked no longer."""
        # As above.
        from playhead_tui.diff.screen import DiffScreen

        self.marked = ""
        self.push_screen(DiffScreen(a, b))

    def open_groups(self, query: str, a: str, b: str) -> None:
        """Of runs within a query."""
        # As above.
        from playhead_tui.diff.groups import GroupsScreen

        self.push_screen(GroupsScreen(query, a, b))

    def action_switch_theme(self) -> None:
        self.theme = LIGHT.name if self.theme == DARK.name else DARK.name

    def action_show_help_panel(self) -> None:
        """Not Textual's, which no key can scroll."""
        # As above.
        from playhead_tui.help import HelpScreen

        self.push_screen(HelpScreen(self.screen.active_bindings.values()))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Textual's own, and every action of the screen and of what has the focus."""
        yield from super().get_system_commands(screen)
        yield SystemCommand("Light or dark", "Switch between the two themes", self.action_switch_theme)
        yield SystemCommand("Alerts", "key A: what fires, and the runs that show it", self.action_alerts)
        yield SystemCommand("Service levels", "key L: success, cost, latency, error budgets", self.action_levels)
        told: set[str] = set()
        for node, binding, enabled, _ in screen.active_bindings.values():
            is_ours = isinstance(node, (PlayheadScreen, Lines, TimeBars))
            if is_ours and enabled and binding.description and binding.action not in told:
                told.add(binding.action)
                name = binding.description[0].upper() + binding.description[1:]
                yield SystemCommand(name, f"key {self.get_key_display(binding)}", self._doing(node, binding.action))

    def _doing(self, node: object, action: str) -> Callable[[], None]:
        async def do() -> None:
            await self.run_action(action, node)  # type: ignore[arg-type]

        def soon() -> None:
            self.call_later(do)

        return soon
