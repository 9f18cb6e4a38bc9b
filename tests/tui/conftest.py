"""One store with fixed runs behind one reading port, for all tests of the screens; they only read it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import clickhouse_connect
import pytest
from clickhouse_connect.driver.client import Client
from tests.collector.database import StoreDatabase, folder_of, fresh_database
from tests.collector.facade.port import Port, TokenGate, serving
from tests.tui.alerting import tell_alerts
from tests.tui.told import NOW, all_runs

from playhead_collector.facade import ChdbEngine
from playhead_collector.read.source import Source
from playhead_collector.store.engine import Engine
from playhead_tui.app import PlayheadApp, Start
from playhead_tui.reading import Reader


@pytest.fixture(scope="session")
def told(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreDatabase]:
    with fresh_database(engine, tmp_path_factory.mktemp("told")) as database:
        # Requests one after the other are one request, too.
        database.insert(b"".join(run.body().SerializeToString() for run in all_runs()))
        database.recompute()
        yield database


@pytest.fixture(scope="session")
def port(told: StoreDatabase) -> Iterator[Port]:
    with serving(ChdbEngine(str(folder_of(told.engine))), gate=TokenGate({"token": told.name})) as port:
        yield port


@pytest.fixture(scope="session")
def alerted(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreDatabase]:
    """The same runs, and alerts about them."""
    with fresh_database(engine, tmp_path_factory.mktemp("alerted")) as database:
        database.insert(b"".join(run.body().SerializeToString() for run in all_runs()))
        database.recompute()
        tell_alerts(database.client)
        yield database


@pytest.fixture(scope="session")
def alerts_port(alerted: StoreDatabase) -> Iterator[Port]:
    with serving(ChdbEngine(str(folder_of(alerted.engine))), gate=TokenGate({"token": alerted.name})) as port:
        yield port


def client_of(port: Port) -> Client:
    return clickhouse_connect.get_client(
        host=port.host, port=port.port, access_token="token", autogenerate_session_id=False
    )


MakeApp = Callable[..., PlayheadApp]


@pytest.fixture
def make_app(port: Port, tmp_path: Path) -> MakeApp:
    """An app on the fixed runs, at a fixed time, with a query and a run to begin with."""

    def make(query: str = "", run: str = "") -> PlayheadApp:
        start = Start("chdb:///var/lib/playhead/store", query=query, run=run)
        searches = tmp_path / "config" / "searches.toml"
        return PlayheadApp(start, Reader(lambda again: Source(client_of(port))), now=lambda: NOW, searches=searches)

    return make
