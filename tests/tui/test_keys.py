"""Every key of a screen is pressed, and does what it says; a binding that no story here presses fails its test."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.collector.facade.port import Port
from tests.tui.conftest import MakeApp
from tests.tui.story import Story, tell
from tests.tui.test_alerts import app_on
from textual.binding import Binding, BindingType
from textual.widgets import Tree

from playhead_tui.alerts.answering import AnsweringScreen
from playhead_tui.alerts.pane import AlertPane
from playhead_tui.alerts.screen import AlertsScreen
from playhead_tui.alerts.table import AlertTable
from playhead_tui.app import PlayheadApp
from playhead_tui.ask import AskLine, AskLines, AskOne
from playhead_tui.help import HelpScreen
from playhead_tui.lines import Lines
from playhead_tui.replay.screen import ReplayScreen
from playhead_tui.run.pane import SheetPane
from playhead_tui.run.screen import RunScreen
from playhead_tui.run.steps import Steps
from playhead_tui.run.told import ToldScreen
from playhead_tui.runs.histogram import TimeBars
from playhead_tui.runs.query import QueryInput
from playhead_tui.runs.screen import RunsScreen
from playhead_tui.runs.table import RunTable
from playhead_tui.scoring import ScoringScreen

# Pressed by the tests of alerts and service levels.
_ELSEWHERE = {"A", "L"}
# Pressed by the tests of leaving and of the palette.
_LEAVING = {"ctrl+c", "ctrl+q", "q"}


class Keys:
    """What was pressed, and the screen that this led to."""

    def __init__(self, told: Story) -> None:
        self.told = told
        self.pressed: set[str] = set()

    async def __call__(self, *keys: str) -> None:
        self.pressed.update(keys)
        await self.told.press(*keys)

    def at(self) -> object:
        return self.told.app.screen

    def covers(self, *places: type) -> None:
        for place in places:
            for binding in place.BINDINGS:  # type: ignore[attr-defined]
                assert _keys_of(binding) <= self.pressed | _LEAVING | _ELSEWHERE, f"{place.__name__}: {binding}"


def _keys_of(binding: BindingType) -> set[str]:
    return set((binding.key if isinstance(binding, Binding) else binding[0]).split(","))


def test_every_key_of_the_screen_of_runs_does_what_it_says(make_app: MakeApp) -> None:
    async def story(told: Story) -> None:
        press, app = Keys(told), told.app
        screen = app.screen
        table, bars, line = screen.query_one(RunTable), screen.query_one(TimeBars), screen.query_one(QueryInput)
        last = table.count - 1
        for key, place in (
            ("j", 1), ("down", 2), ("k", 1), ("up", 0), ("G", last), ("g", 0), ("end", last), ("home", 0),
            ("pagedown", last), ("pageup", 0), ("ctrl+d", last), ("ctrl+u", 0),
        ):  # fmt: skip
            await press(key)
            assert table.cursor == place, key
        await press("O")
        assert not table.order.descending
        await press("O", "o")
        assert table.order.descending and isinstance(press.at(), AskOne)
        await press("escape", "h")
        assert press.at() is screen and bars.has_focus
        at = bars.cursor
        await press("left")
        assert bars.cursor == at - 1
        await press("right", "shift+left", "shift+left", "shift+right")
        assert (bars.cursor, bars.drawn_from) == (at - 1, at)
        await press("enter")
        assert "since:" in line.value and table.count == 4
        await press("backspace")
        assert line.value == "" and table.count == last + 1
        await press("escape")
        assert table.has_focus
        await press("v")
        assert not screen.query_one(Tree).size
        await press("v")
        assert screen.query_one(Tree).has_focus
        await press("escape", "slash")
        assert line.has_focus
        await told.paste("status:error")
        await press("enter", "s")
        assert isinstance(press.at(), AskLine)
        await press("escape", "l")
        assert "no searches are saved" in told.notices()
        await press("d")
        assert app.marked and "marked as A" in told.notices()
        await press("d", "D")
        assert not app.marked and "no fork of another" in told.notices()
        await press("c")
        assert isinstance(press.at(), AskLines)
        await press("escape")
        await press("f")
        assert "following: what arrives" in told.notices()
        await press("f")
        assert "no longer following" in told.notices()
        await press("slash", "ctrl+u", "enter", "j", "R")
        assert table.cursor == 0
        await press("r")
        assert isinstance(press.at(), ReplayScreen)
        await press("q", "j", "enter")
        assert isinstance(press.at(), RunScreen)
        await press("q", "question_mark")
        assert isinstance(press.at(), HelpScreen)
        await press("question_mark", "ctrl+t")
        assert press.at() is screen and app.theme == "playhead-light"
        await press("S")
        assert isinstance(press.at(), AskLines)
        await press("escape")
        press.covers(RunsScreen, ScoringScreen, Lines, TimeBars, PlayheadApp)

    tell(make_app(), story)


def test_every_key_of_the_screen_of_a_run_does_what_it_says(make_app: MakeApp) -> None:
    async def story(told: Story) -> None:
        press, app = Keys(told), told.app
        screen = app.screen
        steps, details = screen.query_one(Steps), screen.query_one(SheetPane)
        assert steps.opened is not None
        nodes = steps.opened.nodes
        for key, back, kind in (("t", "T", "tool"), ("p", "P", "prompt")):
            await press(key, key)
            assert steps.place is not None and nodes[steps.place].step.kind == kind
            here = steps.place
            await press(back)
            assert steps.place < here and nodes[steps.place].step.kind == kind
        await press("g", "n", "n")
        place = steps.place
        assert place is not None and nodes[place].step.status == "error"
        await press("N")
        assert steps.place is not None and steps.place < place
        for key, tab in (("2", "context"), ("3", "state"), ("4", "raw"), ("1", "output")):
            await press(key)
            assert details.tab == tab
        await press("y")
        assert "── arguments" in app.clipboard
        await press("o")
        assert "cannot be handed over" in told.notices()
        await press("e")
        assert isinstance(press.at(), AskLine)
        await press("escape", "slash")
        await told.paste("window closed")
        await press("enter")
        found = sorted(steps.found)
        assert len(found) > 2 and steps.place in found
        here = found.index(steps.place)
        await press("f")
        assert steps.place == found[(here + 1) % len(found)]
        await press("F")
        assert steps.place == found[here]
        await press("escape")
        assert not steps.found and press.at() is screen
        await press("R")
        assert steps.place == found[here]
        await press("g", "space")
        assert steps.count == 1
        await press("space", "t", "enter")
        assert details.has_focus and steps.count == len(nodes)
        unfolded = details.count
        await press("g", *["j"] * 3, "space")
        assert details.count < unfolded
        await press("enter")
        assert details.count == unfolded
        await press("m")
        assert isinstance(press.at(), ToldScreen)
        await press("escape")
        await press("r")
        assert isinstance(press.at(), ReplayScreen)
        await press("q")
        assert press.at() is screen
        await press("d")
        assert app.marked and "marked as A" in told.notices()
        await press("S")
        assert isinstance(press.at(), AskLines)
        await press("escape")
        press.covers(RunScreen, ScoringScreen, Steps, SheetPane)
        await press("q")
        assert isinstance(press.at(), RunsScreen)

    tell(make_app(run="0015"), story)


def test_every_key_of_the_screen_of_alerts_does_what_it_says(alerts_port: Port, tmp_path: Path) -> None:
    async def story(told: Story) -> None:
        press = Keys(told)
        await press("A")
        screen = press.at()
        assert isinstance(screen, AlertsScreen)
        table, pane = screen.query_one(AlertTable), screen.query_one(AlertPane)
        for key, asked in (
            ("a", AskLines),
            ("s", AskLines),
            ("S", AskOne),
            ("f", AskOne),
            ("v", AskOne),
            ("b", AskLines),
        ):
            await press(key)
            assert isinstance(press.at(), asked), key
            await press("escape")
        for key, tab in (("2", "history"), ("3", "rule"), ("4", "backtest"), ("1", "alert")):
            await press(key)
            assert pane.tab == tab
        await press("v", "down", "down", "enter")
        assert table.count == 2
        await press("v", "enter", "j", "R")
        assert table.count == 5 and table.cursor == 1
        await press("g", "tab")
        assert pane.has_focus
        await press("end", "home")
        while pane.run_here is None:
            await press("j")
        await press("enter")
        assert isinstance(press.at(), RunScreen)
        await press("A")
        assert press.at() is screen
        await press("r")
        assert isinstance(press.at(), ReplayScreen)
        await press("q", "k", "space")
        assert pane.run_here is None
        await press("escape")
        assert table.has_focus
        await press("enter")
        assert isinstance(press.at(), RunScreen)
        await press("q", "q")
        assert isinstance(press.at(), RunsScreen)
        press.covers(AlertsScreen, AnsweringScreen, AlertPane)

    tell(app_on(alerts_port, tmp_path), story)


@pytest.mark.parametrize("key", sorted(_LEAVING))
def test_every_key_that_leaves_leaves(make_app: MakeApp, key: str) -> None:
    async def story(told: Story) -> None:
        await told.pilot.press(key)
        while told.app.is_running:
            await told.pilot.pause(0.01)

    app = make_app()
    tell(app, story)
    assert app.return_code == 0


def test_keys_that_come_at_once_leave_no_more_than_they_were_meant_for(make_app: MakeApp) -> None:
    async def story(told: Story) -> None:
        runs = told.app.screen
        await told.press("enter")
        await told.press_at_once("q", "q")
        assert told.app.screen is runs
        await told.press("A")
        await told.press_at_once("q", "escape", "q")
        assert told.app.screen is runs
        await told.press("question_mark")
        await told.press_at_once("q", "escape")
        assert told.app.screen is runs
        await told.press("S", "enter", "enter")
        await told.press_at_once("escape", "escape")
        assert told.app.screen is runs
        await told.press("o", "down")
        await told.press_at_once("enter", "enter")
        assert told.app.screen is runs

    tell(make_app(), story)
