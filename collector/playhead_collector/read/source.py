"""Finds the store to read: through the collector that has it open, or by opening the folder when none does.

Readers speak ClickHouse's HTTP interface to an embedded collector exactly as they would to a server.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from playhead_collector.errors import StoreUnavailable, Unauthenticated
from playhead_collector.store.address import DEFAULT_PROJECT, Address, Embedded, Server
from playhead_collector.store.engine import presence
from playhead_collector.store.store import Store


@dataclass(frozen=True, slots=True)
class Source:
    """A handle for queries, and what has to be closed after them."""

    client: Client
    described: str
    store: Store | None = None

    def close(self) -> None:
        self.client.close()
        if self.store is not None:
            self.store.close()

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_source(address: Address, project: str = DEFAULT_PROJECT, token: str | None = None) -> Source:
    """A source for one project's runs. Raises StoreUnavailable with what to do."""
    if isinstance(address, Server):
        store = Store(address)
        return Source(store.reader(project), str(address), store)
    running = presence(address.path)
    if running is not None:
        return Source(_through_collector(address, running, project, token), f"{address} through its collector")
    if not address.path.exists():
        raise StoreUnavailable(
            f"there is no store at {address.path} and no collector that has it open: start one with 'playhead up', "
            "or name another with --store"
        )
    store = Store(address)
    return Source(store.reader(project), str(address), store)


def _through_collector(address: Embedded, running: Mapping[str, Any], project: str, token: str | None) -> Client:
    port = running.get("clickhouse")
    if not port:
        raise StoreUnavailable(
            f"process {running.get('pid')} has {address.path} open and is not (or not yet) a collector that can be "
            "read through; wait for it to finish"
        )
    host = str(running.get("host", "127.0.0.1"))
    try:
        return clickhouse_connect.get_client(
            host="127.0.0.1" if host in ("0.0.0.0", "::") else host,  # noqa: S104 - compared, not bound
            port=int(port),
            username="default",
            password=token or "",
            database=address.database_of(project),
            interface="https" if running.get("tls") else "http",
            verify=not running.get("tls"),
            autogenerate_session_id=False,
            connect_timeout=5,
        )
    except (ClickHouseError, OSError) as error:
        if "token" in str(error) or "AUTHENTICATION" in str(error):
            raise Unauthenticated(
                "the collector wants a read token: give --token or set PLAYHEAD_TOKEN to one that it was started with"
            ) from None
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise StoreUnavailable(
            f"the collector (process {running.get('pid')}) does not answer on port {port}: {first}"
        ) from error
