"""Removes all that is stored of a user, a session or a run: whole runs, from every table, down to the files.

What is erased is remembered as a hash only, and late arrivals of it are dropped by the views. It is over when no part
on disk holds the rows, parts that merges have replaced included. The caller makes sure that nothing is inserted
meanwhile, and that the spool holds nothing of it (see erasure.py).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from clickhouse_connect.driver.client import Client

from playhead_collector.store.ddl import Form
from playhead_collector.store.query import load
from playhead_collector.store.runs import recompute

log = logging.getLogger(__name__)

# Every table that holds something of a run.
TABLES = ("step_rows", "message_rows", "scope_rows", "log_rows", "recording_rows", "responses", "run_rows")
# What became of alerts is whole on every node of a cluster.
OF_ALERTS = ("alert_events", "alert_notices")
# What people wrote that may name a person: whose alerts they silenced, whose runs they made a dataset of.
OF_PEOPLE = ("alert_marks", "dataset_rows")
# Runs a statement; their ids stand in its text, for a mutation is kept as text.
_AT_ONCE = 5000
_HEX = frozenset("0123456789abcdef")
# Over when the rows are gone.
DELETING = " SETTINGS mutations_sync = 2"
# How a record says that it belongs to no run.
_NO_RUN = f"'', '{'0' * 32}'"


class Subject(StrEnum):
    RUN = "run"
    SESSION = "session"
    USER = "user"


@dataclass(frozen=True, slots=True)
class Erased:
    """What was removed."""

    runs: int
    rows: dict[str, int]
    """By table; in `spool`, spans and log records that the store had refused."""
    bytes: int
    """Of text in messages."""
    clean: bool
    """Whether no file on disk holds the rows any more; false only where waiting for that was given up."""


def runs_of(client: Client, subject: Subject, value: str) -> list[str]:
    """The runs that a subject's steps and records are in."""
    rows = client.query(load(f"runs_of_{subject.value}"), parameters={"value": value}).result_rows
    return sorted(str(run_id) for (run_id,) in rows if _is_run(str(run_id)))


def bury(client: Client, subject: Subject, values: Sequence[str]) -> None:
    """Sets tombstones: what arrives of these from here on is dropped."""
    client.command(load("bury"), parameters={"subject": subject.value, "values": list(values)})


def erase(
    client: Client, subject: Subject, value: str, form: Form, *, more_runs: Iterable[str] = (), wait_s: float = 120.0
) -> Erased:
    """Erases, waits for the files to go, and says how much it was. `more_runs` are known to be the subject's, too."""
    if not value:
        raise ValueError("erasing what names nobody would erase everybody's of whom nobody said who they are")
    # The tombstone comes first: what arrives from here on is dropped.
    bury(client, subject, [value])
    run_ids = sorted({*runs_of(client, subject, value), *more_runs})
    strays, digest = 0, ""
    if subject is not Subject.RUN:
        digest = str(client.query(load("subject_hash"), parameters={"value": value}).result_rows[0][0])
        strays = _erase_strays(client, subject, digest, form)
    erased = _erase_runs(client, run_ids, form)
    if digest:
        # Where the runs themselves are gone by age, an alert may still bear the name.
        named = f"hex(sipHash128(labels['{subject.value}'])) = '{digest}'"
        said = f"hex(sipHash128(grouped['{subject.value}'])) = '{digest}'"
        for table, count in _erase_alerts(client, f"{named} OR {said}").items():
            erased[table] += count
        erased["alert_marks"] = _delete_from(
            client, "alert_marks", f"hex(sipHash128(matching['{subject.value}'])) = '{digest}'"
        )
        erased["dataset_rows"] = _forget_searches(client, f"{subject.value}:{value}")
    rows = {**erased, "log_rows": erased["log_rows"] + strays}
    size = rows.pop("bytes")
    log.info("erased %d runs of a %s", len(run_ids), subject.value)
    return Erased(len(run_ids), rows, size, _wait_until_gone(client, form, wait_s))


