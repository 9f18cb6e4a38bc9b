"""What the collector is held against, on an engine in this process.

The floor: the rows that a segment ends up as, read back and inserted again from Native files into the same tables with
no view attached; same segments, same settings, same order. Nothing that stores these rows durably in ClickHouse can be
quicker on one connection.

The parts: the same segments through the views with one thing taken out, which says what that thing adds.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from clickhouse_connect.driver.client import Client

from playhead_collector.receive.check import check
from playhead_collector.receive.signal import Signal
from playhead_collector.store import ddl
from playhead_collector.store.ddl import Form
from playhead_collector.store.engine import Engine
from playhead_collector.store.migrations import migrate
from playhead_collector.store.runs import recompute
from playhead_collector.store.store import insert_settings

_FOREVER = Form(retention_days=3650)
_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Segment:
    """A batch as the collector stored it: its bodies behind one another."""

    path: Path
    spans: int
    run_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Took:
    """What storing some spans took in this process; background merges that ran meanwhile are in it."""

    spans: int
    wall_s: float
    cpu_s: float

    @property
    def spans_per_s(self) -> float:
        return self.spans / self.wall_s

    @property
    def us_per_span(self) -> float:
        return self.cpu_s / self.spans * 1e6


def write_segment(folder: Path, bodies: Sequence[bytes]) -> Segment:
    checked = [check(Signal.TRACES, body) for body in bodies]
    path = folder / f"{uuid.uuid4().hex}.segment"
    path.write_bytes(b"".join(one.body for one in checked))
    runs = sorted({run.hex() for one in checked for run in one.runs})
    return Segment(path, sum(one.accepted for one in checked), tuple(runs))


@contextmanager
def database(engine: Engine, views: bool = True, merges: bool = True) -> Iterator[tuple[Client, Client]]:
    """A new database with the schema: a handle with the settings of inserts, and one for all else."""
    name = f"bench_{uuid.uuid4().hex}"
    client = engine.connect()
    migrate(client, name, _FOREVER, "bench")
    writer = engine.connect(name, insert_settings())
    try:
        if not views:
            for view in _views(client):
                client.command(f"DROP TABLE {view} SYNC")
        if not merges:
            for table in tables(client):
                client.command(f"SYSTEM STOP MERGES {table}")
        yield writer, client
    finally:
        client.command(f"DROP DATABASE {name} SYNC")
        writer.close()
        client.close()


def tables(client: Client) -> list[str]:
    """The tables that rows end up in."""
    query = "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'"
    return [str(name) for (name,) in client.query(query).result_rows]


def floor(engine: Engine, segments: Sequence[Segment], folder: Path) -> Took:
    files = _final_rows(engine, segments, folder)
    with database(engine, views=False) as (writer, _):
        began, cpu = time.monotonic(), time.process_time()
        for number, of_tables in enumerate(files):
            for table, path in of_tables.items():
                token = f"SETTINGS insert_deduplication_token = '{number}'"
                writer.command(f"INSERT INTO {table} FROM INFILE '{path}' {token} FORMAT Native")
        took = Took(sum(one.spans for one in segments), time.monotonic() - began, time.process_time() - cpu)
    for of_tables in files:
        for path in of_tables.values():
            path.unlink()
    return took


def _final_rows(engine: Engine, segments: Sequence[Segment], folder: Path) -> list[dict[str, Path]]:
    """Each segment's rows, by table, as its insert and the recomputation after it left them."""
    found: list[dict[str, Path]] = []
    with database(engine, merges=False) as (writer, client):
        before: set[str] = set()
        for segment in segments:
            insert(engine, writer, segment)
            recompute(client, segment.run_ids)
            query = "SELECT table, name FROM system.parts WHERE database = currentDatabase() AND active"
            parts = {f"{table}/{name}": (str(table), str(name)) for table, name in client.query(query).result_rows}
            of_tables: dict[str, Path] = {}
            for table in sorted({parts[part][0] for part in parts.keys() - before}):
                names = sorted(parts[part][1] for part in parts.keys() - before if parts[part][0] == table)
                path = folder / f"{uuid.uuid4().hex}.native"
                listed = ", ".join(f"'{name}'" for name in names)
                client.command(f"SELECT * FROM {table} WHERE _part IN ({listed}) INTO OUTFILE '{path}' FORMAT Native")
                of_tables[table] = path
            before = set(parts)
            found.append(of_tables)
    return found


def insert(engine: Engine, writer: Client, segment: Segment) -> None:
    engine.insert_otlp(writer, "otlp_traces", "ExportTraceServiceRequest", segment.path, uuid.uuid4().hex)


def what_adds(engine: Engine, segments: Sequence[Segment]) -> dict[str, float]:
    """Microseconds of CPU a span: all of it, and what dialects, messages and runs add."""
    without = {
        # No key means anything: nothing is looked up, and nothing found to be looked at.
        "dialects": {r"arrayMap\(k -> transform\(.*?, keys\)": "arrayWithConstant(length(keys), 0::UInt32)"},
        # Payloads are dropped: none is cut, hashed or written. Left in its step each would be written whole, and
        # compressing what is said again in every turn costs more than finding the messages in it.
        "messages": {
            r"arrayMap\(\(i, c, t\) -> .*?\) AS is_lifted": "arrayWithConstant(length(codes), 0::UInt8) AS is_lifted",
            r"if\(m AND c < (\d+), '', t\)": r"if(length(t) >= 256 OR (c >= 256 AND c < \1), '', t)",
        },
    }
    whole, of_runs = _through_views(engine, segments, {})
    parts = {name: whole - _through_views(engine, segments, changes)[0] for name, changes in without.items()}
    return {"all": whole + of_runs, "runs": of_runs, **parts}


def _through_views(engine: Engine, segments: Sequence[Segment], changes: dict[str, str]) -> tuple[float, float]:
    """CPU a span of inserting, and of recomputing the runs: the least of some rounds; other work only adds to it."""
    spans = sum(segment.spans for segment in segments)
    rounds: list[tuple[float, float]] = []
    with database(engine, merges=False) as (writer, client):
        if changes:
            _alter_read_spans(client, changes)
        # The first insert into a database also loads and plans the views.
        insert(engine, writer, segments[0])
        for _ in range(_ROUNDS):
            began = time.process_time()
            for segment in segments:
                insert(engine, writer, segment)
            inserted = time.process_time()
            for segment in segments:
                recompute(client, segment.run_ids)
            rounds.append((inserted - began, time.process_time() - inserted))
            for table in set(tables(client)) - {"prices", "migrations"}:
                client.command(f"TRUNCATE TABLE {table}")
    return min(took[0] for took in rounds) / spans * 1e6, min(took[1] for took in rounds) / spans * 1e6


def _alter_read_spans(client: Client, changes: dict[str, str]) -> None:
    statements = ddl.migration(1, _FOREVER, str(client.database))
    [view] = [one for one in statements if isinstance(one, ddl.View) and one.name == "read_spans"]
    changed = view.query
    for pattern, instead in changes.items():
        changed, times = re.subn(pattern, instead, changed, flags=re.DOTALL)
        if times != 1:
            raise RuntimeError(f"the view read_spans no longer has {pattern!r} once; mend the bench")
    client.command(f"ALTER TABLE read_spans MODIFY QUERY {changed}")


def _views(client: Client) -> list[str]:
    query = "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'MaterializedView'"
    return [str(name) for (name,) in client.query(query).result_rows]
