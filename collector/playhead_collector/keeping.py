"""Puts requests into a store from a command: through the collector that has it open or, where none has, directly.

Either way what comes twice is stored once, and the runs that were touched are computed anew before it counts as kept.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playhead.errors import UsageError
from playhead_collector.config import Settings
from playhead_collector.receive.check import Checked, Redacting, check
from playhead_collector.receive.signal import Signal
from playhead_collector.redact.projects import redactions_of
from playhead_collector.running import Running, running
from playhead_collector.send import Rejected, post
from playhead_collector.spool.segment import Sealed, new_name
from playhead_collector.store.address import DEFAULT_PROJECT, Embedded
from playhead_collector.store.store import Store

# How long to wait for a collector to store what it took; it has it on disk by then.
_STORED_WITHIN_S = 60.0

Keep = Callable[[Signal, Checked], Rejected]
"""Gives back what was rejected although it was checked: a collector in between may redact, or be of another version."""


@dataclass(frozen=True, slots=True)
class Keeper:
    """Checks requests as a collector does, and keeps what was checked."""

    keep: Keep
    redacting: Redacting | None = None
    """Where no collector is in between, which redacts what it is sent."""

    def check(self, signal: Signal, body: bytes) -> Checked:
        return check(signal, body, redacting=self.redacting)


@contextmanager
def keeping(settings: Settings, project: str | None, token: str | None, say: Callable[[str], None]) -> Iterator[Keeper]:
    """What is kept within the block is stored when it ends."""
    address = settings.address
    found = running(address.path) if isinstance(address, Embedded) else None
    if found is not None and found.http:
        if project not in (None, DEFAULT_PROJECT) and token is None:
            raise UsageError(
                f"the collector that runs puts what it is sent into the project of the token: give one of project "
                f"{project!r} with --token"
            )
        with _through(found, token, say) as keeper:
            yield keeper
        return
    store = Store(address)
    store.open()
    try:
        whose = project or DEFAULT_PROJECT
        with keeping_in(store, whose, redactions_of(settings)(whose)) as keeper:
            yield keeper
    finally:
        store.close()


@contextmanager
def _through(found: Running, token: str | None, say: Callable[[str], None]) -> Iterator[Keeper]:
    opener = found.opener()

    def keep(signal: Signal, checked: Checked) -> Rejected:
        return post(found.http_url, signal, checked.body, token, opener=opener)

    yield Keeper(keep)
    sent = time.monotonic()
    while (asked := time.monotonic()) < sent + _STORED_WITHIN_S:
        with opener.open(f"{found.http_url}/readyz", timeout=10) as answer:
            state = json.load(answer)
        # Where the oldest body that waits is younger than our last, ours are stored.
        if not state["spool_bytes"] or state["lag_seconds"] < asked - sent:
            return
        time.sleep(0.05)
    say("the collector has it all on disk and has not stored all of it yet; /readyz says how far it is")


@contextmanager
def keeping_in(store: Store, project: str, redacting: Redacting | None = None) -> Iterator[Keeper]:
    """Into a store that is open here."""
    with tempfile.TemporaryDirectory(prefix="playhead-keep-") as folder:
        number = 0

        def keep(signal: Signal, checked: Checked) -> Rejected:
            nonlocal number
            number += 1
            path = Path(folder) / f"{new_name(number, signal)}.seg"
            path.write_bytes(checked.body)
            store.insert(Sealed(project, path, len(checked.body), checked.runs))
            store.recompute(project, checked.runs)
            path.unlink()
            return Rejected()

        yield Keeper(keep, redacting)
