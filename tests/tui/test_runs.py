"""The screen of runs, as it is used."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client
from rich.text import Text
from tests.collector.database import folder_of, fresh_database
from tests.collector.facade.port import TokenGate, serving
from tests.tui.conftest import MakeApp, client_of
from tests.tui.story import Story, tell
from tests.tui.told import NOW, answered
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.widgets import Label

import playhead_tui.runs.screen
import playhead_tui.runs.summary
import playhead_tui.screen
from playhead_collector.facade import ChdbEngine
from playhead_collector.read.remarks import Remark
from playhead_collector.read.runs import RunRow
from playhead_collector.read.source import Source
from playhead_collector.store.engine import Engine
from playhead_tui.app import PlayheadApp, Start
from playhead_tui.reading import Reader
from playhead_tui.runs.histogram import TimeBars
from playhead_tui.runs.query import QueryInput
from playhead_tui.runs.screen import RunsScreen
from playhead_tui.runs.table import RunTable

SIZES = {"80x24": (80, 24), "120x36": (120, 36)}


@pytest.mark.parametrize("size", SIZES)
def test_runs_are_searched_sorted_and_narrowed(make_app: MakeApp, size: str) -> None:
    async def story(told: Story) -> None:
        told.look("playhead tui")
        await told.press("j", "j", "down")
        told.look("j j down: another run, and what is remarkable about it")
        await told.press("slash")
        await told.paste("status:error")
        await told.press("enter")
        told.look("/ status:error: only these; the facets still show what else there is")
        await told.press("slash", "ctrl+u")
        await told.paste("agnet:support")
        await told.press("enter")
        told.look("/ agnet:support: what is not understood is underlined, and the runs stay")
        await told.press("escape", "slash", "ctrl+u", "enter", "o", *["down"] * 5, "enter")
        told.look("o: by steps")
        await told.press("h", "right", "shift+left", "shift+left")
        told.look("h, shift+left: bars are drawn over")
        await told.press("enter")
        told.look("enter: narrowed to their time")
        told.check(f"runs-{size}")

    tell(make_app(), story, SIZES[size])


def test_columns_are_what_the_window_has_room_for_whether_its_runs_scroll_or_not(make_app: MakeApp) -> None:
    async def story(told: Story) -> None:
        def titles() -> str:
            return next(line for line in told.screen().splitlines() if "first words" in line).partition("▕")[2]

        table = told.app.screen.query_one(RunTable)
        assert table.show_vertical_scrollbar
        before = titles()
        assert " err " in before
        await told.press("slash")
        await told.paste("agnt:x")
        # What is wrong with it takes its lines from the table, which lays itself out anew.
        await told.press("enter")
        assert titles() == before
        await told.press("ctrl+u", "enter", "escape")
        assert titles() == before
        await told.press("slash")
        await told.paste("status:open")
        await told.press("enter")
        assert not table.show_vertical_scrollbar
        assert titles() == before

    # With one cell less it would have one column less.
    tell(make_app(), story, (140, 20))


def test_a_facet_is_put_into_the_line_and_taken_out_again(make_app: MakeApp) -> None:
    async def story(told: Story) -> None:
        entry, table = told.app.screen.query_one(QueryInput), told.app.screen.query_one(RunTable)
        everything = table.count
        # The first line is the field, the second its most frequent value.
        told.app.screen.query_one("#facets").focus()
        await told.press("down", "enter")
        assert entry.value == "status:ok" and 0 < table.count < everything
        await told.press("enter")
        assert entry.value == "" and table.count == everything

    tell(make_app(), story)


def test_a_search_is_saved_under_a_name_and_found_again(make_app: MakeApp) -> None:
    async def save(told: Story) -> None:
        await told.press("s")
        await told.paste("errors of today")
        await told.press("enter")
        assert 'errors of today" = "status:error since:1d"' in told.app.searches.read_text(encoding="utf-8")

    async def find(told: Story) -> None:
        await told.press("l", "enter")
        assert told.app.screen.query_one(QueryInput).value == "status:error since:1d"
        assert told.app.screen.query_one(RunTable).count == 1

    async def forget(told: Story) -> None:
        await told.press("l", "x")
        assert "deleted 'errors of today'" in told.notices()
        assert told.app.screen.query_one(RunTable).has_focus and "errors of" not in told.app.searches.read_text()
        await told.press("l")
        assert "no searches are saved" in told.notices()

    tell(make_app(query="status:error since:1d"), save)
    tell(make_app(), find)
    tell(make_app(), forget)


def test_a_search_completes_fields_and_values_that_there_are(make_app: MakeApp) -> None:
    async def story(told: Story) -> None:
        await told.press("slash", *"ver", "right", *"1.4.1", "enter")
        assert told.app.screen.query_one(QueryInput).value == "version:1.4.1"
        assert told.app.screen.query_one(RunTable).count == 12
        await told.press("slash", "space", *"user:user-", "right")
        assert told.app.screen.query_one(QueryInput).value == "version:1.4.1 user:user-0"
        await told.press("space", *"sta", "tab", "e", "tab")
        assert told.app.screen.query_one(QueryInput).value == "version:1.4.1 user:user-0 status:error"
        await told.press("tab")
        assert not told.app.screen.query_one(QueryInput).has_focus, "nothing is offered"

    tell(make_app(), story)


def test_a_title_that_is_clicked_sorts_and_clicked_again_turns_around(make_app: MakeApp) -> None:
    async def story(told: Story) -> None:
        table = told.app.screen.query_one(RunTable)
        place = told.screen().splitlines()[4].index("tokens") + 1
        await told.pilot.click(offset=(place, 4))
        await told.settle()
        assert (table.order.by, table.order.descending) == ("tokens", True)
        most = table.run
        await told.pilot.click(offset=(place, 4))
        await told.settle()
        assert (table.order.by, table.order.descending) == ("tokens", False)
        assert most is not None and table.run is not None and (most.input_tokens or 0) > (table.run.input_tokens or 0)

    tell(make_app(), story)


def test_a_column_of_words_is_sorted_by_the_alphabet_first(make_app: MakeApp) -> None:
    async def story(told: Story) -> None:
        table, screen = told.app.screen.query_one(RunTable), told.app.screen
        assert isinstance(screen, RunsScreen)
        screen.sort("agent")
        await told.settle()
        assert table.run is not None and not table.order.descending
        first = table.run.agent
        screen.sort("agent")
        await told.settle()
        assert table.run is not None and table.run.agent > first

    tell(make_app(), story)


def test_enter_twice_at_once_opens_a_run_once(make_app: MakeApp) -> None:
    async def story(told: Story) -> None:
        before = len(told.app.screen_stack)
        await told.press_at_once("enter", "enter")
        assert len(told.app.screen_stack) == before + 1

    tell(make_app(), story)


def test_a_run_is_marked_and_marked_no_longer(make_app: MakeApp) -> None:
    async def story(told: Story) -> None:
        table = told.app.screen.query_one(RunTable)
        await told.press("d")
        assert table.run is not None and table.marked == table.run.run_id and "…A" in told.screen()
        await told.press("d")
        assert table.marked == "" and "…A" not in told.screen()

    tell(make_app(), story)


def test_bars_that_the_mouse_is_drawn_over_narrow_to_their_time(make_app: MakeApp) -> None:
    async def story(told: Story) -> None:
        entry = told.app.screen.query_one(QueryInput)
        bars = told.app.screen.query_one(TimeBars)
        assert bars.histogram is not None
        await told.pilot.mouse_down(bars, offset=(1, 0))
        await told.pilot.hover(bars, offset=(20, 0))
        await told.pilot.mouse_up(bars, offset=(20, 0))
        await told.settle()
        assert entry.value.startswith("since:2026-11-19T") and " until:2026-11-19T" in entry.value
        assert told.app.screen.query_one(RunTable).count == 12
        bars.focus()
        await told.press("backspace")
        assert entry.value == "" and told.app.screen.query_one(RunTable).count == 16

    tell(make_app(), story)


def test_what_arrives_is_shown_as_it_does_while_the_list_is_followed(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(playhead_tui.runs.screen, "FOLLOW_S", 0.1)
    with fresh_database(engine, tmp_path) as database:
        first, second = answered(1, NOW - timedelta(minutes=9)), answered(2, NOW - timedelta(minutes=2))
        database.insert(first.body())
        database.recompute()
        gate = TokenGate({"token": database.name})
        with serving(ChdbEngine(str(folder_of(engine))), gate=gate) as port:
            reader = Reader(lambda again: Source(client_of(port)))
            app = PlayheadApp(Start("s", query="agent:support"), reader, now=lambda: NOW, searches=tmp_path / "s.toml")

            async def story(told: Story) -> None:
                table = told.app.screen.query_one(RunTable)
                await told.pilot.press("f")
                assert table.count == 1 and "following · 1 run" in told.screen()
                database.insert(second.body())
                database.recompute()
                while table.count < 2:
                    await told.pilot.pause(0.02)
                # What is read stays on top, as long as nobody has gone further down.
                assert table.run is not None and table.run.run_id == second.run_id
                await told.pilot.press("f")
                assert "no longer following" in told.notices()
                await told.pilot.pause()
                assert "following ·" not in told.screen()

            tell(app, story)


def test_runs_of_another_search_are_not_counted_as_what_was_found(make_app: MakeApp) -> None:
    async def story(told: Story) -> None:
        screen = told.app.screen
        assert isinstance(screen, RunsScreen) and "16 runs" in told.screen()
        screen.search("tool:none-has-this")
        await told.pilot.pause(0)
        assert str(screen.query_one("#matching", Label).content) == "looking …"
        await told.settle()
        assert "0 runs" in told.screen()

    tell(make_app(), story)


@pytest.mark.parametrize("run", ["", "0015"])
def test_every_key_of_a_screen_is_in_the_palette_and_its_help(make_app: MakeApp, run: str) -> None:
    async def story(told: Story) -> None:
        screen = told.app.screen
        told_by_palette = {command.help for command in told.app.get_system_commands(screen)}
        for binding in type(screen).BINDINGS:
            assert isinstance(binding, Binding) and binding.description
            first_key = binding.key.split(",")[0]
            names = {f"key {told.app.get_key_display(one)}" for one in binding.make_bindings([binding])}
            assert names & told_by_palette, first_key
        await told.press("question_mark")
        for binding in type(screen).BINDINGS:
            assert isinstance(binding, Binding) and binding.description[1:] in told.screen()
        await told.press("question_mark")
        assert told.app.screen is screen

    tell(make_app(run=run), story, (120, 60))


def test_all_keys_can_be_read_in_a_small_window_without_a_mouse(make_app: MakeApp) -> None:
    async def story(told: Story) -> None:
        await told.press("question_mark")
        assert "Next line" in told.screen() and "Service levels" not in told.screen()
        await told.press("end")
        assert "Service levels" in told.screen() and "Next line" not in told.screen()
        await told.press("home", "j")
        assert told.app.screen.query_one(VerticalScroll).scroll_y == 1
        await told.press("k", "q")
        assert isinstance(told.app.screen, RunsScreen)

    tell(make_app(), story, (80, 24))


@pytest.mark.parametrize(("run", "leave"), [("", "q quit"), ("0015", "q back")])
def test_the_line_of_keys_is_never_cut_and_always_says_how_to_leave(make_app: MakeApp, run: str, leave: str) -> None:
    async def story(told: Story) -> None:
        for width in (120, 80, 50, 120):
            await told.pilot.resize_terminal(width, 24)
            await told.settle()
            line = told.screen().splitlines()[-1]
            assert leave in line and "? help" in line and line.endswith("^p palette")
            said = {binding.description for _, binding, _, _ in told.app.screen.active_bindings.values()}
            keys = line.replace("▏", " ").replace("save search", "save_search").split()
            assert {key.replace("_", " ") for key in keys[1::2]} <= said, width
            assert width == 50 or len(keys) > 12

    tell(make_app(run=run), story)


def test_an_action_is_done_from_the_palette(make_app: MakeApp) -> None:
    async def story(told: Story) -> None:
        await told.press("ctrl+p")
        await told.paste("Light or dark")
        await told.press("enter")
        assert told.app.theme == "playhead-light"
        await told.press("ctrl+t")
        assert told.app.theme == "playhead-dark"

    tell(make_app(), story)


def note_remarks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The runs that are asked about, as they are; each is remarkable."""
    asked: list[str] = []

    def remarks_on(client: Client, runs: Sequence[RunRow], now: datetime) -> dict[str, list[Remark]]:
        asked.extend(run.run_id for run in runs)
        return {run.run_id: [Remark(f"remarkable {run.run_id}")] for run in runs}

    monkeypatch.setattr(playhead_tui.runs.summary, "remarks_on", remarks_on)
    return asked


