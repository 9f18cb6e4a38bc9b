"""`playhead erase`: removes all that is stored of a user, a session or a run."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from playhead.errors import UsageError
from playhead.printable import several
from playhead_collector.administer import administer
from playhead_collector.audit.acts import of_subject
from playhead_collector.audit.here import tell_audit
from playhead_collector.commands.common import add_json_argument, project_of, say, settings_of, write_json
from playhead_collector.config import Settings, from_file
from playhead_collector.erasure import erase_everywhere
from playhead_collector.errors import StoreUnavailable
from playhead_collector.known_project import known_project
from playhead_collector.running import running
from playhead_collector.spool.drain import Drain
from playhead_collector.spool.spool import Spool
from playhead_collector.store.address import DEFAULT_PROJECT, Embedded, checked_project
from playhead_collector.store.engine import is_store
from playhead_collector.store.erase import Subject
from playhead_collector.store.store import Store

# What is in the spool is stored first.
_PATIENCE_S = 600


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "Removes the whole runs concerned, from every table and from the spool, and waits until no file on disk "
        "holds them. "
        "What arrives later of a run, session or user that was erased is dropped."
    )
    add_json_argument(parser)
    parser.add_argument("--store", metavar="URL", help="which store (PLAYHEAD_STORE)")
    parser.add_argument("--project", help="which project; default 'default' (PLAYHEAD_PROJECT)")
    parser.add_argument("--config", metavar="FILE", help="the collector's TOML file (PLAYHEAD_CONFIG)")
    parser.add_argument(
        "--token", help="the collector's admin token; @FILE keeps it out of sight (PLAYHEAD_ADMIN_TOKEN)"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")
    subject = parser.add_mutually_exclusive_group(required=True)
    for one in Subject:
        subject.add_argument(f"--{one.value}", metavar=one.value.upper(), help=f"the {one.value}'s id, whole")


def run(arguments: argparse.Namespace) -> int:
    subject = next(one for one in Subject if getattr(arguments, one.value) is not None)
    value = str(getattr(arguments, subject.value))
    if subject is Subject.RUN:
        value = value.lower()
        if len(value) != 32 or set(value) - set("0123456789abcdef"):
            raise UsageError("--run takes the whole id, 32 hex digits; 'playhead runs --json' shows it")
    if not value:
        raise UsageError(f"--{subject.value} is empty: that would be everybody's of whom nobody said who they are")
    if not arguments.yes:
        if not sys.stdin.isatty():
            raise UsageError("nobody is there to be asked: say --yes to erase for good")
        answer = input(f"erase all that is stored of {subject.value} {value!r}? This cannot be undone. [y/N] ")
        if answer.strip().lower() not in ("y", "yes"):
            say("nothing was erased")
            return 1
    settings = settings_of(arguments)
    address = settings.address
    project = checked_project(project_of(arguments) or DEFAULT_PROJECT)
    found = running(address.path) if isinstance(address, Embedded) else None
    if found is not None and found.http:
        token = from_file(arguments.token)[0] if arguments.token else settings.admin_token
        told = {"subject": subject.value, "value": value, "project": project}
        result = administer(found, "/admin/erase", told, token, timeout_s=_PATIENCE_S)
    else:
        tell_audit(settings, project, "erase", {"what": of_subject(subject, value)}, synced=True)
        result = _directly(settings, subject, value, project)
    if arguments.json:
        write_json([result])
    else:
        rows = ", ".join(f"{count} {table.removesuffix('_rows')}" for table, count in result["rows"].items() if count)
        say(
            f"{several(result['runs'], 'run')} erased ({rows or 'nothing was stored'}; {result['bytes']} bytes of text)"
        )
        if not result["clean"]:
            say("replaced files still lie on disk; the store removes them within minutes")
    return 0 if result["clean"] else 1


def _directly(settings: Settings, subject: Subject, value: str, project: str) -> dict[str, Any]:
    """What a collector that is not running would still have to store may be of the erased: it is stored first."""
    address = settings.address
    if isinstance(address, Embedded) and not is_store(address.path):
        raise StoreUnavailable(f"there is no store at {address.path}; name the one to erase from with --store")
    store = Store(address)
    store.open()
    try:
        if settings.spool_folder.exists():
            spool = Spool(settings.spool_folder)
            Drain(spool, store).drain_now()
        known_project(project, settings, store)
        erased = erase_everywhere(store, settings.spool_folder, project, subject, value)
    finally:
        store.close()
    return {"runs": erased.runs, "rows": erased.rows, "bytes": erased.bytes, "clean": erased.clean}