def sweep(client: Client, run_ids: Sequence[str], form: Form) -> int:
    """Erases those of the given runs, just stored, that turn out to be an erased user's or session's.

    Without waiting for replaced files to go, which happens by itself within a minute: storing must not wait for it.
    """
    if not client.query(load("any_buried_person")).result_rows:
        return 0
    rows = client.query(load("buried_runs"), parameters={"runs": list(run_ids)}).result_rows
    if rows:
        _erase_runs(client, [str(run_id) for (run_id,) in rows], form)
    for subject, digest in client.query(load("buried_strays")).result_rows:
        _erase_strays(client, Subject(subject), str(digest), form)
    return len(rows)


def erase_buried(client: Client, form: Form) -> int:
    """Erases whatever a restored backup brought back of what has tombstones; returns how many runs it was."""
    rows = client.query(load("buried_in_store")).result_rows
    if rows:
        _erase_runs(client, [str(run_id) for (run_id,) in rows], form)
    # Alerts outlive the runs that they are of.
    _erase_these_alerts(client, [str(alert_id) for (alert_id,) in client.query(load("buried_alerts")).result_rows])
    marks = [str(mark_id) for (mark_id,) in client.query(load("buried_marks")).result_rows]
    if marks:
        ids = ", ".join(f"'{mark_id}'" for mark_id in marks)
        _delete_from(client, "alert_marks", f"mark_id IN ({ids})")
    for subject, digest in client.query(load("buried_strays")).result_rows:
        _erase_strays(client, Subject(subject), str(digest), form)
    return len(rows)


def _erase_runs(client: Client, run_ids: Sequence[str], form: Form) -> dict[str, int]:
    """Rows by table, and bytes of text."""
    removed: dict[str, int] = dict.fromkeys((*TABLES, *OF_ALERTS, *OF_PEOPLE, "bytes"), 0)
    for start in range(0, len(run_ids), _AT_ONCE):
        some = list(run_ids[start : start + _AT_ONCE])
        bury(client, Subject.RUN, some)
        removed["bytes"] += int(client.query(load("bytes_of_runs"), parameters={"runs": some}).result_rows[0][0])
        # Of a call that two traces told of, the one that stays may count now.
        shared = client.query(load("shared_responses"), parameters={"runs": some}).result_rows
        ids = ", ".join(f"'{run_id}'" for run_id in some if _is_run(run_id))
        for table in TABLES:
            removed[table] += _delete(client, form, table, f"run_id IN ({ids})")
        recompute(client, {str(run_id) for _, run_id, *_ in shared} - set(some))
        # Last: what was being written of an alert when the tombstones were set is there by now.
        if ids:
            for table, count in _erase_alerts(client, f"hasAny(run_ids, [{ids}])").items():
                removed[table] += count
    return removed


def _erase_alerts(client: Client, condition: str) -> dict[str, int]:
    """Whole alerts, with all that became of them: each event has run ids, summary and labels."""
    found = client.query(f"SELECT DISTINCT alert_id FROM alert_events WHERE {condition}").result_rows  # noqa: S608 - no values in it
    return _erase_these_alerts(client, [str(alert_id) for (alert_id,) in found])


def _erase_these_alerts(client: Client, alert_ids: Sequence[str]) -> dict[str, int]:
    removed: dict[str, int] = dict.fromkeys(OF_ALERTS, 0)
    for start in range(0, len(alert_ids), _AT_ONCE):
        some = ", ".join(f"'{alert_id}'" for alert_id in alert_ids[start : start + _AT_ONCE])
        for table in OF_ALERTS:
            removed[table] += _delete_from(client, table, f"alert_id IN ({some})")
    return removed


