"""A database of its own on the tests' one embedded engine, and the little that tests do with it.

chDB allows one engine and one folder a process, so the engine lives as long as the test session (see conftest.py).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clickhouse_connect.driver.client import Client
from google.protobuf.message import Message
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from playhead_collector.store.address import Address
from playhead_collector.store.ddl import Form
from playhead_collector.store.engine import Engine
from playhead_collector.store.migrations import migrate
from playhead_collector.store.runs import recompute
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


# By engine: databases that a test is done with, empty again.
_spare: dict[Address, list[str]] = {}


@contextmanager
def fresh_database(engine: Engine, folder: Path, *, new: bool = False) -> Iterator[StoreDatabase]:
    """A database with nothing in it.

    Making one takes 0.65 s of CPU, most of it the analysis of its views; emptying one takes 0.02. So the next test has
    it again, unless this one altered the schema. `new` is for tests that look at files and parts: the store goes on
    listing those of an emptied table for a while.
    """
    spare = _spare.setdefault(engine.address, [])
    name = spare.pop() if spare and not new else f"test_{uuid.uuid4().hex}"
    client = engine.connect()
    migrate(client, name, Form(retention_days=3650), "test")
    schema = _schema(client)
    writer = engine.connect(name, insert_settings())
    try:
        yield StoreDatabase(engine, name, client, writer, folder)
    finally:
        writer.close()
        client.database = name
        if not new and _schema(client) == schema:
            for table, kind, _ in schema:
                if str(kind).endswith("MergeTree") and table != "migrations":
                    client.command(f"TRUNCATE TABLE {table} SYNC")
            spare.append(name)
        else:
            client.command(f"DROP DATABASE {name} SYNC")
        client.close()


def _schema(client: Client) -> Sequence[Sequence[Any]]:
    """Every object of the client's database, as it would be made again; and who applied which migration."""
    objects = (
        "SELECT name, engine, create_table_query FROM system.tables WHERE database = currentDatabase() ORDER BY name"
    )
    applied = "SELECT '', program, toString(number) FROM migrations ORDER BY number"
    return [*client.query(objects).result_rows, *client.query(applied).result_rows]