def test_a_key_that_is_held_asks_only_of_the_run_at_which_it_rests(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = note_remarks(monkeypatch)
    monkeypatch.setattr(playhead_tui.screen, "REST_S", 1.0)

    async def story(told: Story) -> None:
        table = told.app.screen.query_one(RunTable)
        asked.clear()
        for _ in range(5):
            told.app.simulate_key("j")
        await told.settle()
        assert table.cursor == 5
        assert table.run is not None
        assert asked == [table.run.run_id]

    tell(make_app(), story)


def test_a_run_that_one_comes_back_to_is_not_asked_for_again_until_the_list_is(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = note_remarks(monkeypatch)

    async def story(told: Story) -> None:
        table = told.app.screen.query_one(RunTable)
        seen: list[str] = []
        for key in ("G", "k", "G", "k", "R", "G"):
            await told.press(key)
            assert table.run is not None and table.run.status != "open"
            seen.append(table.run.run_id)
            assert f"remarkable {table.run.run_id}" in told.screen()
        last, other = seen[0], seen[1]
        assert last != other and asked.count(last) == 2 and asked.count(other) == 1

    tell(make_app(query="status:ok"), story)


def test_what_scrolls_is_not_drawn_anew_and_what_changed_is(make_app: MakeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []
    draw = RunTable.draw

    def noted(table: RunTable, line: int, width: int) -> Text:
        drawn.append(line)
        return draw(table, line, width)

    monkeypatch.setattr(RunTable, "draw", noted)

    async def story(told: Story) -> None:
        table = told.app.screen.query_one(RunTable)
        await told.press("G")
        await told.press("g")
        drawn.clear()
        await told.press("j")
        assert sorted(set(drawn)) == [0, 1]
        drawn.clear()
        await told.press("d")
        assert set(drawn) >= set(table.visible_lines)

    tell(make_app(), story, (80, 16))
