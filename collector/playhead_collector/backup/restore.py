"""Makes a store again from a backup, and compares it with what the backup says of itself.

Until a project is whole and equal, its database holds a table `restoring`, and no Playhead opens it but another
restore, which begins anew. What is there already is never written over unless that was asked for; then what was
erased since the backup stays erased.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

import playhead
from playhead.errors import UsageError
from playhead_collector.backup.digest import Digests, digest_of
from playhead_collector.backup.manifest import File, Manifest, Project, Table
from playhead_collector.backup.origin import CHUNK, READING
from playhead_collector.errors import SchemaTooNew, StoreError, StoreUnsuitable
from playhead_collector.store import ddl
from playhead_collector.store.address import Address, Server
from playhead_collector.store.ddl import Form
from playhead_collector.store.engine import Engine
from playhead_collector.store.erase import erase_buried
from playhead_collector.store.migrations import RESTORING, check_suitable, migrate
from playhead_collector.store.payload_retention import keep_payloads_for
from playhead_collector.store.query import load
from playhead_collector.store.retention import keep_for
from playhead_collector.store.runs import RECOMPUTING, recompute

# Nothing goes by age before it was compared.
_FOR_NOW_DAYS = 36500
_ERASED = "erased"


@dataclass(frozen=True, slots=True)
class Restored:
    """What one project came to."""

    project: str
    rows: int
    recomputed: int
    """Runs whose row was computed anew: they went on while the backup was taken."""
    erased: int
    """Runs of the backup that had been erased, and are not there."""


def check_files(folder: Path, manifest: Manifest, *, digests: bool = False) -> None:
    """Raises StoreError if a file is not as it was written. With `digests` each is read as rows, too."""
    for _, _, file in manifest.files():
        found = hashlib.sha256()
        try:
            with (folder / file.path).open("rb") as read:
                while piece := read.read(CHUNK):
                    found.update(piece)
        except OSError as error:
            raise StoreError(
                f"{folder / file.path} cannot be read: {error.strerror}; the backup is not whole"
            ) from None
        if found.hexdigest() != file.sha256:
            raise StoreError(f"{folder / file.path} is not what was written (another checksum): the backup is damaged")
    if digests:
        with Digests() as reading:
            for _, table, file in manifest.files():
                if reading.of(folder / file.path, table.columns) != (file.rows, file.digest):
                    raise StoreError(f"{folder / file.path} holds other rows than its manifest says")


def restore(
    engine: Engine, folder: Path, manifest: Manifest, *, overwrite: bool, say: Callable[[str], None]
) -> list[Restored]:
    """All projects of a backup, of which the files were checked. Nothing is changed before all of them may be."""
    address = engine.address
    client = engine.connect()
    check_suitable(client)
    for project in manifest.projects:
        if project.schema > ddl.latest():
            raise SchemaTooNew(
                f"the backup has schema {project.schema}, and this Playhead knows up to {ddl.latest()}: "
                f"restore it with Playhead {manifest.program}, or a newer one"
            )
        if not overwrite:
            _check_empty(client, address.database_of(project.name), manifest)
    return [_Project(engine, folder, manifest, project, say).restore() for project in manifest.projects]


def _check_empty(client: Client, database: str, manifest: Manifest) -> None:
    there = client.query(load("table_comments"), parameters={"database": database}).result_rows
    if any(name == RESTORING for name, _ in there):
        # It is a restore's that was cut short, and held nothing before.
        return
    rows = client.query(load("rows_of_tables"), parameters={"database": database}).result_rows
    if rows:
        listed = ", ".join(f"{count} of {table}" for table, count in rows[:3])
        raise UsageError(
            f"the database {database} is not empty (rows: {listed}): restore to another store with --store, or say "
            "--overwrite to have the backup's projects in the place of what is there"
        )


class _Project:
    def __init__(
        self, engine: Engine, folder: Path, manifest: Manifest, project: Project, say: Callable[[str], None]
    ) -> None:
        address: Address = engine.address
        self._engine = engine
        self._folder = folder
        self._manifest = manifest
        self._project = project
        self._say = say
        self._database = address.database_of(project.name)
        self._form = Form(_FOR_NOW_DAYS, address.cluster if isinstance(address, Server) else None)

    def restore(self) -> Restored:
        client = self._engine.connect()
        self._begin(client)
        migrate(client, self._database, self._form, playhead.__version__, only_to=self._project.schema, restoring=True)
        client.database = self._database
        kept = self._tombstones(client)
        rows = 0
        for table in self._project.tables:
            for file in table.files:
                self._insert(table, file)
                if not (kept and table.name == _ERASED):
                    self._compare(client, table, file)
                rows += file.rows
        compute = self._engine.connect(self._database, RECOMPUTING)
        migrate(compute, self._database, self._form, playhead.__version__, restoring=True)
        stale = [str(run_id) for (run_id,) in compute.query(load("stale_runs")).result_rows]
        recompute(compute, stale)
        erased = erase_buried(compute, self._form)
        keep_for(compute, self._project.retention_days, self._form)
        if self._project.payload_days is not None:
            keep_payloads_for(compute, self._project.payload_days, self._form)
        compute.command(f"DROP TABLE {RESTORING}{self._form.on_cluster} SYNC")
        self._say(f"{self._project.name}: {rows} rows restored, equal to the backup's")
        return Restored(self._project.name, rows, len(stale), erased)

    def _begin(self, client: Client) -> None:
        """Marks the database, and removes all from it but what it knows to be erased."""
        where = self._form.on_cluster
        client.command(f"CREATE DATABASE IF NOT EXISTS {self._database}{where}")
        try:
            client.command(
                f"CREATE TABLE IF NOT EXISTS {self._database}.{RESTORING}{where} (at DateTime) ENGINE = Null "
                f"COMMENT 'from backup {self._manifest.backup_id}'"
            )
        except ClickHouseError as error:
            raise StoreUnsuitable(
                f"{self._engine.address} does not let a restore begin, and nothing was changed: "
                f"{str(error).strip()[:300]}. A collector's embedded store is restored in its folder, while "
                "none has it open"
            ) from error
        there = client.query(load("table_engines"), parameters={"database": self._database}).result_rows
        # Views before what they read.
        for name, engine in sorted(there, key=lambda row: "View" not in str(row[1])):
            if name not in (RESTORING, _ERASED):
                kind = "VIEW" if engine == "View" else "TABLE"
                client.command(f"DROP {kind} IF EXISTS {self._database}.{name}{where} SYNC")

    def _tombstones(self, client: Client) -> int:
        return int(client.query(f"SELECT count() FROM {_ERASED}").result_rows[0][0])  # noqa: S608 - a constant

    def _insert(self, table: Table, file: File) -> None:
        path = self._folder / file.path
        with self._engine.connect(self._database, _inserting()) as client:
            try:
                self._engine.insert_native(client, table.name, table.columns, path)
            except Exception as error:
                raise StoreError(
                    f"{path} could not be put into {self._database}.{table.name}: {str(error).strip()[:300]}. "
                    "The project is incomplete and stays closed; restore it again when that is mended"
                ) from error

    def _compare(self, client: Client, table: Table, file: File) -> None:
        sql = f"SELECT {digest_of(table.columns)} FROM {table.name} FINAL WHERE _partition_id = {{partition:String}}"  # noqa: S608 - names of the manifest's tables, which were inserted into
        found = client.query(sql, parameters={"partition": file.partition}, settings=dict(READING)).result_rows[0]
        if (int(found[0]), int(found[1])) != (file.rows, file.digest):
            raise StoreError(
                f"{self._database}.{table.name} is not equal to {file.path} of the backup: {found[0]} rows, and there "
                f"were {file.rows}{'' if found[0] != file.rows else ', with other values'}. The project stays closed; "
                "was something else written to it meanwhile? Stop the collectors of this store and restore again"
            )


def _inserting() -> dict[str, str | int]:
    return {
        "async_insert": 0,
        "max_insert_threads": 1,
        "max_partitions_per_insert_block": 0,
        # A file that comes again after a restore that was cut short is not a repetition: the tables are new.
        "insert_deduplicate": 0,
        "min_insert_block_size_rows": 100_000,
        "min_insert_block_size_bytes": 64 << 20,
        # Built by the first merge, as after any insert.
        "exclude_materialize_skip_indexes_on_insert": "words",
        "log_queries": 0,
    }
