"""Reads JSON that others wrote: what has not the expected type is taken as absent, and nothing raises.

Providers add fields, gateways drop them, and a stream can end anywhere, so no reader of a body may index into it.
"""

from __future__ import annotations

import json
from typing import Any

Json = dict[str, Any]
"""An object as `json` decodes it."""


_object_at = json.JSONDecoder().raw_decode


def parsed(data: bytes | str) -> Any:
    """The value that a text spells, or None where it spells none."""
    try:
        # What nearly every piece of a stream is: an object in UTF-8 and nothing around it. `loads` would look for other
        # encodings and for blanks, which costs as much as reading a small object.
        if isinstance(data, bytes) and data.startswith(b'{"'):
            data = data.decode("utf-8", "surrogatepass")
        if isinstance(data, str) and data.startswith('{"'):
            value, end = _object_at(data)
            if end == len(data):
                return value
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def obj(value: Any, key: str) -> Json:
    """The object under a key; empty where there is none."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def entries(value: Any, key: str) -> list[Any]:
    """The list under a key; empty where there is none."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, list) else []


def objects(value: Any, key: str) -> list[Json]:
    """The objects in the list under a key."""
    return [item for item in entries(value, key) if isinstance(item, dict)]


def text(value: Any, *keys: str) -> str | None:
    """The first of some keys that holds a text."""
    if isinstance(value, dict):
        for key in keys:
            found = value.get(key)
            if isinstance(found, str):
                return found
    return None


def number(value: Any, *keys: str) -> int | float | None:
    """The first of some keys that holds a number that is one."""
    if isinstance(value, dict):
        for key in keys:
            found = value.get(key)
            if isinstance(found, (int, float)) and not isinstance(found, bool) and abs(found) < 1 << 63:
                return found
    return None


def count(value: Any, *keys: str) -> int | None:
    """The first of some keys that holds a count: a whole number, not below zero."""
    if isinstance(value, dict):
        for key in keys:
            found = value.get(key)
            if isinstance(found, int) and not isinstance(found, bool) and 0 <= found < 1 << 63:
                return found
    return None


def texts(value: Any, key: str) -> tuple[str, ...]:
    """Texts under a key, which may hold one or a list of them."""
    found = value.get(key) if isinstance(value, dict) else None
    if isinstance(found, str):
        return (found,)
    return tuple(item for item in found if isinstance(item, str)) if isinstance(found, list) else ()


def total(*counts: int | None) -> int | None:
    """The sum of what is known; unknown where nothing is."""
    known = [one for one in counts if one is not None]
    return sum(known) if known else None


def listed(value: Any, key: str) -> list[Any]:
    """What is under a key as a list to be added to; put there where there is none."""
    found = value.get(key)
    if isinstance(found, list):
        return found
    made: list[Any] = []
    value[key] = made
    return made


def append(value: Json, key: str, piece: Any) -> None:
    """Adds a piece of text to the text under a key."""
    if isinstance(piece, str):
        held = value.get(key)
        value[key] = held + piece if isinstance(held, str) else piece
