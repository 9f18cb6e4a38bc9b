"""The store as the rest of the collector sees it: projects, and segments to be stored in them.

Every thread that works by itself opens its own `Handle`s; the raw client does not leave this package's modules except
through `reader`, which is for queries.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from pathlib import Path

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

import playhead
from playhead_collector.errors import READING_ONLY, StoreUnavailable, StoreUnsuitable
from playhead_collector.receive.check import check
from playhead_collector.receive.signal import Signal
from playhead_collector.spool.segment import Sealed
from playhead_collector.store import engine as engines
from playhead_collector.store.address import DEFAULT_PROJECT, Address, Embedded, Server
from playhead_collector.store.ddl import Form
from playhead_collector.store.engine import A_COMMAND, Engine
from playhead_collector.store.erase import Erased, Subject, erase, runs_of, sweep
from playhead_collector.store.figures import figures_name, make_figures
from playhead_collector.store.known import KnownPieces
from playhead_collector.store.migrations import check_suitable, migrate
from playhead_collector.store.payload_retention import keep_payloads_for, payload_retention_of
from playhead_collector.store.query import load
from playhead_collector.store.retention import DEFAULT_RETENTION_DAYS, keep_for, retention_of
from playhead_collector.store.runs import RECOMPUTING, recompute, reprice

log = logging.getLogger(__name__)

_TABLES = {Signal.TRACES: "otlp_traces", Signal.LOGS: "otlp_logs"}
_MESSAGES = {Signal.TRACES: "ExportTraceServiceRequest", Signal.LOGS: "ExportLogsServiceRequest"}


def insert_settings() -> dict[str, str | int]:
    """What every insert of a segment needs; each with the reason."""
    return {
        # Tells an absent value from an empty one.
        "input_format_protobuf_oneof_presence": 1,
        # An insert is durable when it returns, and is one block under one token.
        "async_insert": 0,
        "max_insert_threads": 1,
        "deduplicate_blocks_in_dependent_materialized_views": 1,
        # A resend may hold spans of many days.
        "max_partitions_per_insert_block": 0,
        # A quarter of an insert's fixed cost is planning the views; none of it pays off.
        "query_plan_enable_optimizations": 0,
        # Looks for chains of comparisons to complete; there are none, and it takes 40 ms to see that in the views.
        "optimize_and_compare_chain": 0,
        # The text index is built at the first merge; until then search reads the part.
        "exclude_materialize_skip_indexes_on_insert": "words",
        # Spans that a view has in hand at a time: what is made of them is copied several times on the way.
        # Each round costs 4 ms; twice as many at a time took 60 MB more.
        "max_block_size": 2000,
        # Copies within one block are left to merges and FINAL; looking for them costs a sixth of an insert.
        "optimize_on_insert": 0,
        "log_queries": 0,
    }


@dataclass(frozen=True, slots=True)
class _Writer:
    """Handles: what makes inserts cheap (no plan optimisation) would make a look-up by run read everything. One thread
    inserts and knows of pieces, another computes.
    """

    insert: Client
    compute: Client
    known: KnownPieces


class Store:
    """A ClickHouse that holds projects. Closing it is safe twice."""

    def __init__(
        self,
        address: Address,
        retention_days: Mapping[str, int] | None = None,
        payload_days: Mapping[str, int] | None = None,
        known_as: str = A_COMMAND,
    ) -> None:
        """`known_as` is what it calls itself to a server."""
        self.address = address
        self._payload_days = dict(payload_days or {})
        self._retention_days = dict(retention_days or {})
        """By project; where one is not named, what its database has stays."""
        self._engine = Engine(address, known_as)
        self._ready: set[str] = set()
        self._writers: dict[str, _Writer] = {}
        self._lock = threading.Lock()
        self._admin: Client | None = None

    def open(self) -> None:
        """Connects, and prepares the default project. A store that is away now is opened by the first use that finds
        it.
        """
        try:
            self.prepare(DEFAULT_PROJECT)
        except StoreUnavailable:
            raise
        except BaseException:
            self.close()
            raise

    def prepare(self, project: str) -> str:
        """Makes sure that a project's database is there and up to date; returns its name."""
        database = self.address.database_of(project)
        with self._lock:
            if self._admin is None:
                admin = self._engine.connect()
                check_suitable(admin)
                self._admin = admin
            if database not in self._ready:
                days = self._retention_days.get(project)
                migrate(self._admin, database, self._form(days or DEFAULT_RETENTION_DAYS), playhead.__version__)
                before = payload_retention_of(self._admin)
                self._check_writable(self._admin)
                if days is not None:
                    keep_for(self._admin, days, self._form())
                # Keeping runs for other days keeps their messages as long, so what was said of payloads is said again.
                payload_days = self._payload_days.get(project, before)
                if payload_days is not None:
                    keep_payloads_for(self._admin, self._no_longer_than_runs(project, payload_days), self._form())
                reprice(self._admin)
                self._tell_of_damage(self._admin, database)
                self._ready.add(database)
        return database

    def _no_longer_than_runs(self, project: str, payload_days: int) -> int:
        """Runs may be kept for fewer days than payloads were asked for: by default, or by what was said before."""
        assert self._admin is not None
        days = retention_of(self._admin) or payload_days
        if days < payload_days:
            log.warning(
                "project %s: payloads go with their runs, after %d days and not after %d; --retention says how long "
                "runs are kept", project, days, payload_days,
            )  # fmt: skip
        return min(days, payload_days)

    def holds(self, project: str) -> bool:
        """Whether a project's database is there; it is not made by asking."""
        database = self.address.database_of(project)
        with self.handle(None) as client:
            return database in {str(name) for (name,) in client.query(load("migrated_databases")).result_rows}

    def prepare_figures(self, project: str) -> str:
        """The same for the database of a project's figures (figures.py). Of an embedded store."""
        database = self.prepare(project)
        name = figures_name(database)
        with self._lock:
            if name not in self._ready:
                assert self._admin is not None
                make_figures(self._admin, database)
                self._ready.add(name)
        return name

    def _tell_of_damage(self, client: Client, database: str) -> None:
        """The engine leaves damaged parts out without a word; what is missing must not look as if it never was."""
        if isinstance(self.address, Embedded):
            for table, parts, size in client.query(load("broken_parts"), parameters={"database": database}).result_rows:
                log.warning(
                    "%s: %d damaged part%s of %s.%s (%d bytes) cannot be read and what was in them is not shown; "
                    "restore the folder from a backup, or import the runs again",
                    self.address, parts, "" if parts == 1 else "s", database, table, size,
                )  # fmt: skip

    def announce(self, presence: Mapping[str, object]) -> None:
        """Tells other processes how to read through this one."""
        self._engine.announce(presence)

    def reader(self, project: str = DEFAULT_PROJECT, settings: Mapping[str, str | int] | None = None) -> Client:
        """A handle of its own for one thread's queries."""
        return self._engine.connect(self.prepare(project), settings)

    def handle(self, database: str | None) -> Client:
        """A handle of its own in any database, which is not made by asking."""
        return self._engine.connect(database)

    def insert(self, segment: Sealed) -> None:
        """Inserts a segment under its name, which the store takes once."""
        known = self._writer(segment.project).known
        # What is not known is only stored again.
        runs = segment.runs or frozenset()
        if segment.signal is Signal.TRACES:
            known.prepare(runs)
        self._insert(segment.project, segment.signal, segment.path, segment.name)
        known.stored(runs)

    def touched(self, segment: Sealed) -> frozenset[bytes]:
        """The runs that a segment holds something of."""
        if segment.runs is not None:
            return segment.runs
        # After a restart they have to be read from it. Body by body, which is checked and bounded, as it came.
        found = (check(segment.signal, body, unfolded=sys.maxsize).runs for body in segment.bodies())
        return frozenset().union(*found)

    def insert_body(self, segment: Sealed, number: int, body: Path) -> None:
        self._insert(segment.project, segment.signal, body, f"{segment.name}-{number}")

    def recompute(self, project: str, runs: Set[bytes]) -> None:
        compute = self._writer(project).compute
        run_ids = [run.hex() for run in runs]
        recompute(compute, run_ids)
        sweep(compute, run_ids, self._form())

    @property
    def inserting(self) -> threading.Lock:
        """Held while a segment is inserted into an embedded store."""
        return self._engine.inserting

    def runs_of(self, project: str, subject: Subject, value: str) -> list[str]:
        """The runs that a subject's steps and log records are in."""
        return runs_of(self._writer(project).compute, subject, value)

    def erase(self, project: str, subject: Subject, value: str, more_runs: Iterable[str] = ()) -> Erased:
        """To be called where nothing is inserted meanwhile: see erasure.py, which erases from the spool, too. Who
        inserts through the port of an embedded store waits.
        """
        compute = self._writer(project).compute
        with self.inserting:
            return erase(compute, subject, value, self._form(), more_runs=more_runs)

    def is_transient(self, error: BaseException) -> bool:
        return engines.is_transient(error)

    def close(self) -> None:
        self._engine.close()

    def _insert(self, project: str, signal: Signal, path: Path, token: str) -> None:
        self._engine.insert_otlp(self._writer(project).insert, _TABLES[signal], _MESSAGES[signal], path, token)

    def _check_writable(self, client: Client) -> None:
        """A collector's own port looks like a server, and everything would wait in the spool for ever."""
        if isinstance(self.address, Server):
            try:
                client.command(load("writes_nothing"))
            except ClickHouseError as error:
                if READING_ONLY in str(error):
                    raise StoreUnsuitable(
                        f"{self.address} is the port of a collector with an embedded store, which lets nobody write "
                        "but who has its admin token: give that collector one with --admin-token, and this one "
                        "the same as the password in --store"
                    ) from None
                # Anything else may pass, or be mended while the spool keeps what comes: inserts say it, and try again.
                log.warning("%s takes no writes now: %s", self.address, str(error).strip()[:300])

    def _form(self, retention_days: int = DEFAULT_RETENTION_DAYS) -> Form:
        return Form(retention_days, self.address.cluster if isinstance(self.address, Server) else None)

    def _writer(self, project: str) -> _Writer:
        if project not in self._writers:
            database = self.prepare(project)
            # An insert takes seconds, and one that is asked for again under its token changes nothing.
            insert = self._engine.connect(database, insert_settings(), patience_s=120)
            compute, look_up = (self._engine.connect(database, RECOMPUTING) for _ in range(2))
            self._writers[project] = _Writer(insert, compute, KnownPieces(look_up))
        return self._writers[project]
