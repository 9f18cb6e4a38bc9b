"""What differs between two values, as structures: at which path, what before and what after."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import overload

from playhead_collector.read.value import Data, as_text, decoded
from playhead_replay.diff.sequence import matches


@dataclass(frozen=True, slots=True)
class Absent:
    """There is nothing at this path, not even null."""


ABSENT = Absent()


@dataclass(frozen=True, slots=True)
class Difference:
    path: str
    """As one would write it in code: `order.items[2].cents`; empty for the value as a whole."""
    a: Data | Absent
    b: Data | Absent


# Deeper, values are compared whole.
_DEEPEST = 60


def diff_values(a: Data | Absent, b: Data | Absent) -> tuple[Difference, ...]:
    """None where they are equal. JSON in a text is compared as what it says."""
    return tuple(_differences("", a, b, 0))


def canonical(value: Data) -> str:
    """One text for equal values, in whatever order or as whatever JSON they were sent."""
    plain = _sorted(value, 0)
    # A mark, so that a text is not mistaken for what it holds, or nothing for an empty text.
    return f'"{plain}' if isinstance(plain, str) else f"={as_text(plain)}"


def _sorted(value: Data, depth: int) -> Data:
    value = decoded(value)
    if depth > _DEEPEST:
        return as_text(value)
    if isinstance(value, dict):
        return {key: _sorted(value[key], depth + 1) for key in sorted(value)}
    if isinstance(value, list):
        return [_sorted(item, depth + 1) for item in value]
    return value


def _differences(path: str, a: Data | Absent, b: Data | Absent, depth: int) -> Iterator[Difference]:
    a, b = _plain(a), _plain(b)
    if depth <= _DEEPEST and isinstance(a, dict) and isinstance(b, dict):
        for key in [*a, *(key for key in b if key not in a)]:
            yield from _differences(_at_key(path, key), a.get(key, ABSENT), b.get(key, ABSENT), depth + 1)
    elif depth <= _DEEPEST and isinstance(a, list) and isinstance(b, list):
        yield from _of_lists(path, a, b, depth)
    elif not _equal(a, b):
        yield Difference(path, a, b)


def unwrapped(value: Data) -> Data:
    """A value without the wrapping that our own encoding gives to an object of a class."""
    value = _plain(value)
    if isinstance(value, dict):
        return {key: unwrapped(item) for key, item in value.items()}
    return [unwrapped(item) for item in value] if isinstance(value, list) else value


@overload
def _plain(value: Data) -> Data: ...
@overload
def _plain(value: Data | Absent) -> Data | Absent: ...
def _plain(value: Data | Absent) -> Data | Absent:
    """Decoded, and unwrapped at its top."""
    if isinstance(value, Absent):
        return value
    value = decoded(value)
    if isinstance(value, dict) and isinstance(fields := value.get("fields"), dict) and set(value) == _WRAPPED:
        return fields
    return value


_WRAPPED = {"$dataclass", "fields"}


def _equal(a: Data | Absent, b: Data | Absent) -> bool:
    """True is not 1; that a number is 1 here and 1.0 there is no difference to anybody."""
    if isinstance(a, float) and isinstance(b, float) and math.isnan(a) and math.isnan(b):
        return True
    return isinstance(a, bool) == isinstance(b, bool) and a == b


def _of_lists(path: str, a: list[Data], b: list[Data], depth: int) -> Iterator[Difference]:
    """Equal items keep each other; between them, items are compared in their order, and what is left over is named."""
    i = j = 0
    same = matches([canonical(item) for item in a], [canonical(item) for item in b])
    for next_i, next_j in [*same, (len(a), len(b))]:
        while i < next_i and j < next_j:
            yield from _differences(f"{path}[{i}]", a[i], b[j], depth + 1)
            i, j = i + 1, j + 1
        for left in range(i, next_i):
            yield Difference(f"{path}[{left}]", a[left], ABSENT)
        for more in range(j, next_j):
            yield Difference(f"{path}[{more}]", ABSENT, b[more])
        i, j = next_i + 1, next_j + 1


def _at_key(path: str, key: str) -> str:
    if key.isidentifier():
        return f"{path}.{key}" if path else key
    return f"{path}[{key!r}]"
