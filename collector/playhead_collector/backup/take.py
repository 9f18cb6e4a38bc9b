"""Takes a backup while the store goes on being written.

No lock is held and nothing is frozen; the order of reading makes it whole. Rows of runs first, then what refers to
messages (steps, log records, recordings), then, when every insert that had begun is over, what is referred to, then the
rest. So every run that was stored when the backup began has all of its steps, and every step its messages; a step
that came meanwhile may be in it without being counted in its run's row, and a restore computes that row anew.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import secrets
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import playhead
from playhead.errors import UsageError
from playhead_collector.backup.digest import Digests
from playhead_collector.backup.manifest import File, Manifest, Project, Table, peek, write_manifest
from playhead_collector.backup.origin import Origin, Stored

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_LEVEL = 3
_BEFORE = ("run_rows", "step_rows", "log_rows", "recording_rows")


def take(origin: Origin, folder: Path, store: str, say: Callable[[str], None]) -> Manifest:
    """Writes a backup into a folder that is empty or not there, and returns its manifest."""
    try:
        return _taken(origin, folder, store, say)
    except OSError as error:
        raise UsageError(
            f"{error.filename or folder} cannot be written: {error.strerror or error}; name a folder that this user "
            f"may write, with room for all of the store. What may be in {folder} by now is not whole: remove it"
        ) from None


def _taken(origin: Origin, folder: Path, store: str, say: Callable[[str], None]) -> Manifest:
    _refuse_what_is_there(folder)
    origin.settle()
    stored = origin.projects()
    if not stored:
        raise UsageError(f"{store} holds no project: is it the right store?")
    # What agents are told is nobody else's to read.
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    manifest = Manifest(secrets.token_hex(8), playhead.__version__, store, _now())
    write_manifest(folder, manifest)
    written: dict[tuple[str, str], list[File]] = {}
    with Digests() as digests:
        for before in (True, False):
            if not before:
                origin.settle()
            for project in stored:
                for table in _in_order(project, before=before):
                    written[project.project, table] = [
                        _measured(folder, file, project.tables[table], digests)
                        for file in _write(origin, folder, project, table)
                    ]
                    rows = sum(file.rows for file in written[project.project, table])
                    if rows:
                        say(f"{project.project}: {rows} rows of {table}")
    done = dataclasses.replace(
        manifest, ended_at=_now(), complete=True, projects=tuple(_project(one, written) for one in stored)
    )
    write_manifest(folder, done)
    return done


def _refuse_what_is_there(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        there = peek(folder) if folder.is_dir() else None
        if there is not None and not there.complete:
            raise UsageError(
                f"{folder} holds a backup that was begun at {there.began_at} and cut short: remove the folder and "
                "take the backup again, or name another folder"
            )
        raise UsageError(f"{folder} is not empty, and no backup is written over anything: name a new folder")


def _in_order(project: Stored, *, before: bool) -> list[str]:
    if before:
        return [table for table in _BEFORE if table in project.tables]
    return [table for table in project.tables if table not in _BEFORE]


def _write(origin: Origin, folder: Path, project: Stored, table: str) -> Iterator[File]:
    columns = project.tables[table]
    for partition in origin.partitions(project.project, table):
        name = f"{project.project}/{table}/{partition}.native.zst"
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        found = hashlib.sha256()
        with path.open("xb") as out:
            for piece in _compressed(origin.rows(project.project, table, columns, partition)):
                found.update(piece)
                out.write(piece)
            out.flush()
            os.fsync(out.fileno())
        if path.stat().st_size:
            yield File(name, partition, path.stat().st_size, found.hexdigest())
        else:
            # All of it went by age since the partitions were listed.
            path.unlink()


def _compressed(pieces: Iterator[bytes]) -> Iterator[bytes]:
    compressor = zstd.ZstdCompressor(level=_LEVEL)
    some = False
    for piece in pieces:
        some = True
        yield compressor.compress(piece)
    if some:
        yield compressor.flush()


def _measured(folder: Path, file: File, columns: list[str], digests: Digests) -> File:
    rows, digest = digests.of(folder / file.path, columns)
    return dataclasses.replace(file, rows=rows, digest=digest)


def _project(stored: Stored, written: dict[tuple[str, str], list[File]]) -> Project:
    tables = tuple(
        Table(name, tuple(columns), tuple(written[stored.project, name])) for name, columns in stored.tables.items()
    )
    return Project(stored.project, stored.schema, stored.retention_days, tables, stored.payload_days)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
