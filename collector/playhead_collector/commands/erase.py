"""`playhead erase`: removes all that is stored of a user, a session or a run."""

from __future__ import annotations

import argparse
import json
import os
import sys
import urllib.error
import urllib.request
from typing import Any

from playhead.errors import UsageError
from playhead_collector.commands.common import add_json_argument, project_of, say, store_address, write_json
from playhead_collector.config import Settings
from playhead_collector.errors import StoreError, StoreUnavailable
from playhead_collector.spool.drain import Drain
from playhead_collector.spool.spool import Spool
from playhead_collector.store.address import Embedded, parse_address
from playhead_collector.store.engine import presence
from playhead_collector.store.erase import Subject
from playhead_collector.store.store import Store


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "Removes the whole runs concerned, from every table and from the spool, and waits until no file on disk "
        "holds them. "
        "What arrives later of a run, session or user that was erased is dropped."
    )
    add_json_argument(parser)
    parser.add_argument("--store", metavar="URL", help="which store (PLAYHEAD_STORE)")
    parser.add_argument("--project", help="which project; default 'default' (PLAYHEAD_PROJECT)")
    parser.add_argument("--token", help="the collector's admin token (PLAYHEAD_ADMIN_TOKEN)")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    subject = parser.add_mutually_exclusive_group(required=True)
    for one in Subject:
        subject.add_argument(f"--{one.value}", metavar=one.value.upper(), help=f"the {one.value}'s id, whole")


def run(arguments: argparse.Namespace) -> int:
    subject = next(one for one in Subject if getattr(arguments, one.value) is not None)
    value = str(getattr(arguments, subject.value))
    if subject is Subject.RUN:
        value = value.lower()
        if len(value) != 32:
            raise UsageError("--run takes the whole id, 32 hex digits; 'playhead runs --json' shows it")
    if not arguments.yes and sys.stdin.isatty():
        answer = input(f"erase all that is stored of {subject.value} {value!r}? This cannot be undone. [y/N] ")
        if answer.strip().lower() not in ("y", "yes"):
            say("nothing was erased")
            return 1
    address = parse_address(store_address(arguments))
    running = presence(address.path) if isinstance(address, Embedded) else None
    if running is not None and running.get("http"):
        result = _ask_collector(running, subject, value, arguments)
    else:
        result = _directly(arguments, subject, value)
    if arguments.json:
        write_json([result])
    else:
        rows = ", ".join(f"{count} {table.removesuffix('_rows')}" for table, count in result["rows"].items() if count)
        say(f"{result['runs']} runs erased ({rows or 'nothing was stored'}; {result['bytes']} bytes of text)")
        if not result["clean"]:
            say("replaced files still lie on disk; the store removes them within minutes")
    return 0 if result["clean"] else 1


def _directly(arguments: argparse.Namespace, subject: Subject, value: str) -> dict[str, Any]:
    """What a collector that is not running would still have to store may be of the erased: it is stored first."""
    settings = Settings(store=store_address(arguments))
    address = settings.address
    if isinstance(address, Embedded) and not address.path.exists():
        raise StoreUnavailable(f"there is no store at {address.path}; name the one to erase from with --store")
    store = Store(address)
    store.open()
    try:
        if settings.spool_folder.exists():
            spool = Spool(settings.spool_folder)
            Drain(spool, store).drain_now()
        erased = store.erase(project_of(arguments), subject, value)
    finally:
        store.close()
    return {"runs": erased.runs, "rows": erased.rows, "bytes": erased.bytes, "clean": erased.clean}


def _ask_collector(
    running: dict[str, Any], subject: Subject, value: str, arguments: argparse.Namespace
) -> dict[str, Any]:
    scheme = "https" if running.get("tls") else "http"
    url = f"{scheme}://{running['host']}:{running['http']}/admin/erase"
    body = json.dumps({"subject": subject.value, "value": value, "project": project_of(arguments)}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 - our own address
    token = arguments.token or os.environ.get("PLAYHEAD_ADMIN_TOKEN")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=600) as response:
            return dict(json.load(response))
    except urllib.error.HTTPError as error:
        with error:
            said = error.read().decode("utf-8", "replace")[:500]
        raise StoreError(f"the collector did not erase (HTTP {error.code}): {said}") from None
    except OSError as error:
        raise StoreError(f"the collector (process {running.get('pid')}) does not answer: {error}") from None
