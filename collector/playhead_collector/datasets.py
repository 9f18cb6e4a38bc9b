"""Datasets: named lists of runs that a search made, fixed from then on, kept in the store so that a team shares them.

A list never changes by itself: runs that arrive later are not in it, and a run that was erased or has passed its
retention stays listed and is said to be gone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from clickhouse_connect.driver.client import Client

from playhead.errors import UsageError
from playhead_collector.administer import administer
from playhead_collector.alerts.changed import store_time
from playhead_collector.running import running
from playhead_collector.store.address import DEFAULT_PROJECT, Address, Embedded
from playhead_collector.store.query import load

MOST_RUNS = 100_000
_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,99}")
_COLUMNS = ("name", "run_id", "query", "by", "at", "removed", "version")


@dataclass(frozen=True, slots=True)
class Dataset:
    name: str
    query: str
    """The line that found its runs; empty where they were added by hand."""
    by: str
    at: datetime
    runs: int
    present: int
    """How many of them are in the store."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A run of a dataset."""

    run_id: str
    added: datetime
    state: Literal["here", "erased", "gone"]
    """`gone` is past its retention, or was never here."""


def datasets(client: Client) -> list[Dataset]:
    rows = client.query(load("datasets")).result_rows
    return [Dataset(name, query, by, _utc(at), runs, present) for name, query, by, at, runs, present in rows]


def dataset(client: Client, name: str) -> Dataset:
    """Raises UsageError where there is none of this name."""
    there = datasets(client)
    found = next((one for one in there if one.name == name), None)
    if found is None:
        named = ", ".join(one.name for one in there[:10])
        hint = f"there are {named}" if named else f"make one: playhead dataset create {name} 'agent:support since:2d'"
        raise UsageError(f"no dataset is called {name!r}; {hint}")
    return found


def runs_of(client: Client, name: str) -> list[Listed]:
    """Those that are here first, the latest of them first."""
    return [
        Listed(run, _utc(added), "here" if present else "erased" if was_erased else "gone")
        for run, added, present, was_erased in client.query(load("dataset_runs"), parameters={"name": name}).result_rows
    ]


def present_runs(client: Client, name: str, say: Callable[[str], None]) -> list[str]:
    """The runs of a dataset that are here; of the others is said how many there are, and why."""
    dataset(client, name)
    listed = runs_of(client, name)
    for state, why in (("erased", "erased"), ("gone", "no longer stored (past their retention)")):
        missing = [one.run_id for one in listed if one.state == state]
        if missing:
            say(
                f"note: {len(missing)} of {len(listed)} runs of {name} are {why}: {', '.join(missing[:3])}"
                + " …" * (len(missing) > 3)
            )
    return [one.run_id for one in listed if one.state == "here"]


@dataclass(frozen=True, slots=True)
class Change:
    """Of one dataset: that it is made, that runs are put in or taken out, or that it is removed."""

    name: str
    by: str
    query: str | None = None
    """With a line, even an empty one, it is made; where it is there already that is refused."""
    add: Sequence[str] = ()
    remove: Sequence[str] = ()
    drop: bool = False


def change(client: Client, wanted: Change) -> None:
    """Raises UsageError where it cannot be."""
    if not _NAME.fullmatch(wanted.name):
        raise UsageError(
            f"{wanted.name!r} is no name of a dataset: letters, digits, '.', '_' and '-', up to 100 of them"
        )
    there = wanted.name in {one.name for one in datasets(client)}
    if wanted.query is not None and there:
        raise UsageError(
            f"there is a dataset {wanted.name!r} already: add runs to it, remove it first, or name another"
        )
    if wanted.query is None and not there:
        dataset(client, wanted.name)
    now = store_time(client)
    listed = {one.run_id for one in runs_of(client, wanted.name)} if there else set[str]()
    if len(listed | set(wanted.add)) > MOST_RUNS:
        raise UsageError(f"a dataset holds up to {MOST_RUNS:,} runs")

    def row(run_id: str, *, removed: bool = False, query: str = "") -> list[Any]:
        return [wanted.name, run_id, query, wanted.by, now, int(removed), int(now.timestamp() * 1e6)]

    rows = [row("", query=wanted.query)] if wanted.query is not None else []
    rows += [row(run_id) for run_id in dict.fromkeys(wanted.add) if run_id not in listed]
    gone = ["", *listed] if wanted.drop else [run_id for run_id in wanted.remove if run_id in listed]
    rows += [row(run_id, removed=True) for run_id in gone]
    if rows:
        client.insert("dataset_rows", rows, column_names=_COLUMNS)


@dataclass(frozen=True, slots=True)
class Curator:
    """Changes the datasets of one store and project: through the collector that has it open, or itself."""

    address: Address
    project: str = DEFAULT_PROJECT
    admin_token: str | None = None

    def change(self, ask: Callable[[Callable[[Client], None]], None], wanted: Change) -> None:
        """`ask` asks a store that is read otherwise, too."""
        found = running(self.address.path) if isinstance(self.address, Embedded) else None
        if found is not None and found.http:
            told = {
                "project": self.project, "name": wanted.name, "by": wanted.by, "query": wanted.query,
                "add": list(wanted.add), "remove": list(wanted.remove), "drop": wanted.drop,
            }  # fmt: skip
            administer(found, "/admin/datasets", told, self.admin_token)
        else:
            ask(lambda client: change(client, wanted))


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
