"""What a backup is read from: a store that this process has open, or a server. A collector serves the same (serve.py).

Every query is a handle's of its own: a query on a handle with an open stream is refused, or silently returns nothing.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Protocol, cast

from clickhouse_connect.driver.client import Client

from playhead.errors import UsageError
from playhead_collector.errors import StoreUnavailable
from playhead_collector.store.address import DEFAULT_PROJECT, Address, Server, checked_project, is_project
from playhead_collector.store.ddl import Form
from playhead_collector.store.migrations import check_restored
from playhead_collector.store.payload_retention import payload_retention_of
from playhead_collector.store.query import load
from playhead_collector.store.retention import DEFAULT_RETENTION_DAYS, retention_of

CHUNK = 1 << 20
# FINAL reads all parts of a partition at once, and rows of a deep run are megabytes: few of them at a time.
READING = {"max_threads": 2, "max_block_size": 1000, "log_queries": 0}
# What a statement that began before may still be putting into tables, in seconds; a segment takes one or two.
_PATIENCE_S = 600.0
_WORD = re.compile(r"[A-Za-z0-9_]+")


@dataclass(frozen=True, slots=True)
class Stored:
    """A project as its database holds it."""

    project: str
    schema: int
    retention_days: int
    tables: dict[str, list[str]]
    """The columns of each table that are stored from what is inserted."""
    payload_days: int | None = None


class Origin(Protocol):
    def projects(self) -> list[Stored]: ...

    def settle(self) -> None:
        """Returns when every insert that had begun is whole, in all of its tables."""
        ...

    def partitions(self, project: str, table: str) -> list[str]: ...

    def rows(self, project: str, table: str, columns: Sequence[str], partition: str) -> Iterator[bytes]:
        """The rows of a partition, each once, in the format Native."""
        ...


class StoreOrigin:
    """A store that can be asked in SQL. `connect` gives a handle of its own, in the database that is named."""

    def __init__(
        self, address: Address, connect: Callable[[str | None], Client], settled: Callable[[], None] | None = None
    ) -> None:
        self._address = address
        self._connect = connect
        self._settled = settled
        self._form = Form(cluster=address.cluster if isinstance(address, Server) else None)

    def projects(self) -> list[Stored]:
        with self._connect(None) as client:
            names = [str(name) for (name,) in client.query(load("migrated_databases")).result_rows]
            default = self._address.database
            # Beside a project's database may be the one of its figures (store/figures.py), whose name is no project's.
            ours = [
                name
                for name in names
                if name == default or (name.startswith(f"{default}_") and is_project(name.removeprefix(f"{default}_")))
            ]
            for name in ours:
                check_restored(client, name)
        found = [DEFAULT_PROJECT if name == default else name.removeprefix(f"{default}_") for name in ours]
        return [self._stored(project) for project in sorted(found)]

    def settle(self) -> None:
        if self._settled is not None:
            self._settled()
        elif isinstance(self._address, Server):
            self._wait_for_inserts()

    def partitions(self, project: str, table: str) -> list[str]:
        with self._connect(self._database(project)) as client:
            sql = load("partitions").replace("{{parts}}", self._form.system("parts"))
            values = {"database": client.database, "table": self._form.stored(table), "plain": table}
            return [str(partition) for (partition,) in client.query(sql, parameters=values).result_rows]

    def rows(self, project: str, table: str, columns: Sequence[str], partition: str) -> Generator[bytes, None, None]:
        # Checked by shape: a statement of names cannot bind them.
        if not all(_WORD.fullmatch(name) for name in (table, *(part for c in columns for part in c.split(".")))):
            raise UsageError(f"{table!r} is no table of a store, or has no such columns")
        listed = ", ".join(f"`{column}`" for column in columns)
        sql = f"SELECT {listed} FROM {table} FINAL WHERE _partition_id = {{partition:String}}"  # noqa: S608 - checked
        with self._connect(self._database(project)) as client:
            given = {"partition": partition}
            stream = cast(BinaryIO, client.raw_stream(sql, given, settings=dict(READING), fmt="Native"))
            try:
                while piece := stream.read(CHUNK):
                    yield piece
            finally:
                stream.close()

    def _database(self, project: str) -> str:
        return self._address.database_of(checked_project(project))

    def _stored(self, project: str) -> Stored:
        with self._connect(self._database(project)) as client:
            schema = int(client.query("SELECT max(number) FROM migrations").result_rows[0][0])
            tables: dict[str, list[str]] = {}
            for name, column in client.query(load("stored_columns")).result_rows:
                plain = str(name).removesuffix("_local") if self._form.cluster else str(name)
                tables.setdefault(plain, []).append(str(column))
            days = retention_of(client) or DEFAULT_RETENTION_DAYS
            return Stored(project, schema, days, tables, payload_retention_of(client))

    def _wait_for_inserts(self) -> None:
        """Of all nodes; a collector's inserts are seen by its own user, or by one who may see all processes."""
        sql = load("running_inserts").replace("{{processes}}", self._form.system("processes"))
        with self._connect(None) as client:
            waited = {tuple(row) for row in client.query(sql).result_rows}
            deadline = time.monotonic() + _PATIENCE_S
            while waited:
                if time.monotonic() > deadline:
                    raise StoreUnavailable(
                        f"an insert into {self._address} goes on for more than {_PATIENCE_S:.0f} s, and a backup "
                        "would have half of it: see system.processes, and try again when it has ended"
                    )
                time.sleep(0.1)
                waited &= {tuple(row) for row in client.query(sql).result_rows}
