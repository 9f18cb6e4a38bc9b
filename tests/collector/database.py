"""A database of its own on the tests' one engine, and the little that tests do with it.

chDB allows one engine and one folder a process, so the engine lives as long as the test session (see conftest.py); it
is a server's where PLAYHEAD_TEST_CLICKHOUSE names one.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client
from google.protobuf.message import Message
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from playhead_collector.store.address import Embedded, Server
from playhead_collector.store.ddl import Form
from playhead_collector.store.engine import Engine
from playhead_collector.store.migrations import migrate
from playhead_collector.store.runs import RECOMPUTING, recompute
from playhead_collector.store.store import insert_settings


@dataclass(frozen=True, slots=True)
class StoreDatabase:
    """One project's database, with the current schema."""

    engine: Engine
    name: str
    client: Client
    writer: Client
    folder: Path

    def insert(self, *requests: Message | bytes) -> None:
        """Inserts trace or log requests, each as a segment of its own. A body in bytes is a trace request."""
        for request in requests:
            is_traces = isinstance(request, (bytes, ExportTraceServiceRequest))
            path = self.folder / f"{uuid.uuid4().hex}.bin"
            path.write_bytes(request if isinstance(request, bytes) else request.SerializeToString())
            table = "otlp_traces" if is_traces else "otlp_logs"
            kind = "ExportTraceServiceRequest" if is_traces else "ExportLogsServiceRequest"
            self.engine.insert_otlp(self.writer, table, kind, path, path.stem)

    def recompute(self, run_ids: Iterable[str] | None = None) -> None:
        """Computes runs anew; all that have steps if none are named."""
        if run_ids is None:
            run_ids = [row["run_id"] for row in self.rows("SELECT DISTINCT run_id FROM step_rows")]
        recompute(self.client, run_ids)

    def rows(self, query: str, **parameters: Any) -> Sequence[Mapping[str, Any]]:
        return list(self.client.query(query, parameters=parameters).named_results())


def folder_of(engine: Engine) -> Path:
    """Where an embedded engine has its files, and by which the reading port opens it. A server has neither."""
    if not isinstance(engine.address, Embedded):
        pytest.skip("about an embedded store's folder or port")
    return engine.address.path


@contextmanager
def fresh_database(engine: Engine, folder: Path) -> Iterator[StoreDatabase]:
    """A new database; removed at the end."""
    name = f"{engine.address.database if isinstance(engine.address, Server) else 'test'}_{uuid.uuid4().hex}"
    client = engine.connect(settings=RECOMPUTING)
    migrate(client, name, Form(retention_days=3650), "test")
    writer = engine.connect(name, insert_settings())
    try:
        yield StoreDatabase(engine, name, client, writer, folder)
    finally:
        client.command(f"DROP DATABASE {name} SYNC")
        writer.close()
        client.close()


# Of a database that is as it was made: all but the rows of its tables, which can be taken out.
_FORM = """
SELECT groupArray((name, create_table_query)),
    (SELECT count() FROM system.detached_parts WHERE database = currentDatabase())
FROM (SELECT name, create_table_query FROM system.tables WHERE database = currentDatabase() ORDER BY name)
"""
_FILLED = """
SELECT name FROM system.tables
WHERE database = currentDatabase() AND engine LIKE '%MergeTree' AND total_rows > 0 AND name != 'migrations'
"""


class Emptied:
    """One database for test after test, emptied in between: making one takes ten times as long.

    Where a test changed more than rows, or failed, the next one gets a new one.
    """

    def __init__(self, engine: Engine, folder: Path) -> None:
        self._engine = engine
        self._folder = folder
        self._stack = ExitStack()
        self._spare: tuple[StoreDatabase, Sequence[Sequence[Any]]] | None = None

    @contextmanager
    def database(self) -> Iterator[StoreDatabase]:
        if self._spare is None:
            database = self._stack.enter_context(fresh_database(self._engine, self._folder))
            form = database.client.query(_FORM).result_rows
        else:
            database, form = self._spare
        self._spare = None
        yield database
        if database.client.query(_FORM).result_rows == form:
            for row in database.rows(_FILLED):
                database.client.command(f"TRUNCATE TABLE {row['name']}")
            self._spare = database, form
        else:
            self._stack.close()

    def close(self) -> None:
        self._stack.close()
