"""Says something of alerts: to the collector that has the store open, whose port only reads, or to the store."""

from __future__ import annotations

import argparse
import getpass
import json
import urllib.error
import urllib.request
from collections.abc import Mapping

from playhead_collector.alerts.marks import Kind, say_mark
from playhead_collector.commands.common import project_of, settings_of, source_of
from playhead_collector.config import from_file
from playhead_collector.errors import StoreError
from playhead_collector.running import Running, running
from playhead_collector.store.address import DEFAULT_PROJECT, Embedded


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--note", default="", help="why, for the others")
    parser.add_argument("--by", default="", help="who says so; default: this user")
    parser.add_argument("--admin-token", help="the collector's admin token, where it has tokens (PLAYHEAD_ADMIN_TOKEN)")


def mark(arguments: argparse.Namespace, kind: Kind, **said: object) -> str:
    """Says it; returns the name by which it can be taken back."""
    said = {"by": arguments.by or _user(), "note": arguments.note, **said}
    settings = settings_of(arguments)
    address = settings.address
    found = running(address.path) if isinstance(address, Embedded) else None
    if found is not None and found.http:
        token = from_file(arguments.admin_token)[0] if arguments.admin_token else settings.admin_token
        told = {"kind": kind.value, "project": project_of(arguments) or DEFAULT_PROJECT, **said}
        return _ask_collector(found, token, told)
    with source_of(arguments) as source:
        return say_mark(source.client, kind, **said)  # type: ignore[arg-type]


def _ask_collector(found: Running, token: str, told: Mapping[str, object]) -> str:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    request = urllib.request.Request(  # noqa: S310 - our own address
        f"{found.http_url}/admin/alerts/mark", json.dumps(told).encode(), headers
    )
    try:
        with found.opener().open(request, timeout=60) as response:
            return str(json.load(response)["mark_id"])
    except urllib.error.HTTPError as error:
        with error:
            said = error.read().decode("utf-8", "replace")[:500]
        raise StoreError(f"the collector did not take this (HTTP {error.code}): {said}") from None
    except OSError as error:
        raise StoreError(f"the collector (process {found.pid}) does not answer: {error}") from None


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "somebody"
