"""A store that does not answer is shown as such, and comes back by itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client
from tests.collector.database import StoreDatabase, folder_of
from tests.collector.facade.port import Port, TokenGate, serving
from tests.tui.conftest import client_of
from tests.tui.story import Story, tell
from tests.tui.told import NOW

import playhead_tui.app
from playhead_collector.errors import StoreUnavailable
from playhead_collector.facade import ChdbEngine
from playhead_collector.read.source import Source
from playhead_tui.app import PlayheadApp, Start
from playhead_tui.reading import Reader, StoreLost
from playhead_tui.runs.table import RunTable


def test_a_store_that_is_lost_is_said_to_be_and_is_read_again_when_it_is_back(
    told: StoreDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(playhead_tui.app, "RETRY_S", 0.05)
    engine, gate = ChdbEngine(str(folder_of(told.engine))), TokenGate({"token": told.name})
    there: list[Port] = []

    def open_it(again: bool) -> Source:
        if not there:
            raise StoreUnavailable("there is no store at /s and no collector that has it open: start one")
        return Source(client_of(there[0]))

    app = PlayheadApp(Start("chdb:///s"), Reader(open_it), now=lambda: NOW, searches=tmp_path / "searches.toml")

    async def until(story: Story, words: str) -> None:
        while words not in story.screen():
            await story.pilot.pause(0.02)

    async def story(used: Story) -> None:
        await until(used, "lost ✗")
        assert "there is no store at /s" in used.screen() and "trying again" in used.screen()
        with serving(engine, gate=gate) as port:
            there.append(port)
            await until(used, "live ●")
            await until(used, "16 runs")
            await used.settle()
            assert "trying again" not in used.screen()
        there.clear()
        await used.pilot.press("R")
        await until(used, "lost ✗")
        # What was there is still there to read, and keys are still heard.
        before = used.app.screen.query_one(RunTable).cursor
        await used.pilot.press("j")
        assert used.app.screen.query_one(RunTable).cursor == before + 1
        with serving(engine, gate=gate) as port:
            there.append(port)
            await until(used, "live ●")

    tell(app, story)


def test_whose_runs_they_are_is_asked_where_a_token_alone_says_it(port: Port, tmp_path: Path) -> None:
    searches = tmp_path / "searches.toml"
    reader = Reader(lambda again: Source(client_of(port)))
    start = Start("chdb:///s", project="")
    app = PlayheadApp(start, reader, now=lambda: NOW, searches=searches, whose=lambda client: "research")

    async def story(used: Story) -> None:
        assert "playhead  research ▸ " in used.screen().splitlines()[0]

    tell(app, story)


def test_a_question_that_the_store_refuses_is_no_lost_store(told: StoreDatabase, port: Port, tmp_path: Path) -> None:
    told.client.command("SELECT 1")
    reader = Reader(lambda again: Source(client_of(port)))
    app = PlayheadApp(Start("chdb:///s", query='"x"'), reader, now=lambda: NOW, searches=tmp_path / "searches.toml")

    async def story(used: Story) -> None:
        # A pattern of this length is more than the store's parser takes, and it says so.
        await used.press("slash", "ctrl+u")
        used.app.screen.query_one("#line").value = "agent:" + "a" * 300_000  # type: ignore[attr-defined]
        await used.press("enter")
        assert not used.app.store.trouble

    tell(app, story)


def test_a_collector_that_was_read_through_is_waited_for_and_its_folder_left_to_it(port: Port) -> None:
    """A terminal that took the folder would keep the collector from starting again."""
    asked: list[bool] = []

    def open_it(again: bool) -> Source:
        asked.append(again)
        return Source(client_of(port), opened=len(asked) == 1)

    def fail(client: Client) -> None:
        raise OSError("away")

    reader = Reader(open_it)
    for _ in range(3):
        with pytest.raises(StoreLost, match="does not answer: away"):
            reader.ask(fail)
    assert asked == [False, False, True]
