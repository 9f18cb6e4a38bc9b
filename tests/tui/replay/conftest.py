"""A store with the runs of kept recordings, and an app on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.collector.facade.port import Port
from tests.tui.compared import reading
from tests.tui.conftest import client_of
from tests.tui.replay.executing import DESK, LOOP, RECORDINGS, ROOT, Make
from tests.tui.told import NOW

from playhead_collector.read.source import Source
from playhead_collector.store.engine import Engine
from playhead_tui.app import PlayheadApp, Start
from playhead_tui.reading import Reader


@pytest.fixture(scope="session")
def port(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Port]:
    recordings = [RECORDINGS / f"{name}.playhead" for name in ("desk", "hostile")]
    with reading(engine, tmp_path_factory.mktemp("recorded"), LOOP, recordings=recordings) as port:
        yield port


@pytest.fixture
def make_app(port: Port, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    monkeypatch.chdir(ROOT)

    def make(replay: str = DESK, step: int | None = None, run: str = "", checkout: Path | None = None) -> PlayheadApp:
        start = Start("chdb:///var/lib/playhead/store", replay=replay, step=step, run=run, checkout=checkout)
        reader = Reader(lambda again: Source(client_of(port)))
        return PlayheadApp(start, reader, now=lambda: NOW, searches=tmp_path / "searches.toml")

    return make
