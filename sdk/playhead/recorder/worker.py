"""The thread that ships the journal, and nothing else. It is a daemon: an agent's exit never waits longer than it says.

It starts with `init`, polls quickly at first (a new user is watching) and slower then. Its own HTTP is not
the agent's, so nothing of it is recorded: see `is_internal`.
"""

from __future__ import annotations

import codecs
import contextlib
import logging
import os
import threading
import time
from typing import TYPE_CHECKING

from playhead.journal.journal import Journal

if TYPE_CHECKING:
    from playhead.journal.shipper import Shipper
    from playhead.recorder.recorder import Settings

log = logging.getLogger("playhead")

_FIRST_DELAY_S = 0.2
_DELAY_S = 1.0
_FIRST_MINUTE_S = 60.0
_CHILDREN_S = 5.0
_LAST_LOOKS = 5

_internal = threading.local()

# A fork in the middle of an import would leave the child with half a module for ever, so it waits for these few.
_importing = threading.Lock()
os.register_at_fork(before=_importing.acquire, after_in_parent=_importing.release, after_in_child=_importing.release)


def is_internal() -> bool:
    """Whether this thread is Playhead's own."""
    return bool(getattr(_internal, "yes", False))


class Worker:
    def __init__(self, settings: Settings, journal: Journal) -> None:
        self._settings = settings
        self._journal = journal
        self._thread: threading.Thread | None = None
        self._condition = threading.Condition()
        self._stop = False
        self._give_up = False
        self._asked = 0
        self._answered = 0
        self.children = False
        """This process has started others: what those leave behind is ours to send."""

    def start(self) -> None:
        """Harmless where nothing is to be sent, or twice."""
        if self._settings.endpoint is None or self._thread is not None:
            return
        self._thread = threading.Thread(target=self._run, name="playhead-shipper", daemon=True)
        with contextlib.suppress(RuntimeError):  # no thread can be started at the interpreter's end
            self._thread.start()

    def flush(self, timeout_s: float) -> bool:
        if self._thread is None or not self._thread.is_alive():
            return self._settings.endpoint is None
        with self._condition:
            self._asked += 1
            asked = self._asked
            self._condition.notify_all()
            return self._condition.wait_for(lambda: self._answered >= asked, timeout_s)

    def finish(self, timeout_s: float) -> bool:
        """Ships what is left, within the time; the journal is closed, and removed if nothing is left."""
        thread = self._thread
        whole = self._settings.endpoint is None
        if thread is not None and thread.is_alive():
            with self._condition:
                self._stop = True
                self._condition.notify_all()
            thread.join(timeout_s)
            if thread.is_alive():
                self._give_up = True
                with self._condition:
                    self._condition.notify_all()
                thread.join(0.5)
            whole = not thread.is_alive() and self._answered >= self._asked and not self._give_up
        return whole

    def _run(self) -> None:
        _internal.yes = True
        try:
            self._ship()
        except Exception:
            log.warning("playhead: shipping stopped; the journal is kept and shipped later", exc_info=True)

    def _ship(self) -> None:
        # Protobuf, ssl and http are imported here, beside the agent's start and not in it.
        with _importing:
            from playhead.journal.folder import leftovers
            from playhead.journal.sender import Sender
            from playhead.journal.shipper import Shipper, ship_leftovers

            # Name look-ups import this one when they first need it; a child forked meanwhile could look up no name.
            codecs.lookup("idna")

        assert self._settings.endpoint is not None
        began = time.monotonic()
        shipper: Shipper | None = None
        left = leftovers(self._settings.journal)
        look_again = began + _CHILDREN_S
        with contextlib.closing(Sender(self._settings.endpoint)) as sender:
            while True:
                with self._condition:
                    stopping = self._stop
                    asked = self._asked
                if shipper is None and self._journal.folder is not None:
                    shipper = Shipper(self._journal.folder.path, sender, self._wait, self._journal.freed)
                if shipper is None and self._journal.in_memory:
                    path = self._settings.journal / self._journal.process_id
                    shipper = Shipper(path, sender, self._wait, head=self._journal.head)
                whole = True
                if shipper is not None:
                    memory = self._journal.take_from_memory()
                    whole = shipper.ship_new() and (not memory or shipper.ship_lines(memory))
                    if whole and not stopping:
                        shipper.ship_open(time.time_ns())
                if whole:
                    with self._condition:
                        self._answered = max(self._answered, asked)
                        self._condition.notify_all()
                if stopping:
                    if whole:
                        self._end(shipper)
                    if whole and self.children:
                        ship_leftovers(leftovers(self._settings.journal), sender, self._wait)
                    return
                # One journal of a process that is gone between two looks at our own, which comes first.
                folder = next(left, None) if whole else None
                if folder is not None:
                    ship_leftovers(iter([folder]), sender, self._wait)
                    continue
                if self.children and time.monotonic() > look_again:
                    left = leftovers(self._settings.journal)
                    look_again = time.monotonic() + _CHILDREN_S
                young = time.monotonic() - began < _FIRST_MINUTE_S
                self._pause(_FIRST_DELAY_S if young else _DELAY_S)

    def _end(self, shipper: Shipper | None) -> None:
        """All was acknowledged, so the journal can go, unless a thread has just written more, or steps are open.

        Then it stays, and what comes after is sent with it by the next process.
        """
        if shipper is None or shipper.has_open or shipper.done.refused:
            return
        for _ in range(_LAST_LOOKS):
            folder = self._journal.close_at(shipper.place)
            if folder is not None:
                folder.remove()
                return
            if not shipper.ship_new() or shipper.has_open:
                return

    def _pause(self, seconds: float) -> None:
        with self._condition:
            if not self._stop and self._answered >= self._asked:
                self._condition.wait(seconds)

    def _wait(self, seconds: float) -> bool:
        """Between two attempts. When stopping, there is no time for a second one."""
        with self._condition:
            if not self._stop:
                self._condition.wait(seconds)
            return not (self._stop or self._give_up)
