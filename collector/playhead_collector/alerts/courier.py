"""Tells one receiver of what it is owed, in a thread of its own: a receiver that is away keeps no other waiting.

What came of each attempt is written down after it; where several wait, of those of half a second together, as writing
takes longer than telling. What fails is tried again, at growing intervals, for a day. Of one alert a receiver is told
in the order of events.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from time import monotonic

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from playhead.errors import PlayheadError
from playhead_collector.alerts.changed import store_time
from playhead_collector.alerts.journal import Journal, Owed, told_at
from playhead_collector.alerts.receivers.message import Message, Undelivered
from playhead_collector.alerts.rule import Rule
from playhead_collector.alerts.settings import Receiver

log = logging.getLogger(__name__)

PAUSES = (0.5, 1.0, 2.0, 5.0, 15.0, 60.0, 300.0)
GIVEN_UP_AFTER = timedelta(days=1)
# What was told and is not written down yet is told again, under its key, where the process is killed.
TOGETHER, _TOGETHER_S = 20, 0.5


class Courier:
    """Starts with the first thing to tell; stopping is safe before that, and twice."""

    def __init__(
        self,
        name: str,
        receiver: Receiver,
        connect: Callable[[], Client],
        rules: Mapping[str, Rule],
        project: str,
        *,
        told: Callable[[str, str], None] = lambda receiver, outcome: None,
    ) -> None:
        self.name = name
        self._receiver = receiver
        self._connect = connect
        self._rules = rules
        self._project = project
        self._told = told
        self._waiting: deque[Owed] = deque()
        self._known: set[tuple[str, int]] = set()
        self._failed = 0
        self._sent: set[tuple[str, int]] = set()
        self._wake = threading.Condition()
        self._stopping = False
        self._thread: threading.Thread | None = None
        self.trouble: str | None = None
        """Why it is not being told at the moment."""

    @property
    def waiting(self) -> int:
        """How many messages it is owed."""
        return len(self._waiting)

    def tell(self, owed: Owed) -> None:
        """Once, also where it is owed again because a look had to begin anew."""
        with self._wake:
            if _key(owed) in self._known:
                return
            self._known.add(_key(owed))
            self._waiting.append(owed)
            # One that nobody could be told of must not keep this one waiting for as long.
            self._failed = 0
            if self._thread is None and not self._stopping:
                self._thread = threading.Thread(target=self._run, name=f"courier-{self.name}", daemon=True)
                self._thread.start()
            self._wake.notify()

    def drop(self) -> None:
        """Forgets what waits, which another process owes by now: told again, it is as new. What was taken and could not
        be written down yet is not sent a second time all the same.
        """
        with self._wake:
            self._known -= {_key(owed) for owed in self._waiting}
            self._waiting.clear()

    def stop(self, timeout_s: float = 5.0) -> None:
        """What is left is owed, and the next process tells it."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _run(self) -> None:
        client: Client | None = None
        while batch := self._next():
            try:
                client = client or self._connect()
                over = self._attempt(client, batch)
            except Exception as error:
                # Of any kind: it would end the thread, and this receiver would be told no more.
                known = isinstance(error, (ClickHouseError, PlayheadError, OSError))
                log.warning(
                    "receiver %s: what became of a message could not be written down: %s",
                    self.name,
                    error,
                    exc_info=not known,
                )
                over = []
            with self._wake:
                if over:
                    self._failed = 0
                    done = {_key(owed) for owed in over}
                    self._waiting = deque(owed for owed in self._waiting if _key(owed) not in done)
                elif self._waits(batch[0]):
                    self._failed += 1
                    self._put_last(batch[0])
        if client is not None:
            client.close()

    def _next(self) -> list[Owed]:
        """The first of those that wait, when it is time for the first of all; none when stopped."""
        with self._wake:
            while not self._stopping:
                pause = PAUSES[min(self._failed, len(PAUSES)) - 1] if self._failed else None
                self._wake.wait_for(lambda: self._stopping or (not self._failed and bool(self._waiting)), pause)
                if self._waiting and not self._stopping:
                    return list(islice(self._waiting, TOGETHER))
                # What it failed for was dropped meanwhile.
                self._failed = 0
            return []

    def _waits(self, owed: Owed) -> bool:
        with self._wake:
            return any(_key(one) == _key(owed) for one in self._waiting)

    def _put_last(self, failed: Owed) -> None:
        """What one alert's message failed for may be its own; its others stay behind it."""
        own = [owed for owed in self._waiting if owed.alert.alert_id == failed.alert.alert_id]
        others = [owed for owed in self._waiting if owed.alert.alert_id != failed.alert.alert_id]
        own[0] = replace(own[0], attempts=own[0].attempts + 1)
        self._waiting = deque([*others, *own])

    def _attempt(self, client: Client, batch: Sequence[Owed]) -> list[Owed]:
        """Those that are done with: the first, and some that wait behind it. What was taken and not yet written down is
        not sent a second time.
        """
        journal = Journal(client)
        began, taken = monotonic(), list[Owed]()
        for one in batch:
            if taken and (monotonic() - began > _TOGETHER_S or not self._waits(one)):
                break
            try:
                self._send(one)
            except Undelivered as error:
                if not taken:
                    return [one] if self._undelivered(client, journal, one, error) else []
                break
            taken.append(one)
        journal.told(taken, "sent", store_time(client))
        self._sent -= {_key(one) for one in taken}
        return taken

    def _send(self, owed: Owed) -> None:
        if _key(owed) in self._sent:
            return
        try:
            self._receiver.send(Message(owed.alert, owed.event, self._rules.get(owed.alert.rule), self._project))
        except Undelivered:
            raise
        except Exception as error:  # noqa: BLE001 - it would end the thread, and this receiver would be told no more
            # Settings may hold what nobody can send: a header that is not Latin-1, a sender that is no address. What
            # such an error says may hold a secret.
            raise Undelivered(f"it cannot be told with these settings: {type(error).__name__}") from None
        self._sent.add(_key(owed))
        self.trouble = None
        self._told(self.name, "sent")

    def _undelivered(self, client: Client, journal: Journal, owed: Owed, error: Undelivered) -> bool:
        now = store_time(client)
        over = now - told_at(owed.event) > GIVEN_UP_AFTER
        outcome = "given up" if over else "failed"
        self.trouble = str(error)
        log.warning(
            "receiver %s was not told that %s is %s (%s): %s",
            self.name,
            owed.alert.rule,
            owed.alert.state,
            outcome,
            error,
        )
        journal.told([owed], outcome, now, str(error))
        self._told(self.name, outcome)
        return over


def _key(owed: Owed) -> tuple[str, int]:
    return owed.alert.alert_id, owed.event
