"""The screen of service levels: what `playhead slo` says, by any group and window, and the runs behind each figure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Static

from playhead.errors import UsageError
from playhead.printable import printable, several
from playhead_collector.slo.levels import GROUPS
from playhead_collector.slo.objectives import users_objectives
from playhead_tui.header import Header
from playhead_tui.keys import Keys
from playhead_tui.levels.asking import WINDOWS, Figures, View, figures
from playhead_tui.levels.behind import query_of_level, query_of_objective
from playhead_tui.levels.sheets import sheet_of_budget, sheet_of_level
from playhead_tui.levels.tables import GroupTable, ObjectiveTable
from playhead_tui.lines import Lines
from playhead_tui.run.pane import SheetPane
from playhead_tui.screen import PlayheadScreen

AGAIN_S = 30.0


class LevelsScreen(PlayheadScreen):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w", "window(1)", "window"),
        Binding("W", "window(-1)", "A shorter window", show=False),
        Binding("b", "by(1)", "group by"),
        Binding("B", "by(-1)", "Group by what was before", show=False),
        Binding("o", "make", "objectives"),
        Binding("R", "reload", "Ask again", show=False),
        Binding("escape,q", "back", "back", key_display="q"),
    ]

    @dataclass
    class FiguresCame(Message):
        figures: Figures

    def __init__(self) -> None:
        super().__init__()
        self._view = View()
        self._figures: Figures | None = None

    def compose(self) -> ComposeResult:
        yield Header()
        yield Static("asking …", id="levels-head")
        with Horizontal(id="levels"):
            with Vertical(id="levels-left"):
                yield ObjectiveTable(id="objectives")
                yield GroupTable(id="groups")
            yield SheetPane(("behind the figure",), id="level-pane")
        yield Keys()

    @property
    def _objectives(self) -> ObjectiveTable:
        return self.query_one(ObjectiveTable)

    @property
    def _groups(self) -> GroupTable:
        return self.query_one(GroupTable)

    def on_mount(self) -> None:
        self._objectives.display = False
        self._groups.focus()
        self.call_after_refresh(self.action_reload)
        self.set_interval(AGAIN_S, self._ask_again)

    @on(SheetPane.Widened)
    def _widened(self) -> None:
        self._show_sheet()

    # The figures

    def action_reload(self) -> None:
        view, now, file = self._view, self.host.now(), self.host.start.objectives
        self.ask("figures", lambda client: self.FiguresCame(figures(client, view, now, file)))

    def store_found(self) -> None:
        self.action_reload()

    def _ask_again(self) -> None:
        if self.is_current and not self.host.store.trouble:
            self.action_reload()

    @on(FiguresCame)
    def _figures_came(self, event: FiguresCame) -> None:
        self._figures = event.figures
        self._objectives.show(event.figures.budgets)
        self._show()

    def _show(self) -> None:
        told = self._figures
        if told is not None:
            self._groups.show(told.view.by, told.groups, told.trends)
            self.query_one("#levels-head", Static).update(self._head(told))
            self._show_sheet()

    def _head(self, told: Figures) -> Text:
        head = Text(f"by {told.view.by}, runs that ended in the last {told.view.window}", style="bold")
        head.append(f" · {several(sum(level.runs for level in told.groups), 'run')}")
        if told.acceptance.score:
            accepted = f"{printable(told.acceptance.score)} ≥ {told.acceptance.least:g}"
            head.append(f" · a success is accepted where {accepted}", style="dim")
        if told.trouble:
            head.append(f"\n✗ {printable(told.trouble)}", style="bold red")
        elif not told.budgets:
            head.append("\nno objectives are set: o says how to set some", style="dim")
        if not told.groups:
            head.append("\nno run ended in this window: w takes a longer one")
        return head

    def refused(self, why: str) -> None:
        if self._figures is not None:
            super().refused(why)
        else:
            self.query_one("#levels-head", Static).update(Text(f"✗ {printable(why)}", style="bold red"))

    # What is under the cursor

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        self._show_sheet()

    @on(Lines.Moved, "#objectives")
    @on(Lines.Moved, "#groups")
    def _show_sheet(self) -> None:
        pane, told = self.query_one(SheetPane), self._figures
        if told is None:
            return
        width = pane.scrollable_content_region.width - 2
        budget, level = self._objectives.here, self._groups.here
        if budget is not None and self._objectives.has_focus:
            lines = sheet_of_budget(budget, width)
        elif level is not None:
            lines = sheet_of_level(level, told.trends.get(level.name, ()), told.window, width)
        else:
            lines = []
        pane.show(lines, pane.tab, keep=False)

    @on(Lines.Chosen, "#objectives")
    def _objective_chosen(self) -> None:
        budget = self._objectives.here
        if budget is not None:
            self.host.open_runs(query_of_objective(budget.objective))

    @on(Lines.Chosen, "#groups")
    def _group_chosen(self) -> None:
        level = self._groups.here
        if level is not None and self._figures is not None:
            try:
                self.host.open_runs(query_of_level(level, self._figures.view))
            except UsageError as error:
                self.tell(str(error))

    # Keys

    def action_window(self, by: int) -> None:
        self._look_at(replace(self._view, window=_next(tuple(WINDOWS), self._view.window, by)))

    def action_by(self, by: int) -> None:
        self._look_at(replace(self._view, by=_next(GROUPS, self._view.by, by)))

    def _look_at(self, view: View) -> None:
        self._view = view
        head = Text(f"by {view.by}, runs that ended in the last {view.window} · asking …", style="bold")
        self.query_one("#levels-head", Static).update(head)
        self.action_reload()

    def action_make(self) -> None:
        """Where the file is, and what stands in it."""
        file = self.host.start.objectives or users_objectives()
        self.tell(
            f'{file} holds objectives, each as: [[objective]] name = "answers in time"; indicator = "latency" (or '
            '"success", "unaided", "cost"); at_most = 30; target = 0.95; window = "30d". It is read again by itself.'
        )

    def action_back(self) -> None:
        self.action_leave()


def _next(values: tuple[str, ...], here: str, by: int) -> str:
    """Around the end."""
    return values[(values.index(here) + by) % len(values)]