def _forget_searches(client: Client, words: str) -> int:
    """A dataset stays, with the runs of others that are in it; the line that found them goes where it has the words."""
    named = client.query(load("datasets_of_search"), parameters={"words": words}).result_rows
    if not named:
        return 0
    # The same without the line comes first: cut short, the dataset is there.
    client.command(load("forget_search"), parameters={"words": words})
    # Names are letters, digits and what separates them (datasets.py), so nothing of a line is in the mutation's text.
    names = ", ".join(f"'{name}'" for (name,) in named)
    _delete_from(client, "dataset_rows", f"run_id = '' AND query != '' AND name IN ({names})")
    # A merge may have put the new line in the old one's place before the deletion came to it.
    return len(named)


def _erase_strays(client: Client, subject: Subject, digest: str, form: Form) -> int:
    """Log records outside of any run lie together, everybody's: of these only the subject's own go, and their texts."""
    # By hash: the text of a mutation stays on disk for a while.
    whose = f"run_id IN ({_NO_RUN}) AND hex(sipHash128({subject.value})) = '{digest}'"
    listing = f"SELECT DISTINCT hex(arrayJoin(piece_hashes)) FROM log_rows WHERE {whose}"  # noqa: S608 - no values in it
    pieces = {str(piece) for (piece,) in client.query(listing).result_rows}
    removed = _delete(client, form, "log_rows", whose)
    kept = {str(piece) for (piece,) in client.query(load("stray_pieces")).result_rows} if pieces else set()
    orphans = sorted(pieces - kept)
    for start in range(0, len(orphans), _AT_ONCE):
        some = ", ".join(f"'{piece}'" for piece in orphans[start : start + _AT_ONCE])
        _delete(client, form, "message_rows", f"run_id IN ({_NO_RUN}) AND hex(hash) IN ({some})")
    return removed


def _delete(client: Client, form: Form, table: str, condition: str) -> int:
    return _delete_from(client, table, condition, f"{form.stored(table)}{form.on_cluster}")


def _delete_from(client: Client, table: str, condition: str, target: str = "") -> int:
    """How many rows there were. What is stored on shards is deleted from another table than it is read from."""
    count = int(client.query(f"SELECT count() FROM {table} WHERE {condition}").result_rows[0][0])  # noqa: S608 - no values in it
    if count:
        client.command(f"ALTER TABLE {target or table} DELETE WHERE {condition}{DELETING}")
    return count


def _is_run(run_id: str) -> bool:
    return len(run_id) == 32 and set(run_id) <= _HEX and run_id != "0" * 32


def _wait_until_gone(client: Client, form: Form, wait_s: float) -> bool:
    """Whether no file holds deleted rows any more. Replaced parts stay for a minute unless the table says otherwise."""
    tables = [*(form.stored(table) for table in TABLES), *OF_ALERTS, *OF_PEOPLE]
    # What a merge replaces from now on has been through the deletion already.
    waiting = _parts(client, "replaced_parts", tables, form)
    deadline = time.monotonic() + wait_s
    if waiting and wait_s > 0:
        try:
            for table in tables:
                client.command(hurrying(table, form)[0])
            while waiting and time.monotonic() < deadline:
                time.sleep(0.5)
                waiting &= _parts(client, "replaced_parts", tables, form)
        finally:
            for table in tables:
                client.command(hurrying(table, form)[1])
    detached = _parts(client, "detached_parts", tables, form)
    if detached:
        log.warning("nobody can tell what is in parts that the store has set aside: %s", sorted(detached)[:10])
    return not waiting and not detached


def hurrying(table: str, form: Form) -> tuple[str, str]:
    """The statements by which replaced parts go at once, and by which they stay again."""
    altered = f"ALTER TABLE {table}{form.on_cluster}"
    return f"{altered} MODIFY SETTING old_parts_lifetime = 1", f"{altered} RESET SETTING old_parts_lifetime"


def _parts(client: Client, query: str, tables: Sequence[str], form: Form) -> set[tuple[str, str, str]]:
    """Host, table and name of each part."""
    sql = load(query).replace("{{parts}}", form.system("parts"))
    sql = sql.replace("{{detached_parts}}", form.system("detached_parts"))
    rows = client.query(sql, parameters={"tables": list(tables), "database": client.database}).result_rows
    return {(str(host), str(table), str(name)) for host, table, name in rows}
