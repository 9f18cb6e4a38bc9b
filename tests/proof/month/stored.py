"""The month in a store: each run as OTLP through the collector's own views and recomputation, without its ports.

What is left out is the network and the spool (they do not change a span). Runs arrive in the order in which they began.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path

from clickhouse_connect.driver.client import Client
from tests.collector.database import StoreDatabase
from tests.proof.month.encode import encode
from tests.proof.month.month import Month
from tests.proof.month.telling import Told

from playhead_collector.store.ddl import Form
from playhead_collector.store.engine import Engine
from playhead_collector.store.migrations import migrate
from playhead_collector.store.store import insert_settings

_RUNS_A_SEGMENT = 4_000


@dataclass(slots=True)
class Labels:
    """What is known of the runs that were stored."""

    runs: int = 0
    steps: int = 0
    of_run: dict[str, list[str]] = field(default_factory=dict)
    """The faults of each run that has one."""
    looks_like: dict[str, str] = field(default_factory=dict)
    of_fault: dict[str, set[str]] = field(default_factory=dict)

    def write(self, path: Path) -> None:
        said = asdict(self) | {"of_fault": {fault: sorted(runs) for fault, runs in self.of_fault.items()}}
        path.write_text(json.dumps(said), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Labels:
        said = json.loads(path.read_text(encoding="utf-8"))
        return cls(**said | {"of_fault": {fault: set(runs) for fault, runs in said["of_fault"].items()}})


@contextmanager
def stored(month: Month, engine: Engine, folder: Path) -> Iterator[tuple[Client, Labels]]:
    """The month in the engine, as it is there already, or else stored now; one that was cut short is stored anew."""
    database, known = f"month_{month.seed}_{len(month)}", folder / f"labels-{month.seed}-{len(month)}.json"
    client = engine.connect()
    if not known.exists():
        client.command(f"DROP DATABASE IF EXISTS {database} SYNC")
    migrate(client, database, Form(retention_days=3650), "test")
    if known.exists():
        labels = Labels.read(known)
    else:
        writer = engine.connect(database, insert_settings())
        labels = store(month, StoreDatabase(engine, database, client, writer, folder))
        labels.write(known)
    # A thread is enough for a week of an hour's look, and takes half the CPU of several that share it out.
    asking = engine.connect(database, {"max_query_size": 50_000_000, "max_threads": 1})
    yield asking, labels
    asking.close()
    client.close()


def store(month: Month, into: StoreDatabase) -> Labels:
    labels = Labels()
    runs = month.runs()
    while segment := list(islice(runs, _RUNS_A_SEGMENT)):
        into.insert(encode(segment))
        for body in into.folder.glob("*.bin"):
            body.unlink()
        into.recompute([run.run_id for run in _labelled(segment, labels)])
    return labels


def _labelled(segment: list[Told], labels: Labels) -> Iterator[Told]:
    for run in segment:
        labels.runs += 1
        labels.steps += len(run.spans)
        if run.labels:
            labels.of_run[run.run_id] = run.labels
        if run.look_alike_of:
            labels.looks_like[run.run_id] = run.look_alike_of
        for fault in run.labels:
            labels.of_fault.setdefault(fault, set()).add(run.run_id)
        yield run
