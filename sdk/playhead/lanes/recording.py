"""The direction `record`: the world answers, and what it answered is written before the agent is told.

Without a discipline (`record="wire"`) completions are written as they come and delay nothing.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from time import monotonic_ns
from typing import Any

from playhead.lanes.actor import Actor
from playhead.lanes.discipline import Discipline
from playhead.lanes.opening import VERSION
from playhead.lanes.outcome import failed
from playhead.lanes.pending import Outcome, Pending
from playhead.lanes.sharing import Sharing
from playhead.lanes.sink import ListSink, Sink


class Recording:
    serving = False
    sealed = False  # whether nothing may reach the world
    keeps = True  # a recording
    version = VERSION

    def __init__(self, sink: Sink, run: Callable[[], str | None]) -> None:
        self._sink = sink
        self.lost = 0
        self._count = 0
        self._run = run
        self.sharing = Sharing(self.note, run)
        self._arrived: deque[Pending] = deque()
        self.now: Callable[[], int] = monotonic_ns

    def _append(self, record: list[Any]) -> None:
        """A sink does not raise; one that does loses a record, is told of once, and costs the agent nothing."""
        self._count += 1
        try:
            self._sink.append(record)
        except Exception:
            self.lost += 1
            if self.lost == 1:
                logging.getLogger(__name__).exception("a record could not be kept; the recording has a hole")

    def note(self, word: str, *fields: Any) -> None:
        self._append([word, *fields])

    def end(self) -> None:
        """The recording ends because it was asked to, not because the process died."""
        self._append(["z", self._count])

    def leave(self) -> None:
        """In the child of a fork: what comes now is not of the process that this recording is of."""
        self._arrived.clear()
        self._sink = ListSink()

    def value(self, lane: str, kind: str, fingerprint: str, occurrence: int, compute: Callable[[], Any]) -> Outcome:
        # The steps of `computed` and `keep`: there are a dozen of these for one request.
        try:
            outcome = ["=", compute()]
        except Exception as error:
            self.keep(lane, kind, fingerprint, occurrence, failed(error))
            raise  # the live one: a handler of the agent's own may have raised it in the middle of ours
        self._append(["f", self._run(), lane, kind, fingerprint, occurrence, outcome])
        return outcome

    @staticmethod
    def computed(compute: Callable[[], Any]) -> Outcome:
        try:
            return ["=", compute()]
        except Exception as error:  # noqa: BLE001 - recorded, and raised again by whoever asked
            return failed(error)

    def keep(self, lane: str, kind: str, fingerprint: str, occurrence: int, outcome: Outcome) -> None:
        self._append(["f", self._run(), lane, kind, fingerprint, occurrence, outcome])

    def answers(self, pending: Pending) -> bool:
        return False

    def begin(self, pending: Pending, fingerprint: str, detail: Any) -> None:
        self._append(["b", self._run(), pending.lane, pending.kind, fingerprint, pending.occurrence, detail])

    def completed(self, pending: Pending, turns: int | None = None) -> None:
        self._append(["c", pending.lane, pending.kind, pending.occurrence, pending.outcome, self.now(), turns])

    # -- what the discipline asks

    def expect(self, pending: Pending) -> None:
        pass

    def arrive(self, pending: Pending) -> None:
        self._arrived.append(pending)

    def choose(self, discipline: Discipline, turns: int | None) -> Pending | None:
        if not self._arrived:
            return None  # as a rule: who begins to wait looks, too
        passed: list[Pending] = []  # those that cannot be told now keep their place
        chosen: Pending | None = None
        while self._arrived and chosen is None:
            pending = self._arrived.popleft()
            if discipline.deliverable(pending, turns is not None):
                chosen = pending
            elif not pending.withdrawn and not pending.actor.finished:
                passed.append(pending)
        if passed:
            self._arrived.extendleft(reversed(passed))
        if chosen is not None:
            self.completed(chosen, turns)
        return chosen

    def waiting_to_arrive(self, discipline: Discipline) -> bool:
        return any(discipline.deliverable(pending) for pending in self._arrived)

    def forsaken(self) -> list[Pending]:
        """What has arrived and nobody was told of. It is not written: nobody orders it any more, nor will a replay."""
        left = [pending for pending in self._arrived if not pending.withdrawn and not pending.actor.finished]
        self._arrived.clear()
        return left

    def preempted(self, actor: Actor) -> None:
        self._append(["x", actor.home.id, actor.ticks])

    def preempts_here(self, actor: Actor) -> bool:
        return False
