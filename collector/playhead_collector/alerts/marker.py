"""Says something of alerts: to the collector that has the store open, whose port only reads, or else to the store."""

from __future__ import annotations

import getpass
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from clickhouse_connect.driver.client import Client

from playhead_collector.alerts.marks import Kind, say_mark
from playhead_collector.errors import StoreError
from playhead_collector.running import Running, running
from playhead_collector.store.address import DEFAULT_PROJECT, Address, Embedded

Ask = Callable[[Callable[[Client], str]], str]
"""Asks a store that is read otherwise, too."""


@dataclass(frozen=True, slots=True)
class Marker:
    """Of one store and one project of it."""

    address: Address
    project: str = DEFAULT_PROJECT
    admin_token: str | None = None

    def mark(self, ask: Ask, kind: Kind, said: Mapping[str, object]) -> str:
        """Says it; returns the name by which it can be taken back."""
        found = running(self.address.path) if isinstance(self.address, Embedded) else None
        if found is not None and found.http:
            return self._ask_collector(found, {"kind": kind.value, "project": self.project, **said})
        return ask(lambda client: say_mark(client, kind, **said))  # type: ignore[arg-type]

    def _ask_collector(self, found: Running, told: Mapping[str, object]) -> str:
        token = {"Authorization": f"Bearer {self.admin_token}"} if self.admin_token else {}
        headers = {"Content-Type": "application/json", **token}
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


def this_user() -> str:
    """Who says so, where nobody is named."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "somebody"
