"""What traces hold is shown and never obeyed, on every screen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.collector.database import folder_of, fresh_database
from tests.collector.facade.port import TokenGate, serving
from tests.tui.conftest import client_of
from tests.tui.story import Story, tell
from tests.tui.told import EVIL, NOW, hostile

from playhead_collector.facade import ChdbEngine
from playhead_collector.read.source import Source
from playhead_collector.store.engine import Engine
from playhead_tui.app import PlayheadApp, Start
from playhead_tui.reading import Reader
from playhead_tui.runs.saved import write_searches
from playhead_tui.screen import PlayheadScreen

# What a terminal acts on, or shows in another order.
OBEYED = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
SIZES = [(80, 24), (140, 50)]


@pytest.fixture(scope="module")
def reader(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    with fresh_database(engine, tmp_path_factory.mktemp("hostile")) as database:
        told = hostile(66, NOW), hostile(67, NOW, "\x1b[32mgreen \u202e")
        database.insert(b"".join(run.body().SerializeToString() for run in told))
        database.recompute()
        gate = TokenGate({"token": database.name})
        with serving(ChdbEngine(str(folder_of(engine))), gate=gate) as port:
            yield Reader(lambda again: Source(client_of(port)))


@pytest.mark.parametrize("size", SIZES)
def test_hostile_text_is_shown_on_every_screen_and_never_obeyed(
    reader: Reader, tmp_path: Path, size: tuple[int, int]
) -> None:
    app = PlayheadApp(Start("chdb:///x\x1b[2J"), reader, now=lambda: NOW, searches=tmp_path / "searches.toml")
    seen: list[str] = []

    async def story(told: Story) -> None:
        async def look(*keys: str) -> None:
            await told.press(*keys)
            screen = told.screen()
            assert OBEYED.findall(screen) == []
            # No line is longer than the screen: nothing broke out of its cell.
            assert all(len(line) <= size[0] for line in screen.splitlines())
            seen.append(screen)

        await look()
        await look("v")
        await look("escape", "enter")
        for _ in range(4):
            for tab in "1234":
                await look(tab)
            await look("down")
        # What is five megabytes long, at its end.
        await look("g", "t", "1")
        await look("tab", "end")
        await told.press("slash")
        await told.paste("red")
        await look("enter")
        # Beside another that is as hostile, and beside itself: what differs, what is equal, what is long.
        for other in (f"{67:04x}" * 8, f"{66:04x}" * 8):
            told.app.open_diff(f"{66:04x}" * 8, other)
            for keys in ((), ("x",), ("w",), ("G",), ("n",), ("pageup",)):
                await look(*keys)
        told.app.open_groups("", f"agent:*{EVIL[:4]}*", 'steps>0 "red"')
        await look()
        told.app.open_groups("", "run:0042", "run:0043")
        for keys in ((), ("x",), ("w",), ("G",)):
            await look(*keys)

    tell(app, story, size)
    everything = "\n".join(seen)
    assert "\\x1b[31m" in everything and "[bold red]" in everything and "😄" not in everything
    assert "more characters" in everything


def test_hostile_notices_names_of_searches_and_queries_are_shown_and_never_obeyed(
    reader: Reader, tmp_path: Path
) -> None:
    searches = tmp_path / "searches.toml"
    write_searches(searches, {EVIL: f'agent:"{EVIL}"', f"{EVIL} long": EVIL + "x" * 100_000})
    app = PlayheadApp(Start("store", query='agent:"[bold red]no[/]"'), reader, now=lambda: NOW, searches=searches)

    async def story(told: Story) -> None:
        async def look(*keys: str) -> str:
            await told.press(*keys)
            screen = told.screen()
            assert OBEYED.findall(screen) == []
            assert all(len(line) <= 100 for line in screen.splitlines())
            return screen

        screen = told.app.screen
        assert isinstance(screen, PlayheadScreen)
        screen.tell(EVIL + "x" * 5_000_000, is_error=True)
        assert "[bold red]no[/]" in await look()
        told.app.clear_notifications()
        # Whose name the question has, and who is listed.
        assert "[bold red]no[/]" in await look("s")
        await told.paste(EVIL.replace("\r", ""))
        await look("enter")
        assert "\\x1b[31mred" in await look("l")
        # Chosen, it is what the line says.
        await look("enter")
        await look("l", "down", "enter")
        await look("ctrl+p")

    tell(app, story, (100, 30))


def test_a_value_with_what_a_terminal_obeys_is_chosen_by_stars(reader: Reader, tmp_path: Path) -> None:
    app = PlayheadApp(Start("store"), reader, now=lambda: NOW, searches=tmp_path / "searches.toml")

    async def story(told: Story) -> None:
        told.app.screen.query_one("#facets").focus()
        await told.press("down", "down", "down", "enter")
        line = told.app.screen.query_one("#line").value  # type: ignore[attr-defined]
        assert line.startswith('agent:"') and OBEYED.search(line) is None and "*" in line
        assert "2 runs" in told.screen()

    tell(app, story, (140, 50))
