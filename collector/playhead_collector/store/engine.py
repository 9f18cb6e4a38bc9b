"""One way to speak to a ClickHouse that is embedded (chDB) and to one that is a server: `clickhouse-connect`.

What this module hides of chDB, so that nobody else needs to know:
- One process may have one engine over one folder. A second process would fail with an error that explains nothing, so a
  lock file beside the folder names the holder.
- Session state (`USE`, `SET`) belongs to a handle, and a query on a handle whose stream is open silently returns
  nothing: every thread that works by itself takes a handle of its own with `connect`.
- Per-call settings are applied with SET and taken back, some milliseconds each time; settings that a handle always
  needs are given once, when it is made.
- An insert's data is named by file (`FROM INFILE`), which the engine reads by itself; a server gets the same bytes as
  the body.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any
from weakref import WeakSet

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, OperationalError

from playhead_collector.errors import StoreLocked, StoreUnavailable, first_line
from playhead_collector.store.address import Address, Embedded, Server
from playhead_collector.store.ddl import protobuf_schema_path
from playhead_collector.store.embedding import load_chdb

log = logging.getLogger(__name__)

COLLECTOR, A_COMMAND = "playhead-collector", "playhead-command"
_LOCK_ATTEMPTS = 5
# What the engine makes first: a start that was cut short leaves no more.
_BEGUN = {"data", "store", "tmp"}


# What the tables of a cluster need of every handle. The spool lets go of a segment when its insert returns, and runs
# are computed from what was just inserted, so an insert waits for its shards, and there for a majority of the replicas,
# and a read is answered by a replica that has it all. Quorums are without gaps: one insert a table at a time; of two
# collectors that meet one tries again. Subqueries look at all shards.
CLUSTER_SETTINGS: Mapping[str, Any] = {
    "distributed_foreground_insert": 1,
    "insert_quorum": "auto",
    "insert_quorum_parallel": 0,
    "select_sequential_consistency": 1,
    "distributed_product_mode": "global",
    "parallel_distributed_insert_select": 0,
    # Seconds that a statement for all nodes may take, mutations included.
    "distributed_ddl_task_timeout": 600,
}


# An expression that is asked for the third time would be compiled: a second of CPU for the views, the rules of alerts
# and the rest of a collector's statements, while somebody waits. Over 200,000 runs no question was answered faster.
_EMBEDDED_SETTINGS: Mapping[str, Any] = {
    "compile_expressions": 0,
    "compile_aggregate_expressions": 0,
    "compile_sort_description": 0,
}


class Engine:
    """A ClickHouse, embedded or not. Closing it is safe twice."""

    def __init__(self, address: Address, known_as: str = A_COMMAND) -> None:
        """`known_as` is what it calls itself to a server."""
        self.address = address
        self._known_as = known_as
        # Not kept by this: closed as they were, the handles of four backups held 225 MB.
        self._clients: WeakSet[Client] = WeakSet()
        self._lock: IO[str] | None = None
        self.inserting = threading.Lock()
        """Held while a segment is inserted into an embedded store: two at once would take the memory of two."""
        if isinstance(address, Embedded):
            self._lock = _lock_folder(address.path)
            self.announce({})

    def connect(
        self, database: str | None = None, settings: Mapping[str, Any] | None = None, patience_s: int = 600
    ) -> Client:
        """A handle of its own. Without a database it is in `default`, which always exists. A server that does not
        answer for as long as its patience is taken for gone.
        """
        try:
            if isinstance(self.address, Embedded):
                load_chdb()
                client = clickhouse_connect.get_client(
                    interface="chdb",
                    path=str(self.address.path),
                    database=database or "default",
                    settings={**_EMBEDDED_SETTINGS, **(settings or {})},
                )
            else:
                client = _connect_server(self.address, database, settings, patience_s, self._known_as)
        except (ClickHouseError, OSError, RuntimeError) as error:
            if isinstance(self.address, Embedded):
                raise StoreUnavailable(
                    f"the store {self.address} cannot be opened: {first_line(error)}. Where the engine named a file "
                    "before this, it is damaged: restore the folder from a backup"
                ) from error
            hint = "Is it running, and are address and password right?"
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                hint = "Name the authority that signed its certificate: ?ca_cert=/path/to/ca.pem"
            raise StoreUnavailable(f"the store {self.address} does not answer: {first_line(error)}. {hint}") from error
        self._clients.add(client)
        return client

    def insert_otlp(self, client: Client, table: str, message: str, path: Path, token: str) -> None:
        """One file, one INSERT, in the format ProtobufSingle. Embedded, its bytes never pass through Python."""
        if isinstance(self.address, Embedded):
            # By its path: a schema given as text would be cached in whatever folder the process happens to be in.
            given = {"insert_deduplication_token": token, "format_schema": f"{protobuf_schema_path()}:{message}"}
            settings = ", ".join(f"{name} = {_literal(value)}" for name, value in given.items())
            with self.inserting:
                client.command(
                    f"INSERT INTO {table} FROM INFILE {_literal(str(path))} SETTINGS {settings} FORMAT ProtobufSingle"
                )
        else:
            client.raw_insert(
                table,
                insert_block=path.read_bytes(),
                settings={
                    "insert_deduplication_token": token,
                    "format_schema_source": "string",
                    "format_schema": protobuf_schema_path().read_text(encoding="utf-8"),
                    "format_schema_message_name": message,
                },
                fmt="ProtobufSingle",
            )

    def insert_native(self, client: Client, table: str, columns: Sequence[str], path: Path) -> None:
        """Rows out of a file in the format Native, compressed with zstd."""
        if isinstance(self.address, Embedded):
            listed = ", ".join(f"`{column}`" for column in columns)
            client.command(
                f"INSERT INTO {table} ({listed}) FROM INFILE {_literal(str(path.resolve()))} COMPRESSION 'zstd' "
                "FORMAT Native"
            )
        else:
            with path.open("rb") as file:
                client.raw_insert(
                    table, column_names=list(columns), insert_block=file, fmt="Native", compression="zstd"
                )

    def announce(self, presence: Mapping[str, object]) -> None:
        """Writes into the lock file who has the folder open, and how to read through it. A server needs none."""
        if self._lock is not None:
            self._lock.seek(0)
            self._lock.truncate(0)
            json.dump({"pid": os.getpid(), **presence}, self._lock)
            self._lock.flush()

    def close(self) -> None:
        for client in list(self._clients):
            client.close()
        self._clients.clear()
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def is_transient(error: BaseException) -> bool:
    """Whether the same insert may work later: the store is away or overloaded, rather than the data wrong."""
    if isinstance(error, (OperationalError, StoreUnavailable, OSError)):
        return True
    text = str(error)
    # Memory, parts, readonly, network, keeper, shutdown, timeouts, disk: things that pass or that an operator mends.
    transient = (
        "MEMORY_LIMIT_EXCEEDED",
        "TOO_MANY_PARTS",
        "TABLE_IS_READ_ONLY",
        "NETWORK_ERROR",
        "KEEPER_EXCEPTION",
        "ABORTED",
        "TIMEOUT_EXCEEDED",
        "SOCKET_TIMEOUT",
        "NOT_ENOUGH_SPACE",
        "TOO_MANY_SIMULTANEOUS_QUERIES",
        "CANNOT_WRITE_TO_FILE",
        "CANNOT_OPEN_FILE",
        "UNKNOWN_DATABASE",
        "UNKNOWN_TABLE",
        "AUTHENTICATION_FAILED",
        "UNSATISFIED_QUORUM",
        "UNKNOWN_STATUS_OF_INSERT",
        "REPLICA_IS_NOT_IN_QUORUM",
        "ALL_CONNECTION_TRIES_FAILED",
        "ACCESS_DENIED",
        "QUOTA_EXCEEDED",
        "READONLY",
        "CANNOT_FSYNC",
        "QUERY_WAS_CANCELLED",
        "errno: 28",
    )
    return any(mark in text for mark in transient)


def _connect_server(
    address: Server, database: str | None, settings: Mapping[str, Any] | None, patience_s: int, known_as: str
) -> Client:
    return clickhouse_connect.get_client(
        host=address.host,
        port=address.port,
        username=address.user,
        password=address.password,
        database=database or "default",
        interface="https" if address.secure else "http",
        settings={**(CLUSTER_SETTINGS if address.cluster else {}), **(settings or {})},
        connect_timeout=5,
        send_receive_timeout=patience_s,
        autogenerate_session_id=False,
        # Bound values in the body: a thousand run ids make a URL that not every proxy lets through.
        form_encode_query_params=True,
        ca_cert=str(address.ca_cert) if address.ca_cert is not None else None,
        client_name=known_as,
    )


def _lock_folder(path: Path) -> IO[str]:
    _check_folder(path)
    try:
        # What agents are told is nobody else's to read.
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.mkdir(exist_ok=True, mode=0o700)
        lock = (path.parent / f"{path.name}.lock").open("a+", encoding="utf-8")
    except OSError as error:
        raise StoreUnavailable(
            f"the store {path} cannot be opened: {error.strerror or error} ({error.filename}); "
            "name a folder of yours with --store or PLAYHEAD_STORE"
        ) from error
    if not _locked(lock):
        lock.seek(0)
        holder = lock.read().strip()
        lock.close()
        raise StoreLocked(
            f"the embedded store {path} is open in another process ({_holder(holder)}). Read through it "
            "(--store is found by itself while a collector runs), or stop it first"
        )
    return lock


def is_store(path: Path) -> bool:
    """Whether an embedded store was made in this folder."""
    return (path / "metadata").is_dir()


def check_owner(path: Path) -> None:
    """Root may not open a store that is another user's: what it makes beside it or in it would be root's. One look by
    root, with no collector running, began the audit log; the collector, who could not write it, let nobody read.
    """
    if os.geteuid() == 0 and is_store(path) and (owner := (path / "metadata").stat().st_uid) != 0:
        raise StoreUnavailable(
            f"the store {path} is user {owner}'s, and what root writes there would shut that user out: run this as "
            f"that user (sudo --user='#{owner}' …), or while its collector runs"
        )


def _check_folder(path: Path) -> None:
    """The engine would spread its files among whatever is there."""
    if path.exists() and not path.is_dir():
        raise StoreUnavailable(f"{path} is a file, and an embedded store is a folder: name one with --store")
    if path.is_dir() and not is_store(path) and {entry.name for entry in path.iterdir()} - _BEGUN:
        raise StoreUnavailable(
            f"{path} holds files, none of which are a store's: name a folder for it alone with --store"
        )
    check_owner(path)


def _locked(lock: IO[str]) -> bool:
    """Tries a few times: who asks for `presence` holds the lock for an instant, and must not keep a collector out."""
    for attempt in range(_LOCK_ATTEMPTS):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.01 * (attempt + 1))
        else:
            return True
    return False


def presence(path: Path) -> dict[str, Any] | None:
    """What the process that has an embedded folder open wrote about itself; None where no process has."""
    file = path.parent / f"{path.name}.lock"
    try:
        with file.open("r", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return dict(json.loads(lock.read() or "{}"))
    except (OSError, ValueError):
        return None
    return None


def _holder(text: str) -> str:
    try:
        return f"process {json.loads(text)['pid']}"
    except (ValueError, KeyError, TypeError):
        return "unknown process"


def _literal(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
