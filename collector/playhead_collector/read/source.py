"""Finds the store to read: through the collector that has it open, or by opening the folder when none does.

Readers speak ClickHouse's HTTP interface to an embedded collector exactly as they would to a server. Reading changes
nothing: no project's database is made because somebody asked for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import clickhouse_connect
import urllib3
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from playhead.errors import UsageError
from playhead_collector.errors import SchemaTooNew, StoreLocked, StoreUnavailable, Unauthenticated, first_line
from playhead_collector.running import Running, running
from playhead_collector.store.address import DEFAULT_PROJECT, Address, Embedded, Server
from playhead_collector.store.engine import Engine, is_store

# How long a command waits for another that has the folder open, or for a collector that is starting.
PATIENCE_S = 20.0

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Source:
    """A handle for queries, and what has to be closed after them."""

    client: Client
    close_store: Callable[[], None] = lambda: None
    opened: bool = False
    """Whether the folder was opened for this, as no collector runs."""

    def close(self) -> None:
        self.client.close()
        self.close_store()

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_source(
    address: Address,
    project: str | None = None,
    token: str | None = None,
    *,
    say: Say = lambda words: None,
    patience_s: float = PATIENCE_S,
    opens_folder: bool = True,
    settings: Mapping[str, str | int] | None = None,
    command: str = "",
) -> Source:
    """A source for one project's runs; without a project, for the token's or the default one's.

    `settings` are for a server; `command` is what the collector's audit log is to call this.
    Who stays for long says with `opens_folder` whether it may open one itself: no collector could, as long as it has.
    Raises StoreUnavailable with what to do.
    """
    if isinstance(address, Server):
        # A collector's port takes a token as the password, so one that is given beside an address without any is that.
        given = replace(address, password=token) if token and not address.password else address
        return _server(given, project, settings, command)
    deadline = time.monotonic() + patience_s
    told = False
    while True:
        found = running(address.path)
        if found is not None and found.clickhouse:
            return Source(_through(found, address, project, token, command))
        if found is None and not opens_folder:
            raise StoreUnavailable(
                f"the collector that had {address.path} open has stopped: start it with 'playhead up'"
            )
        if found is None:
            try:
                return _folder(address, project)
            except StoreLocked:
                found = running(address.path)
        if time.monotonic() >= deadline:
            holder = f"process {found.pid}" if found else "another process"
            raise StoreUnavailable(
                f"{holder} has {address.path} open, and is no collector that can be read through (or not yet); "
                "try again when it has finished"
            )
        if not told and found is not None:
            say(f"process {found.pid} has {address.path} open; waiting for it")
            told = True
        time.sleep(0.05)


def _folder(address: Embedded, project: str | None) -> Source:
    if not is_store(address.path):
        raise StoreUnavailable(
            f"there is no store at {address.path} and no collector that has it open: start one with 'playhead up', "
            "or name another with --store or PLAYHEAD_STORE"
        )
    # Only here: it brings the collector's whole way in with it, a third of a second for every command.
    from playhead_collector.store.store import Store

    store = Store(address)
    try:
        client = store.reader()
        if project not in (None, DEFAULT_PROJECT):
            _there(client, address, str(project))
            client = store.reader(str(project))
    except BaseException:
        store.close()
        raise
    return Source(client, store.close, opened=True)


def _server(address: Server, project: str | None, settings: Mapping[str, str | int] | None, command: str) -> Source:
    """Read only: no migration, so that a user who may only SELECT can read, also on an embedded collector elsewhere."""
    from playhead_collector.store.migrations import check_restored

    engine = Engine(address, f"playhead-{command}") if command else Engine(address)
    try:
        client = engine.connect()
        database = address.database_of(project or DEFAULT_PROJECT)
        # A collector's port says which project a token is for; a server knows none, and is asked for the default one.
        current = str(client.query("SELECT currentDatabase()").result_rows[0][0])
        if project is None and current != "default":
            database = current
        else:
            _there(client, address, project or DEFAULT_PROJECT)
        client = engine.connect(database, settings)
        check_restored(client, database)
        _check_schema(client, address)
    except ClickHouseError as error:
        engine.close()
        raise StoreUnavailable(f"the store {address} cannot be read: {first_line(error)}") from error
    except BaseException:
        engine.close()
        raise
    return Source(client, engine.close)


def _there(client: Client, address: Address, project: str) -> None:
    database = address.database_of(project)
    names = {str(name) for (name,) in client.query("SELECT name FROM system.databases").result_rows}
    if database not in names:
        if project == DEFAULT_PROJECT:
            raise StoreUnavailable(
                f"{address} holds no database {database}: is it the right store? "
                "A collector started with --store makes it"
            )
        raise UsageError(f"there is no project {project!r} in {address}; one begins when a token that names it sends")


def _check_schema(client: Client, address: Server) -> None:
    """As when a collector opens it, but changing nothing."""
    from playhead_collector.store import ddl

    applied = int(client.query("SELECT max(number) FROM migrations").result_rows[0][0])
    if applied > ddl.latest():
        raise SchemaTooNew(
            f"{address} has schema {applied}, and this Playhead knows up to {ddl.latest()}: "
            "upgrade it with pip install --upgrade playhead"
        )
    if applied < ddl.latest():
        raise StoreUnavailable(
            f"{address} has schema {applied}, and this Playhead reads {ddl.latest()}: "
            "start its collector once in this version, which brings it up to date"
        )


def _through(found: Running, address: Embedded, project: str | None, token: str | None, command: str) -> Client:
    trust = found.trust()
    try:
        return clickhouse_connect.get_client(
            host=found.host,
            port=int(found.clickhouse or 0),
            username="default",
            password=token or "",
            # Where no project is named, the collector takes the token's.
            database="default" if project is None else address.database_of(project),
            interface=found.scheme,
            # As many connections as a reader has questions at once (together.py).
            pool_mgr=urllib3.PoolManager(maxsize=8, ssl_context=trust) if trust else urllib3.PoolManager(maxsize=8),
            autogenerate_session_id=False,
            connect_timeout=5,
            client_name=f"playhead-{command}" if command else None,
        )
    except (ClickHouseError, OSError) as error:
        text = str(error)
        if "UNKNOWN_DATABASE" in text:
            raise UsageError(
                f"the collector does not let {'this token' if token else 'you'} read project {project!r}: each read "
                "token is for one project, and without tokens there is only 'default'"
            ) from None
        if "AUTHENTICATION" in text or "token" in text:
            if token:
                raise Unauthenticated(
                    f"the collector does not let this token read{f' project {project!r}' if project else ''}: "
                    "give one of its --read-token with --token or PLAYHEAD_TOKEN"
                ) from None
            raise Unauthenticated(
                "the collector takes a read token: give one of its --read-token with --token or PLAYHEAD_TOKEN"
            ) from None
        raise StoreUnavailable(
            f"the collector (process {found.pid}) does not answer on port {found.clickhouse}: {first_line(error)}"
        ) from error
