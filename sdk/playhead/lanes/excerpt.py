"""What of a process's recording one run needs: all up to its end, or the run alone.

A recording belongs to a process. A run out of a server can be executed alone (`slice_of`): its lanes, and what the
process did before anything came to it. Where it shared something with others (a cache, a counter, a worker) that ends
in a divergence, and the process is executed from its start (`up_to`). Who replays decides which comes first. Both say
where they end with an `o` record.
"""

from __future__ import annotations

from collections.abc import Sequence

from playhead.errors import NotServed
from playhead.lanes.lane import Lanes
from playhead.lanes.sink import RUN_ENDS, Record

# What says what came, and not when: it may be written after the end of a run that overlapped with it.
_CONTENT = frozenset({"i", "p", "v"})
_PLACE_OF_LANE = {"f": 2, "b": 2, "c": 1, "x": 1, "l": 1}


def up_to(records: Sequence[Record], run: str) -> list[Record]:
    """The process from its start to the end of the run."""
    lanes, end = _extent(records, run)
    if records[0][1].get("level") == "wire":
        end = len(records)  # no order says what of the others came before that end
    rest = [record for place, record in enumerate(records) if place and (place <= end or record[0] in _CONTENT)]
    return [records[0], ["o", run, sorted(lanes.tops)], *rest]


def slice_of(records: Sequence[Record], run: str) -> list[Record]:
    """The run alone, as if nothing else had come to the process. Raises NotServed where no request started it."""
    if not any(record[:2] == ["i", run] for record in records):
        raise NotServed(f"run {run} was not started by a request, so its process has to be executed again up to it")
    lanes, end = _extent(records, run)
    before = next(place for place, record in enumerate(records) if record[:3:2] == ["c", "request"])
    kept: list[Record] = [records[0], ["o", run, sorted(lanes.tops)]]
    for place, record in enumerate(records):
        if place == 0:
            continue
        if place < before or record[0] in _CONTENT or (record[0] == "g" and place <= end):
            kept.append(record)
        elif place <= end and _holds(lanes, record):
            kept.append(alone(record))
    return kept


def shared_by(records: Sequence[Record], run: str) -> dict[str, int]:
    """What the run shared, and with how many other runs, as far as that was noticed."""
    things: dict[int, tuple[str, set[str]]] = {}
    for record in records:
        match record:
            case ["s", str(user), str(what), _, int(number)]:
                things.setdefault(number, (what, set()))[1].add(user)
    found: dict[str, int] = {}
    for what, users in things.values():
        if run in users:
            found[what] = max(found.get(what, 0), len(users) - 1)
    return found


def _extent(records: Sequence[Record], run: str) -> tuple[Lanes, int]:
    """The lanes of the requests that started the run (none where it began otherwise), and where it ends."""
    lanes = Lanes(record[2] for record in records if record[:2] == ["i", run])
    begun: set[tuple[str, str, int]] = set()
    last = -1
    for place, record in enumerate(records):
        match record:
            case ["b", str(owner), lane, kind, _, number, *_] if owner == run:
                begun.add((lane, kind, number))
            case ["f", str(owner), *_] if owner == run:
                pass
            case ["f", _, _, kind, _, _, ["=", str(ended)]] if kind == RUN_ENDS and ended == run:
                pass
            case ["c", lane, kind, number, *_] if (lane, kind, number) in begun or _stream(lane) in begun:
                pass
            case _ if not _holds(lanes, record):
                continue
            case _:
                pass
        last = place
    if last < 0:
        raise NotServed(f"this recording holds nothing of run {run}; look at the run that it is of: playhead runs")
    return lanes, last


def _stream(lane: str) -> tuple[str, str, int] | None:
    """The exchange whose chunks have this lane."""
    exchange, mark, number = lane.rpartition("#")
    return (exchange, "http", int(number)) if mark and number.isdigit() else None


def _holds(lanes: Lanes, record: Record) -> bool:
    place = _PLACE_OF_LANE.get(record[0])
    if place is None:
        return False
    if record[0] == "l" and len(record) > 4 and lanes.within(record[4]):
        lanes.tops.add(record[1])  # its id is a hash, and does not say whose child it is
    return lanes.within(record[place])


def alone(record: Record) -> Record:
    """Without its neighbours a process comes to rest sooner than it did: a delivery may come before its turn, too."""
    match record:
        case ["c", lane, kind, number, outcome, time_ns, int(turns)]:
            return ["c", lane, kind, number, outcome, time_ns, -turns]
        case _:
            return record
