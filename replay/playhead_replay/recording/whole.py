"""Whether a recording is as it was written: a record that is gone, or that stands there twice, is told before anything
is executed. Every lane counts its effects, and the last record says how many there were.

What a record says cannot be checked here (secrets were taken out of it after it was counted): a changed answer shows
where it is used.
"""

from __future__ import annotations

from collections.abc import Iterable

from playhead.lanes.sink import NOT_COUNTED, Record


def damage(records: Iterable[Record]) -> str | None:
    """What is missing or too much; None where nothing is."""
    effects: dict[tuple[str, str], int] = {}
    answered: set[tuple[str, str, int]] = set()
    count, said = 0, None
    for record in records:
        match record:
            case ["f" | "b", _, str(lane), str(kind), _, int(number), *_]:
                expected = effects.get((lane, kind), 0)
                effects[lane, kind] = expected + 1
                if number != expected:
                    word = "is missing" if number > expected else "is there twice"
                    return f"{kind} #{min(number, expected)} of lane {lane} {word} in the recording"
            case ["c", str(lane), str(kind), int(number), *_]:
                if (lane, kind, number) in answered:
                    return f"the answer to {kind} #{number} of lane {lane} is there twice in the recording"
                answered.add((lane, kind, number))
            case ["z", int(total), *_]:
                said = total
        if record[0] not in NOT_COUNTED:
            count += 1
    if said is not None and said != count:
        return f"the recording has {count} records, and had {said} when it was written"
    return None
