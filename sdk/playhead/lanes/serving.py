"""The direction `serve`: the recording answers, in the recorded order, and nothing else ever does.

An effect is matched by its lane, its kind and its place among the lane's effects of that kind, and its fingerprint must
be the recorded one. Anything else is a divergence at once: never another lane's answer, never the live world.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from playhead.lanes.actor import Actor
from playhead.lanes.discipline import Discipline
from playhead.lanes.divergence import Divergence, RecordingEnded, RunEnded, differences
from playhead.lanes.lane import Lanes
from playhead.lanes.pending import Outcome, Pending
from playhead.lanes.pieces import Pieces
from playhead.lanes.sink import RUN_ENDS, Record

# Of a server (wire/application.py).
ARRIVALS = frozenset({"lifespan", "request", "websocket"})
# Effects of Playhead's own, which nobody asks for where there is no recorder beside the engine.
OWN = frozenset({"run", RUN_ENDS})


class Delivery(NamedTuple):
    key: tuple[str, str, int]
    outcome: Outcome
    time_ns: int
    turns: int | None


def _is_due(recorded: int | None, turns: int | None) -> bool:
    """Below zero (lanes/excerpt.py): after so many turns, or when there is nothing to run."""
    if recorded is None or recorded >= 0:
        return recorded == turns
    return turns is None or turns >= -recorded


# By lane and kind: fingerprints with their outcomes, or with their numbers.
Left = dict[tuple[str, str], list[tuple[str, Outcome]]]
Begun = dict[tuple[str, str], list[tuple[str, int]]]


class Serving:
    serving = True
    sealed = True
    keeps = False

    def __init__(self, records: Iterable[Record], on_failure: Callable[[BaseException], None] | None = None) -> None:
        self.header: dict[str, Any] = {}
        self.pieces = Pieces()
        self.complete = False  # the recording has its end record
        self.given_up: str | None = None  # why its order ends before it does: what comes after is not served
        self.run: str | None = None  # the only one that is of interest, where the records are an excerpt
        self.noticed: list[Record] = []
        self.arrivals: list[tuple[str, str]] = []
        """What came to a server's application: its kind, and the lane in which it was served."""
        self.requests: dict[str, dict[str, Any]] = {}
        """What each request brought, by its lane."""
        self._lanes_of_run = Lanes()
        self._of_run: set[tuple[str, str, int]] = set()
        """What was recorded of that run, and not asked for yet."""
        self._on_failure = on_failure
        self.pace: Callable[[int], None] | None = None
        """Waits until a moment of the recording's clock has come; None: nothing is waited for."""
        self.moved: list[tuple[str, str]] = []
        """Folders of this machine, each with where it was when this was recorded."""
        self.before_failure: list[Callable[[], None]] = []
        self._values: dict[tuple[str, str], list[tuple[str, Outcome]]] = {}
        self._begun: dict[tuple[str, str], list[tuple[str, Any]]] = {}
        self._deliveries: list[Delivery | tuple[str, int]] = []  # (lane, ticks) for a preemption
        self._cursor = 0
        self._waiting: dict[tuple[str, str, int], Pending] = {}
        self._asked = 0
        self._served: dict[tuple[str, str], int] = {}
        self._recorded = 0
        self.told_ns = 0  # when the last delivery came, by the recording's monotonic clock
        for record in records:
            self._read(record)

    @property
    def version(self) -> int:
        """By whose rules this was recorded."""
        return int(self.header["engine"])

    def _read(self, record: Record) -> None:
        if self.given_up is not None:
            return
        match record:
            case ["g", str(why)]:
                self.given_up = why
            case ["f", run, lane, kind, fingerprint, number, outcome]:
                self._owe(outcome[1] if kind == RUN_ENDS else run, (lane, kind, number))
                self._values.setdefault((lane, kind), []).append((fingerprint, outcome))
                self._recorded += kind not in OWN
            case ["b", run, lane, kind, fingerprint, number, detail]:
                self._owe(run, (lane, kind, number))
                self._begun.setdefault((lane, kind), []).append((fingerprint, detail))
                self._recorded += 1
            case ["c", lane, kind, occurrence, outcome, time_ns, turns]:
                self._deliveries.append(Delivery((lane, kind, occurrence), outcome, time_ns, turns))
                if kind in ARRIVALS:
                    self.arrivals.append((kind, lane))
            case ["x", lane, ticks]:
                self._deliveries.append((lane, ticks))
            case ["p", key, text]:
                self.pieces.keep(key, text)
            case ["h", header]:
                self.header = header
            case ["u", *_]:
                self.noticed.append(record)
            case ["z", *_]:
                self.complete = True
            case _:
                self._read_rest(record)

    def _read_rest(self, record: Record) -> None:
        match record:
            case ["i", _, lane, request]:
                self.requests[lane] = request
            case ["o", str(run), lanes]:
                self.run = run
                self._lanes_of_run = Lanes(lanes)
            case _:
                pass  # lanes: not needed to serve

    def _owe(self, run: object, key: tuple[str, str, int]) -> None:
        if self.run is not None and run == self.run:
            self._of_run.add(key)

    # -- what a hook asks

    def value(self, lane: str, kind: str, fingerprint: str, occurrence: int, compute: Callable[[], Any]) -> Outcome:
        recorded = self._values.get((lane, kind), [])
        if occurrence >= len(recorded):
            self._beyond(lane, kind, fingerprint, None)
        known, outcome = recorded[occurrence]
        if known != fingerprint and known not in self.there(fingerprint):
            self._changed((lane, kind, occurrence), known, fingerprint)
        self._asked += kind not in OWN
        self._served[lane, kind] = occurrence + 1
        self._of_run.discard((lane, kind, occurrence))
        return outcome

    def there(self, fingerprint: str) -> Iterator[str]:
        """A file's name, as it may have been when this was recorded, where its folder is another one now."""
        every = fingerprint
        for here, there in self.moved:
            yield fingerprint.replace(f"{here}/", f"{there}/")
            every = every.replace(f"{here}/", f"{there}/")
        yield every

    def begin(self, pending: Pending, fingerprint: str, detail: Any) -> None:
        recorded = self._begun.get((pending.lane, pending.kind), [])
        if pending.occurrence >= len(recorded):
            self._beyond(pending.lane, pending.kind, fingerprint, detail)
        known, known_detail = recorded[pending.occurrence]
        if known != fingerprint:
            self._changed(pending.key, known, fingerprint, known_detail, detail)
        self._asked += 1
        self._served[pending.lane, pending.kind] = pending.occurrence + 1
        self._of_run.discard(pending.key)

    def note(self, word: str, *fields: Any) -> None:
        pass

    def answers(self, pending: Pending) -> bool:
        return True

    def _beyond(self, lane: str, kind: str, fingerprint: str, detail: Any) -> None:
        if not self.complete and self._cursor >= len(self._deliveries) and not self._lanes_of_run.within(lane):
            self._fail(RecordingEnded(f"the recording was cut off before lane {lane} asked for {kind} {fingerprint}"))
        others = dict.fromkeys(place[0] for place, _ in self._alike(kind, fingerprint) if place[0] != lane)
        nearest = [f"recorded in lane {other}, which is another's" for other in others][:3]
        asked = [f"asked with {detail!r}"[:400]] if detail is not None else []
        self._fail(
            Divergence(
                f"lane {lane} asks for one more {kind} ({fingerprint}) than it did when it was recorded",
                lane=lane,
                kind=kind,
                differences=asked + nearest,
            )
        )

    def _changed(
        self, key: tuple[str, str, int], known: str, fingerprint: str, recorded: Any = None, asked: Any = None
    ) -> None:
        lane, kind, occurrence = key
        if recorded is None and asked is None:
            recorded, asked = known, fingerprint
        places = [
            f"lane {place[0]} asked for exactly this as its {kind} #{index}; it is not served to another"
            for place, index in self._alike(kind, fingerprint)
        ]
        self._fail(
            Divergence(
                f"{kind} #{occurrence} of lane {lane} is not what was recorded",
                lane=lane,
                kind=kind,
                differences=differences(self.pieces.unfold(recorded), self.pieces.unfold(asked)) + places[:2],
            )
        )

    def _alike(self, kind: str, fingerprint: str) -> list[tuple[tuple[str, str], int]]:
        return [
            (place, index)
            for table in (self._begun, self._values)
            for place, entries in table.items()
            if place[1] == kind
            for index, entry in enumerate(entries)
            if entry[0] == fingerprint
        ]

    def told(self, failure: BaseException) -> BaseException:
        """What ends the replay, once whoever waits for that knows of it."""
        for clean in self.before_failure:
            clean()
        if self._on_failure is not None:
            self._on_failure(failure)
        return failure

    def _fail(self, failure: BaseException) -> None:
        failure = self._judged(failure)
        self.told(failure)
        raise failure

    def _judged(self, failure: BaseException) -> BaseException:
        """Of an excerpt: what comes to an end after its run is not of interest, and no run ends before its effects."""
        if self.run is None or self.given_up is not None:
            return failure
        if not self._of_run and not (isinstance(failure, Divergence) and self._lanes_of_run.within(failure.lane)):
            return RunEnded(f"run {self.run} is over")
        if self._of_run and isinstance(failure, RecordingEnded):
            lane, kind, number = min(self._of_run)
            left = f"{len(self._of_run)} effects of run {self.run} were never asked for"
            return Divergence(f"{left}, one of them {kind} #{number} of lane {lane}", lane=lane, kind=kind)
        return failure

    # -- what the discipline asks

    def expect(self, pending: Pending) -> None:
        self._waiting[pending.key] = pending

    def arrive(self, pending: Pending) -> None:
        pass

    def choose(self, discipline: Discipline, turns: int | None) -> Pending | None:
        if self._cursor >= len(self._deliveries):
            if turns is None and discipline.all_blocked():
                why = self.given_up or "nothing more was ever answered"
                self._stop(discipline, RecordingEnded(f"the recording ends here: {why}"))
            return None
        delivery = self._deliveries[self._cursor]
        if not isinstance(delivery, Delivery):
            if turns is None and discipline.all_blocked():
                self._stop(
                    discipline, Divergence(f"lane {delivery[0]} was busy here when it was recorded, and is not now")
                )
            return None
        if not _is_due(delivery.turns, turns):
            late = turns is not None and delivery.turns is not None and turns > delivery.turns
            if late or (turns is None and discipline.all_blocked()):
                self._stop(discipline, self._unasked(delivery))
            return None
        pending = self._waiting.get(delivery.key)
        if pending is None or not discipline.deliverable(pending, turns is not None):
            if turns is None and discipline.all_blocked():
                self._stop(discipline, self._unasked(delivery))
            return None
        del self._waiting[delivery.key]
        self._cursor += 1
        pending.outcome = delivery.outcome
        if self.pace is not None:
            self.pace(delivery.time_ns)
        self.told_ns = delivery.time_ns
        return pending

    def _unasked(self, delivery: Delivery) -> Divergence:
        lane, kind, occurrence = delivery.key
        waiting = [f"waiting now: {pending}" for pending in self._waiting.values() if not pending.withdrawn]
        return Divergence(
            f"{kind} #{occurrence} of lane {lane} was answered here when it was recorded; nobody waits for it now",
            lane=lane,
            kind=kind,
            differences=waiting[:5],
        )

    def _stop(self, discipline: Discipline, failure: BaseException) -> None:
        failure = self._judged(failure)
        self.told(failure)
        discipline.fail(failure)

    def waiting_to_arrive(self, discipline: Discipline) -> bool:
        return False

    def forsaken(self) -> list[Pending]:
        return []

    def preempted(self, actor: Actor) -> None:
        self._cursor += 1

    def preempts_here(self, actor: Actor) -> bool:
        if self._cursor >= len(self._deliveries):
            return False
        delivery = self._deliveries[self._cursor]
        return not isinstance(delivery, Delivery) and delivery == (actor.home.id, actor.ticks)

    # -- for a fork, which leaves the recording here

    def left(self) -> tuple[Left, Begun, list[Delivery | tuple[str, int]]]:
        """What nobody has asked for yet, and what was not delivered."""
        values = {place: known[self._served.get(place, 0) :] for place, known in self._values.items()}
        begun = {
            place: [(known[0], number) for number, known in enumerate(all_of) if number >= self._served.get(place, 0)]
            for place, all_of in self._begun.items()
        }
        return values, begun, self._deliveries[self._cursor :]

    def waiting(self) -> list[Pending]:
        return [pending for pending in self._waiting.values() if not pending.withdrawn]

    # -- afterwards

    def unasked(self) -> int:
        """How many recorded effects the replay never asked for."""
        return self._recorded - self._asked

    def unasked_first(self) -> str:
        """One of them, in words: of the lane that was created first."""
        for table in (self._begun, self._values):
            for (lane, kind), entries in table.items():
                served = self._served.get((lane, kind), 0)
                if served < len(entries):
                    return f"{kind} #{served} of lane {lane} ({entries[served][0]})"
        return ""

    def undelivered(self) -> int:
        return len(self._deliveries) - self._cursor
