"""Removes all that is stored of a user, a session or a run: whole runs, from every table, down to the files.

What is erased is remembered as a hash only, and late arrivals of it are dropped by the views. It is over when no part
on disk holds the rows, parts that merges have replaced included. The caller makes sure that nothing is inserted
meanwhile, and that the spool holds nothing of it (see `Drain.exclusively`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from clickhouse_connect.driver.client import Client

from playhead_collector.store.query import load

# Every table that holds something of a run.
TABLES = ("step_rows", "message_rows", "scope_rows", "log_rows", "recording_rows", "responses", "run_rows")
# Runs a statement; their ids stand in its text, for a mutation is kept as text.
_AT_ONCE = 5000


class Subject(StrEnum):
    RUN = "run"
    SESSION = "session"
    USER = "user"


@dataclass(frozen=True, slots=True)
class Erased:
    """What was removed."""

    runs: int
    rows: dict[str, int]
    """By table."""
    bytes: int
    """Of text in messages."""
    clean: bool
    """Whether no file on disk holds the rows any more; false only where waiting for that was given up."""


Progress = Callable[[str], None]


def erase(
    client: Client, subject: Subject, value: str, progress: Progress | None = None, wait_s: float = 120.0
) -> Erased:
    """Erases, waits for the files to go, and says how much it was."""
    say = progress or (lambda what: None)
    # The tombstone comes first: what arrives from here on is dropped.
    client.command(load("bury"), parameters={"subject": subject.value, "values": [value]})
    say("looking for the runs concerned")
    rows = client.query(load(f"runs_of_{subject.value}"), parameters={"value": value}).result_rows
    run_ids = [str(run_id) for (run_id,) in rows]
    return erase_runs(client, run_ids, say, wait_s)


def erase_runs(client: Client, run_ids: Sequence[str], say: Progress, wait_s: float = 120.0) -> Erased:
    removed: dict[str, int] = dict.fromkeys(TABLES, 0)
    size = 0
    clean = True
    for start in range(0, len(run_ids), _AT_ONCE):
        some = list(run_ids[start : start + _AT_ONCE])
        client.command(load("bury"), parameters={"subject": Subject.RUN.value, "values": some})
        size += int(client.query(load("bytes_of_runs"), parameters={"runs": some}).result_rows[0][0])
        ids = ", ".join(f"'{run_id}'" for run_id in some if run_id.isalnum())
        for table in TABLES:
            say(f"removing from {table}")
            counting = f"SELECT count() FROM {table} WHERE run_id IN ({ids})"  # noqa: S608 - our tables, letters and digits
            count = client.query(counting).result_rows[0][0]
            removed[table] += int(count)
            if count:
                client.command(f"ALTER TABLE {table} DELETE WHERE run_id IN ({ids}) SETTINGS mutations_sync = 2")
        say("waiting for replaced files to be removed")
        clean = _wait_until_gone(client, [table for table in TABLES if removed[table]], wait_s) and clean
    return Erased(len(run_ids), removed, size, clean)


def sweep(client: Client, run_ids: Sequence[str]) -> int:
    """Erases those of the given runs, just stored, that turn out to be an erased user's or session's."""
    if not client.query(load("any_buried_person")).result_rows:
        return 0
    rows = client.query(load("buried_runs"), parameters={"runs": list(run_ids)}).result_rows
    if rows:
        erase_runs(client, [str(run_id) for (run_id,) in rows], lambda what: None)
    return len(rows)


def _wait_until_gone(client: Client, tables: Sequence[str], wait_s: float) -> bool:
    """Replaced parts stay on disk for some minutes unless the table says otherwise; for now it says otherwise."""
    if not tables:
        return True
    for table in tables:
        client.command(f"ALTER TABLE {table} MODIFY SETTING old_parts_lifetime = 1")
    try:
        deadline = time.monotonic() + wait_s
        while time.monotonic() < deadline:
            left = client.query(load("replaced_parts"), parameters={"tables": list(tables)}).result_rows
            if not left[0][0]:
                return True
            time.sleep(0.5)
        return False
    finally:
        for table in tables:
            client.command(f"ALTER TABLE {table} RESET SETTING old_parts_lifetime")
