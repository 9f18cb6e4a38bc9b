"""What a backup says of itself. It is `manifest.json`, and it says `complete: false` until all files are written, so
that a backup that was cut short can never be taken for a whole one.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from playhead.errors import UsageError

NAME = "manifest.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class File:
    """The rows of one partition of one table, each once: `Native`, compressed with zstd."""

    path: str
    """Below the backup's folder."""
    partition: str
    bytes: int
    sha256: str
    rows: int = 0
    digest: int = 0
    """The sum of the rows' hashes, which does not depend on their order (digest.py)."""


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    columns: tuple[str, ...]
    files: tuple[File, ...]


@dataclass(frozen=True, slots=True)
class Project:
    name: str
    schema: int
    retention_days: int
    tables: tuple[Table, ...]
    payload_days: int | None = None
    """Where payloads are kept for other days than runs."""


@dataclass(frozen=True, slots=True)
class Manifest:
    backup_id: str
    program: str
    """The Playhead that wrote it."""
    store: str
    """Where the rows are from; no password is in it."""
    began_at: str
    """What was stored by then is in the backup, by the clock of the one that wrote it."""
    ended_at: str = ""
    complete: bool = False
    format: int = FORMAT
    projects: tuple[Project, ...] = field(default=())

    def files(self) -> Iterator[tuple[Project, Table, File]]:
        for project in self.projects:
            for table in project.tables:
                for file in table.files:
                    yield project, table, file


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """All of it or nothing, also when the machine stops."""
    partial = folder / f"{NAME}.partial"
    with partial.open("w", encoding="utf-8") as out:
        json.dump(dataclasses.asdict(manifest), out, indent=1)
        out.flush()
        os.fsync(out.fileno())
    partial.replace(folder / NAME)
    place = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(place)
    finally:
        os.close(place)


def read_manifest(folder: Path) -> Manifest:
    """Of a whole backup; anything else is refused, with what it is instead."""
    manifest = peek(folder)
    if manifest is None:
        raise UsageError(f"{folder} holds no backup: there is no {NAME} in it")
    if not manifest.complete:
        raise UsageError(
            f"the backup in {folder} was begun at {manifest.began_at} and never finished: it is incomplete and "
            "cannot be restored; take one that was finished"
        )
    for _, _, file in manifest.files():
        if not (folder / file.path).resolve().is_relative_to(folder.resolve()):
            raise UsageError(f"the manifest of {folder} names a file outside of it: {file.path!r}")
    return manifest


def peek(folder: Path) -> Manifest | None:
    """A backup's manifest, whole or not; None where there is none."""
    try:
        told = json.loads((folder / NAME).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise UsageError(f"{folder / NAME} cannot be read: {error}") from None
    try:
        if told["format"] > FORMAT:
            raise UsageError(f"the backup in {folder} was written by a newer Playhead ({told['program']}): upgrade")
        projects = tuple(_project(one) for one in told.pop("projects"))
        return Manifest(**told, projects=projects)
    except (KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{folder / NAME} is no manifest of a backup ({type(error).__name__}: {error})") from None


def _project(told: dict[str, object]) -> Project:
    tables = told["tables"]
    if not isinstance(tables, list):
        raise TypeError(f"tables is no list but {tables!r:.40}")
    made = tuple(
        Table(one["name"], tuple(one["columns"]), tuple(File(**file) for file in one["files"])) for one in tables
    )
    return Project(**{**told, "tables": made})  # type: ignore[arg-type]
