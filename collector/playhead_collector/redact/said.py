"""How an item says that something of it was hidden: in three attributes, with counts, and never what it was."""

from __future__ import annotations

from collections import Counter
from typing import Any

COUNT, KINDS, PLACES = "playhead.redacted", "playhead.redacted.kinds", "playhead.redacted.places"
# An attribute of 256 bytes would be stored as a payload of its own.
_LONGEST = 200

Found = Counter[tuple[str, str]]
"""How often something of a kind was hidden at a place."""


def say(attributes: Any, found: Found) -> None:
    """Adds to what the attributes say was hidden; a collector in front of this one may have begun it."""
    count, kinds = sum(found.values()), Counter[str]()
    for (kind, _), number in found.items():
        kinds[kind] += number
    places = Counter[str]()
    for (_, place), number in found.items():
        places[place] += number
    for at in reversed(range(len(attributes))):
        attribute = attributes[at]
        if attribute.key in (COUNT, KINDS, PLACES):
            count += max(0, attribute.value.int_value)
            if attribute.key == KINDS:
                kinds.update(counts_of(attribute.value.string_value))
            if attribute.key == PLACES:
                places.update(counts_of(attribute.value.string_value))
            del attributes[at]
    attributes.add(key=COUNT).value.int_value = min(count, 2**63 - 1)
    attributes.add(key=KINDS).value.string_value = _joined(kinds)
    attributes.add(key=PLACES).value.string_value = _joined(places)


def counts_of(joined: str) -> Counter[str]:
    """Back from `card=1 email=2`."""
    pairs = (word.rpartition("=") for word in joined.split(" "))
    return Counter({name: int(number) for name, _, number in pairs if name and number.isdecimal() and len(number) < 10})


def _joined(counts: Counter[str]) -> str:
    words = ""
    for name, number in sorted(counts.items()):
        word = f"{name.replace(' ', '_')}={number}"
        if len(words.encode()) + len(word.encode()) > _LONGEST:
            return f"{words} …"
        words = f"{words} {word}" if words else word
    return words
