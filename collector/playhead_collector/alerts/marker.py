"""Says something of alerts: to the collector that has the store open, whose port only reads, or else to the store."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from clickhouse_connect.driver.client import Client

from playhead_collector.administer import administer
from playhead_collector.alerts.marks import Kind, say_mark
from playhead_collector.running import running
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
            told = {"kind": kind.value, "project": self.project, **said}
            return str(administer(found, "/admin/alerts/mark", told, self.admin_token)["mark_id"])
        return ask(lambda client: say_mark(client, kind, **said))  # type: ignore[arg-type]


def this_user() -> str:
    """Who says so, where nobody is named."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "somebody"
