"""What is said of a run from the screen: what is asked, what goes to the store, and what is shown of it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from tests.collector.database import StoreDatabase, folder_of, fresh_database
from tests.collector.facade.port import Port, TokenGate, serving
from tests.tui.conftest import client_of
from tests.tui.story import Story, tell
from tests.tui.told import NOW, all_runs

from playhead.feedback import LABEL, NOTE, Feedback
from playhead_collector.facade import ChdbEngine
from playhead_collector.read.source import Source
from playhead_collector.receive.scores import request_of
from playhead_collector.store.engine import Engine
from playhead_tui.app import PlayheadApp, Start
from playhead_tui.reading import Reader
from playhead_tui.runs.query import QueryInput, completion


@pytest.fixture(scope="module")
def scored(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[StoreDatabase, Port]]:
    """The fixed runs in a database of their own: here something is said of them."""
    with fresh_database(engine, tmp_path_factory.mktemp("scored")) as database:
        database.insert(b"".join(run.body().SerializeToString() for run in all_runs()))
        database.recompute()
        with serving(ChdbEngine(str(folder_of(engine))), gate=TokenGate({"token": database.name})) as port:
            yield database, port


def test_a_run_is_scored_from_the_screen_and_says_so_at_its_top(
    scored: tuple[StoreDatabase, Port], tmp_path: Path
) -> None:
    database, port = scored

    def say(said: Sequence[Feedback]) -> None:
        database.insert(request_of((one, int(NOW.timestamp() * 1e9)) for one in said))
        database.recompute({one.run for one in said})

    async def story(told: Story) -> None:
        await told.press("S")
        await told.paste("helpful=0.4 tone=bad refund-bug")
        await told.press("enter")
        await told.paste("asked Ann twice")
        await told.press("enter", "ctrl+u")
        await told.paste("ann")
        await told.press("enter")
        assert "helpful 0.4, tone bad, label refund-bug, a note" in told.notices()
        assert "helpful 0.4 (by ann)" in told.screen() or "asked Ann twice (by ann)" in told.screen()
        assert "C " in told.screen()
        await told.press("S")
        await told.paste("helpful=")
        await told.press("enter")
        await told.paste("asked Ann a third time")
        await told.press("enter", "enter")
        assert "✗ 'helpful=' is no score" in told.screen() and "asked Ann a third time" in told.screen()
        await told.paste("0.1")
        await told.press("enter", "enter", "enter")
        assert "helpful 0.1, a note" in told.notices()
        await told.press("q", "R", "slash")
        await told.paste("score.h")
        line = told.app.screen.query_one(QueryInput)
        await told.press("right")
        assert line.value == "score.helpful<"
        await told.paste("0.5 label:ref")
        await told.press("right", "enter")
        assert line.value == "score.helpful<0.5 label:refund-bug"
        assert "1 run" in told.screen()

    start = Start("chdb:///var/lib/playhead/store", run="0015")
    searches = tmp_path / "searches.toml"
    tell(
        PlayheadApp(start, Reader(lambda again: Source(client_of(port))), now=lambda: NOW, searches=searches, say=say),
        story,
    )


def _say(database: StoreDatabase, run: str, *said: tuple[str, float | str | None, str]) -> None:
    """Scores and labels of a run, and notes, a second after the other."""
    feedback = (Feedback(run, name=name, value=value, comment=comment, by="ann") for name, value, comment in said)
    at = int(NOW.timestamp())
    database.insert(request_of((one, (at + second) * 10**9) for second, one in enumerate(feedback)))
    database.recompute({run})


def _app(port: Port, run: str, tmp_path: Path) -> PlayheadApp:
    start = Start("chdb:///var/lib/playhead/store", run=run)
    searches = tmp_path / "searches.toml"
    return PlayheadApp(start, Reader(lambda again: Source(client_of(port))), now=lambda: NOW, searches=searches)


def test_all_that_is_said_of_a_run_is_at_its_top_or_said_to_be_there(
    scored: tuple[StoreDatabase, Port], tmp_path: Path
) -> None:
    database, port = scored
    run = next(run.run_id for run in all_runs() if run.number == 3)
    four = (
        ("kind", 0.4, ""),
        ("mood", "bad", ""),
        (LABEL, "late", ""),
        (NOTE, None, "asked Bob, " + "and asked " * 20),
    )
    _say(database, run, *four)

    async def all_of_it(told: Story) -> None:
        head = told.screen().partition("output")[0]
        assert all(words in head for words in ("kind 0.4", "mood bad", "label late", "asked Bob")), head
        assert "… all of it: m" in head, head

    tell(_app(port, run, tmp_path), all_of_it, (140, 40))

    async def counted(told: Story) -> None:
        head = told.screen().partition("output")[0]
        assert "label late" in head and "asked Bob" in head and "kind 0.4" not in head, head
        assert "+2 more: m" in head, head
        await told.press("m")
        whole = told.screen()
        assert all(words in whole for words in ("kind 0.4", "mood bad", "label late", "asked Bob")), whole
        assert whole.count("and asked") >= 20
        await told.press("q")
        assert "+2 more: m" in told.screen()

    tell(_app(port, run, tmp_path), counted, (80, 24))


def test_names_of_scores_are_completed_as_they_were_given() -> None:
    known = {"score": ["Tone-2", "very helpful"], "label": ["refund-bug"]}
    assert completion("cost>1 score.T", known) == "cost>1 score.Tone-2<"
    assert completion("score.v", known) is None
    assert completion("label:r", known) == "label:refund-bug"
    assert completion("lab", known) == "label:"


def test_the_first_screen_loads_no_server_and_no_store() -> None:
    code = "import sys, playhead_tui.app; print(*sorted({'chdb', 'fastapi', 'grpc', 'uvicorn'} & set(sys.modules)))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.split() == []
