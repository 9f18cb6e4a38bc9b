"""Runs that are compared on the screens of diffs: with fixed ids, times and words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from clickhouse_connect.driver.client import Client
from tests.collector.database import folder_of, fresh_database
from tests.collector.dialects.spans import key_values
from tests.collector.facade.port import Port, TokenGate, serving
from tests.tui.told import NOW, Told, call, incomplete, result, running, text

from playhead_collector.facade import ChdbEngine
from playhead_collector.otlp_file import requests_of
from playhead_collector.store.engine import Engine

_SYSTEM = (
    "You are the support agent of a shop. Be brief and kind. A customer may return what was bought within {days} days "
    "of its delivery, and gets the money back. Above 200 EUR a person decides."
)
_ASK = text("user", "The lamp from A-1093 arrived broken. I want my money back.")
_REFUND = {"id": "A-1093", "cents": 4900, "reason": "the lamp arrived broken; the customer wants the money back"}
_ORDER = {"id": "A-1093", "cents": 4900, "days": 21, "items": [{"name": "lamp", "sound": True}]}


def refunded(number: int, minutes: int, *, days: int = 30, version: str = "1.4.1", sound: bool = True) -> Told:
    """It looks the order up, refunds it, and says so; what it looked up beforehand is the same in all runs."""
    told = Told(number, NOW - timedelta(minutes=minutes), version=version)
    root = told.root((0, 12))
    for look in range(3):
        told.tool(root, (0.1 + look, 0.9 + look), "look_up", {"what": ["shop", "hours", "rates"][look]}, {"ok": True})
    said = [text("system", _SYSTEM.format(days=days)), _ASK]
    wants = call("get_order", "c1", id="A-1093")
    told.prompt(root, (3, 5), said, wants, (900, 20))
    order = {**_ORDER, "items": [{"name": "lamp", "sound": sound}]}
    told.tool(root, (5, 5.5), "get_order", {"id": "A-1093"}, order)
    said += [wants, result("c1", order)]
    pays = call("refund", "c2", **_REFUND)
    told.prompt(root, (6, 7), said, pays, (1100, 30))
    told.tool(root, (7, 8), "refund", _REFUND, {"refund_id": "r_81", "status": "done"})
    told.step("case: done", (8, 8), _to("done"), parent=root)
    said += [pays, result("c2", {"refund_id": "r_81", "status": "done"})]
    told.prompt(root, (8, 11), said, text("assistant", "I am sorry. The money is on its way."), (1300, 25))
    return told


def refused(number: int, minutes: int) -> Told:
    """Of a prompt that says 14 days; it tries the refund three times."""
    told = Told(number, NOW - timedelta(minutes=minutes), version="1.4.2")
    root = told.root((0, 31))
    for look in range(3):
        told.tool(root, (0.1 + look, 0.9 + look), "look_up", {"what": ["shop", "hours", "rates"][look]}, {"ok": True})
    said = [text("system", _SYSTEM.format(days=14)), _ASK]
    wants = call("get_order", "c1", id="A-1093")
    told.prompt(root, (3, 5), said, wants, (900, 20))
    told.tool(root, (5, 5.5), "get_order", {"id": "A-1093"}, _ORDER)
    said += [wants, result("c1", _ORDER)]
    pays = call("refund", "c2", **_REFUND)
    for turn in range(3):
        at = 6 + turn * 6
        told.prompt(root, (at, at + 3), said, pays, (1100 + turn * 400, 30))
        told.tool(root, (at + 3, at + 4), "refund", _REFUND, error="PaymentError: window closed")
        said += [pays, result("c2", "PaymentError: window closed")]
    told.step("case: failed", (25, 25), _to("failed"), parent=root)
    told.prompt(root, (25, 30), said, text("assistant", "I am sorry. I could not refund it."), (2600, 25))
    return told


def _to(state: str) -> dict[str, str]:
    return {"playhead.kind": "state", "playhead.transition.machine": "case", "playhead.transition.to": state}


def fork(of: Told, number: int, minutes: int) -> Told:
    """The same run, but for a broken lamp in the order."""
    told = refunded(number, minutes, sound=False)
    said = {"playhead.fork.of": of.run_id, "playhead.fork.at": 6}
    told.spans[0].attributes.extend(key_values(said))
    return told


def long(number: int, steps: int, other: int) -> Told:
    """Of so many steps; `other` is the one that goes another way."""
    told = Told(number, NOW - timedelta(hours=1))
    root = told.root((0, steps))
    for place in range(steps - 1):
        arguments = {"number": place, "way": "other" if place == other else "usual"}
        told.tool(root, (place, place + 0.5), "walk", arguments, {"at": place})
    return told


A, B = refunded(0xA1, 40), refused(0xB1, 30)
FORK = fork(A, 0xF1, 20)
OPEN, CUT = running(0xC1, NOW - timedelta(minutes=2)), incomplete(0xC2, NOW - timedelta(minutes=3))
GROUPS = [
    *(refunded(0x100 + number, 600 + number) for number in range(9)),
    *(refused(0x200 + number, 500 + number) for number in range(7)),
    *(refunded(0x300 + number, 400 + number, days=14, version="1.4.2") for number in range(2)),
]


@contextmanager
def reading(
    engine: Engine,
    folder: Path,
    *told: Told,
    recordings: Iterable[Path] = (),
    tell_more: Callable[[Client], None] | None = None,
) -> Iterator[Port]:
    """A store that holds these runs and those of recordings, and what more is told to it, read through a port."""
    with fresh_database(engine, folder) as database:
        database.insert(b"".join(run.body().SerializeToString() for run in told))
        for signal, body, _ in (one for file in recordings for one in requests_of(file)):
            database.insert(signal.request.FromString(body))
        database.recompute()
        if tell_more is not None:
            tell_more(database.client)
        gate = TokenGate({"token": database.name})
        with serving(ChdbEngine(str(folder_of(engine))), gate=gate) as port:
            yield port
