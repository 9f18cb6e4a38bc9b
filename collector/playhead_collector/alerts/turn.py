"""Whose turn it is to ask the rules, where several processes could: one at a time, and another when it dies.

Each says every few seconds that it lives, also while it asks; of those that did lately the one that began first asks.
There is no lock: where one was held up (a stopped machine) two may ask for a while. So who is about to write down what
it found says that it lives, looks whose turn it is, and lets go of it all where that is another's. What is left is the
moment between looking and writing.

An embedded store that nobody else may write to always has its turn; it only writes down how far it got.
"""

from __future__ import annotations

import os
import secrets
import socket
from datetime import UTC, datetime, timedelta

from clickhouse_connect.driver.client import Client

from playhead_collector.store.query import load

ALIVE_EVERY = timedelta(seconds=2)
DEAD_AFTER = timedelta(seconds=10)
# Written down so often where nobody waits for it: after a restart runs of so long are judged again, to no effect.
_ALONE_EVERY = timedelta(seconds=30)
_LAST = datetime(2100, 1, 1, tzinfo=UTC)
_COLUMNS = ("holder", "began_at", "alive_at", "judged_until")


class Turn:
    """One process's place in the line."""

    def __init__(self, client: Client, *, alone: bool) -> None:
        self._client = client
        self._alone = alone
        self.holder = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
        self._began_at: datetime | None = None
        self._written_at: datetime | None = None
        self._written = 0
        self.mine = alone

    def is_mine(self, now: datetime, judged_until: int | None) -> bool:
        """Says that this one lives, and how far it got, if it is time to; returns whether it is its turn."""
        if self._say(now, judged_until) and not self._alone:
            self.mine = self._first(now) == self.holder
        return self.mine

    def is_still_mine(self, now: datetime, judged_until: int | None) -> bool:
        """The same, right before something is written: looked up, and not remembered."""
        if not self._alone:
            self._say(now, judged_until)
            self.mine = self._first(now) == self.holder
        return self.mine

    def _say(self, now: datetime, judged_until: int | None) -> bool:
        """Returns whether it was time to."""
        if self._began_at is None or self._was_held_up(now):
            # What it knows is old, and another may ask by now: it is last in the line, and begins anew in its turn.
            self._began_at = now
        due = self._written_at is None or now - self._written_at >= (_ALONE_EVERY if self._alone else ALIVE_EVERY)
        if not due or (self._alone and judged_until in (None, self._written)):
            return False
        if judged_until is not None or not self._alone:
            self._write(self._began_at, now, judged_until)
            self._written_at = now
        return True

    def _was_held_up(self, now: datetime) -> bool:
        return not self._alone and self._written_at is not None and now - self._written_at >= DEAD_AFTER

    def judged_until(self) -> int | None:
        """How far anybody got, in microseconds; None where nobody ever asked."""
        return max((int(judged) for *_, judged in self._rows() if judged), default=None)

    def leave(self, now: datetime, judged_until: int | None) -> None:
        """Says goodbye, so that another takes over at once."""
        if self._began_at is not None:
            # Last in the line, for the seconds in which it still counts as living.
            self._write(_LAST, now, judged_until)

    def _write(self, began_at: datetime, now: datetime, judged_until: int | None) -> None:
        # One that has judged nothing yet must not say that all is judged: 0. Never less than it said before, as this
        # row takes the place of that one: the next process would begin an hour back, and never judge older runs.
        judged = max(self._written, judged_until or 0)
        self._client.insert("alert_evaluators", [[self.holder, began_at, now, judged]], column_names=_COLUMNS)
        self._written = judged

    def _first(self, now: datetime) -> str | None:
        return next((str(holder) for holder, _, alive, _ in self._rows() if now - _utc(alive) < DEAD_AFTER), None)

    def _rows(self) -> list[tuple[str, datetime, datetime, int]]:
        return [(row[0], row[1], row[2], row[3]) for row in self._client.query(load("alert_evaluators")).result_rows]


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
