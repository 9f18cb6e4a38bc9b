"""Serving what `record="wire"` kept: effects and when they ended, but no timers, no locks and no turns.

What was not recorded is given its place by the clock of the recording: a timer fires before an answer that came after
it was due. Where two things came close together the recorded course may have been another: what is told here is counted
in `guessed`, and the certificate says so. A divergence is still a divergence.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playhead.lanes.discipline import Discipline
from playhead.lanes.pending import Outcome, Pending
from playhead.lanes.serving import Delivery, Serving

# What wire recordings do not hold: waits that the agent's own process ends.
UNRECORDED = frozenset({"timer", "sleep", "lock", "join", "rejoin", "client close"})
CLOCKS = frozenset({"loop.time", "deadline"})
SPINS = 64


class WireServing(Serving):
    now_ns = 0
    guessed = 0

    def value(self, lane: str, kind: str, fingerprint: str, occurrence: int, compute: Callable[[], Any]) -> Outcome:
        if kind in CLOCKS:
            return ["=", self.now_ns / 1e9]
        return super().value(lane, kind, fingerprint, occurrence, compute)

    def expect(self, pending: Pending) -> None:
        self.now_ns = self.now_ns or self.header.get("monotonic_ns", 0)
        if pending.kind in UNRECORDED and pending.due_ns is None and pending.delay is not None:
            # Rounded up: a deadline that is a fraction of a nanosecond away would be waited for over and over.
            pending.due_ns = self.now_ns + int(pending.delay * 1e9) + 1
        super().expect(pending)

    def choose(self, discipline: Discipline, turns: int | None) -> Pending | None:
        if turns is not None and (turns % SPINS or discipline.crowded):
            return None
        chosen = self._soonest(discipline, turns is not None)
        if chosen is None and turns is None and discipline.all_blocked():
            return super().choose(discipline, turns)  # says what is missing, or that the recording has ended
        return chosen

    def _soonest(self, discipline: Discipline, spinning: bool) -> Pending | None:
        timer: Pending | None = None
        for pending in self._waiting.values():
            due = pending.due_ns
            if due is not None and discipline.deliverable(pending, spinning) and (timer is None or due < _due(timer)):
                timer = pending
        answer = self._next_answer(discipline, spinning)
        if timer is not None and (answer is None or _due(timer) <= answer.time_ns):
            del self._waiting[timer.key]
            self.now_ns = max(self.now_ns, _due(timer))
            timer.outcome = ["=", False] if timer.kind == "lock" else None
            self.told_ns = self.now_ns
            return timer
        if answer is None:
            return None
        self._deliveries.remove(answer)
        self.told_ns = self.now_ns = max(self.now_ns, answer.time_ns)
        pending = self._waiting.pop(answer.key)
        pending.outcome = answer.outcome
        if self.pace is not None:
            self.pace(answer.time_ns)
        return pending

    def _next_answer(self, discipline: Discipline, spinning: bool) -> Delivery | None:
        """The first recorded answer that somebody waits for; one that is passed over was guessed wrong somewhere."""
        for place, delivery in enumerate(self._deliveries):
            if not isinstance(delivery, Delivery):
                continue
            pending = self._waiting.get(delivery.key)
            if pending is not None and discipline.deliverable(pending, spinning):
                self.guessed += place > 0
                return delivery
        return None


def _due(pending: Pending) -> int:
    return pending.due_ns or 0
