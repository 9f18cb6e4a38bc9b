"""What is left of a recording past the point at which a fork leaves it: each answer is given once.

The same is: in the same lane, of the same kind, with the same fingerprint; the next that was not given yet. What comes
of a call afterwards (chunks, a process's output) belongs to that call, whatever number it has in the fork.
"""

from __future__ import annotations

from typing import NamedTuple

from playhead.lanes.pending import Outcome
from playhead.lanes.serving import Delivery, Serving

Key = tuple[str, str, int]
Place = tuple[str, str]  # a lane and a kind


class Answer(NamedTuple):
    place: int
    """In the recorded order."""
    outcome: Outcome


class Answers:
    def __init__(self, served: Serving) -> None:
        values, begun, deliveries = served.left()
        self._values = values
        self._begun = begun
        self._delivered = {
            delivery.key: Answer(place, delivery.outcome)
            for place, delivery in enumerate(deliveries)
            if isinstance(delivery, Delivery)
        }
        self._streams: dict[str, list[Outcome]] = {}
        for (lane, kind, _), answer in self._delivered.items():
            if kind == "chunk":
                self._streams.setdefault(lane, []).append(answer.outcome)

    def value(self, lane: str, kind: str, fingerprint: str) -> Outcome:
        """Of an effect that takes no waiting; None where there is none."""
        left = self._values.get((lane, kind), [])
        for number, (known, outcome) in enumerate(left):
            if known == fingerprint:
                del left[number]
                return outcome
        return None

    def call(self, lane: str, kind: str, fingerprint: str) -> int | None:
        """Which recorded call this is, by its occurrence then; None where none has an answer to its end."""
        left = self._begun.get((lane, kind), [])
        for number, (known, occurrence) in enumerate(left):
            if known == fingerprint and self._is_whole((lane, kind, occurrence)):
                del left[number]
                return occurrence
        return None

    def of(self, key: Key) -> Answer | None:
        """What was delivered under this key; None where nothing was, or it was given."""
        return self._delivered.pop(key, None)

    def _is_whole(self, key: Key) -> bool:
        """A stream that its reader left is no answer to one who may read on."""
        answer = self._delivered.get(key)
        if answer is None or answer.outcome is None:
            return False
        lane, kind, occurrence = key
        if kind != "http" or answer.outcome[0] != "=" or answer.outcome[1][4] is not None:
            return bool(answer.outcome[0] != "?")
        chunks = self._streams.get(f"{lane}#{occurrence}", [])
        last = chunks[-1] if chunks else None
        return last is not None and (last[0] == "!" or last == ["=", None])
